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

{% macro cube_of_money(amount) -%}
    {#- Exact, as square_of_money(). -#}
    (cast({{ square_of_money(amount) }} as decimal(24, 4)) * cast({{ amount }} as decimal(14, 2)))
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

{% macro sums_from_centre(n, total, squares, cubes) -%}
    {#-
      From exact sums of values, of their squares and their third powers: the same sums of their
      distances from a whole number near the mean, exact too, so that moments from them cancel
      little. distances, distance_squares, distance_cubes.
    -#}
    {%- set centre = 'cast(round(' ~ safe_divide(total, n) ~ ', 0) as decimal(10, 0))' -%}
    {%- set n = 'cast(' ~ n ~ ' as decimal(10, 0))' -%}
    cast({{ total }} - {{ n }} * {{ centre }} as decimal(38, 2)) as distances,
        cast(
            {{ squares }} - 2 * {{ centre }} * {{ total }} + {{ n }} * ({{ centre }} * {{ centre }})
            as decimal(38, 4)
        ) as distance_squares,
        cast(
            {{ cubes }} - 3 * {{ centre }} * {{ squares }}
            + 3 * ({{ centre }} * {{ centre }}) * {{ total }}
            - {{ n }} * (cast({{ centre }} * {{ centre }} as decimal(20, 0)) * {{ centre }})
            as decimal(38, 6)
        ) as distance_cubes
{%- endmacro %}

{% macro skewness_of_sums(n, distances, squares, cubes) -%}
    {#- Fisher's g1 from sums_from_centre(); null below three values or when all are equal. -#}
    {%- set mean = safe_divide(distances, n) -%}
    {%- set variance = '(' ~ safe_divide(squares, n) ~ ' - power(' ~ mean ~ ', 2))' -%}
    case
            when {{ n }} > 2 and {{ variance }} > 1e-12 * {{ safe_divide(squares, n) }}
                then (
                    {{ safe_divide(cubes, n) }} - 3 * {{ mean }} * {{ safe_divide(squares, n) }}
                    + 2 * power({{ mean }}, 3)
                ) / power({{ variance }}, 1.5e0)
        end
{%- endmacro %}
