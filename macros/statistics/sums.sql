{#- Spread from sums that add up over groups, so that rows are read once. -#}

{% macro exact_sum(value, over='', places=18) -%}
    {#-
      Sums of doubles depend on the order of the rows, which threads decide; sums of decimals do
      not. Of the 38 digits, those that are no places stand before the point.
    -#}
    cast(
        sum(cast({{ value }} as decimal(38, {{ places }}))){{ ' over (' ~ over ~ ')' if over }}
        as double
    )
{%- endmacro %}

{% macro square_of_money(amount) -%}
    {#- Exact; the square of 100 million dollars needs more digits than a product of money has. -#}
    (cast({{ amount }} as decimal(20, 2)) * {{ amount }})
{%- endmacro %}

{% macro sd_of_sums(n, total, squares) -%}
    {#-
      Sample standard deviation from the number of values, their sum and the sum of their squares.
      What is below a millionth of a millionth of the squares is rounding, not spread.
    -#}
    {%- set n = 'cast(' ~ n ~ ' as double)' -%}
    {%- set total = 'cast(' ~ total ~ ' as double)' -%}
    {%- set squares = 'cast(' ~ squares ~ ' as double)' -%}
    {%- set spread = '(' ~ squares ~ ' - ' ~ total ~ ' * ' ~ total ~ ' / ' ~ n ~ ')' -%}
    case
        when {{ n }} > 1 and {{ spread }} <= 1e-12 * {{ squares }} then 0e0
        when {{ n }} > 1 then sqrt({{ spread }} / ({{ n }} - 1))
    end
{%- endmacro %}

{% macro mean_columns(name, n, total, squares, of_doubles=false) -%}
    {#-
      The mean with its 95 % t interval: name, name_low, name_high. Sums of doubles depend on the
      order of the rows and are rounded as order_free() does; sums of whole numbers and decimals
      are exact.
    -#}
    {%- set mean = safe_divide(total, n) -%}
    {%- set sd = sd_of_sums(n, total, squares) -%}
    {%- set bounds = {
        '': mean, '_low': mean_low(mean, sd, n), '_high': mean_high(mean, sd, n)
    } -%}
    {%- for suffix, bound in bounds.items() %}
    {{ order_free(bound) if of_doubles else bound }} as {{ name }}{{ suffix }}{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
