{#- Chi-square statistics of tables of counts, as aggregates. Arguments are SQL expressions. -#}

{% macro chi_square_of_cells(observed, row_total, column_total, total) -%}
    {#- Over the cells of a table of any size, empty cells included. -#}
    {%- set expected = safe_divide('cast(' ~ row_total ~ ' as double) * ' ~ column_total, total) -%}
    {{ exact_sum(
        'power(' ~ observed ~ ' - ' ~ expected ~ ', 2) / nullif(' ~ expected ~ ', 0e0)', places=12
    ) }}
{%- endmacro %}

{% macro chi_square_of_proportions(events, n) -%}
    {#- Over groups: whether they have the same proportion. -#}
    {%- set x, all_n = 'cast(sum(' ~ events ~ ') as double)', 'cast(sum(' ~ n ~ ') as double)' -%}
    {%- set share = '(' ~ x ~ ' / nullif(' ~ all_n ~ ', 0e0))' -%}
    (
        {{ exact_sum(
            'cast(' ~ events ~ ' as double) * ' ~ events ~ ' / nullif(' ~ n ~ ', 0)', places=12
        ) }} - {{ x }} * {{ share }}
    ) / nullif({{ share }} * (1 - {{ share }}), 0e0)
{%- endmacro %}

{% macro chi_square_of_equal_counts(n, total, squares) -%}
    {#- From the number of counts, their sum and the sum of their squares. -#}
    case when {{ n }} > 1 then {{ safe_divide('(' ~ n ~ ' * ' ~ squares ~ ' - ' ~ total ~ ' * ' ~ total ~ ')', total) }} end
{%- endmacro %}

{% macro chi_square_trend(events, n, score) -%}
    {#- Over groups in an order: whether proportions rise or fall with a score; one degree of freedom. -#}
    {%- set x, all_n = 'cast(sum(' ~ events ~ ') as double)', 'cast(sum(' ~ n ~ ') as double)' -%}
    {%- set sx = 'cast(sum(' ~ score ~ ' * ' ~ events ~ ') as double)' -%}
    {%- set sn = 'cast(sum(' ~ score ~ ' * ' ~ n ~ ') as double)' -%}
    {%- set ssn = 'cast(sum(' ~ score ~ ' * ' ~ score ~ ' * ' ~ n ~ ') as double)' -%}
    {{ all_n }} * power({{ all_n }} * {{ sx }} - {{ x }} * {{ sn }}, 2) / nullif(
        {{ x }} * ({{ all_n }} - {{ x }}) * ({{ all_n }} * {{ ssn }} - {{ sn }} * {{ sn }}), 0e0
    )
{%- endmacro %}
