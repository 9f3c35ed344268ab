{#- How unevenly something is shared, and what a sum's gap is made of. Arguments are SQL. -#}

{% macro gini(rank_weighted, n, mean) -%}
    {#- Population form, from the sum of each value times its rank from the lowest. -#}
    case
            when {{ n }} > 1
                then 2 * {{ rank_weighted }} / nullif({{ n }} * {{ n }} * {{ mean }}, 0)
                    - ({{ n }} + 1e0) / {{ n }}
        end
{%- endmacro %}

{% macro gini_unbiased(gini, n) -%}
    {#- Reaches 1 when one has everything. -#}
    {{ gini }} * {{ n }} / nullif({{ n }} - 1e0, 0)
{%- endmacro %}

{% macro kitagawa_volume(n, mean_n, overall_mean) -%}
    {#- The part of a sum's gap that its number makes up. -#}
    ({{ n }} - {{ mean_n }}) * {{ overall_mean }}
{%- endmacro %}

{% macro kitagawa_price(n, mean, overall_mean) -%}
    {#- The part that its mean makes up; with kitagawa_volume it is the whole gap. -#}
    {{ n }} * ({{ mean }} - {{ overall_mean }})
{%- endmacro %}
