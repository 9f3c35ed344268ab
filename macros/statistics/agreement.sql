{#- Agreement within groups and consistency of a scale. Arguments are SQL expressions. -#}

{% macro whole_number_variance(value) -%}
    {#- Sample variance of whole numbers as an aggregate: exact sums, so free of the row order. -#}
    {{ variance_of_sums(
        'count(' ~ value ~ ')', 'sum(' ~ value ~ ')', 'sum((' ~ value ~ ') * (' ~ value ~ '))'
    ) }}
{%- endmacro %}

{% macro rwg(mean_item_variance, items, points) -%}
    {#- Agreement of a group on a scale of several items, against answers spread evenly. -#}
    {%- set share = '(' ~ mean_item_variance ~ ' / ' ~ (points * points - 1) / 12 ~ 'e0)' -%}
    case
        when {{ share }} >= 1 then 0e0
        else
            {{ items }} * (1 - {{ share }})
            / ({{ items }} * (1 - {{ share }}) + {{ share }})
    end
{%- endmacro %}

{% macro icc_1(between, within, size) -%}
    {#- The share of variance that lies between groups, from the mean squares of a one-way layout. -#}
    ({{ between }} - {{ within }})
    / nullif({{ between }} + ({{ size }} - 1) * {{ within }}, 0)
{%- endmacro %}

{% macro icc_2(between, within) -%}
    {#- Reliability of the group means. -#}
    ({{ between }} - {{ within }}) / nullif({{ between }}, 0)
{%- endmacro %}

{% macro cronbach_alpha(values) -%}
    {#- Consistency of a scale as an aggregate over complete answers in whole numbers. -#}
    {%- set total = '(' ~ values | join(' + ') ~ ')' -%}
    {{ values | length }}e0 / {{ values | length - 1 }} * (
        1 - (
            {%- for value in values %}
            {{ whole_number_variance(value) }}{{ ' +' if not loop.last }}
            {%- endfor %}
        ) / nullif({{ whole_number_variance(total) }}, 0)
    )
{%- endmacro %}
