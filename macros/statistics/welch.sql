{#- Two means compared without assuming equal variances. Arguments are SQL expressions. -#}

{% macro welch_error(variance1, n1, variance2, n2) -%}
    {#- Standard error of the difference of two means. -#}
    sqrt({{ variance1 }} / nullif({{ n1 }}, 0) + {{ variance2 }} / nullif({{ n2 }}, 0))
{%- endmacro %}

{% macro welch_df(variance1, n1, variance2, n2) -%}
    {#- Welch and Satterthwaite's degrees of freedom, a real number. -#}
    {%- set v1 = '(' ~ variance1 ~ ' / nullif(' ~ n1 ~ ', 0))' -%}
    {%- set v2 = '(' ~ variance2 ~ ' / nullif(' ~ n2 ~ ', 0))' -%}
    power({{ v1 }} + {{ v2 }}, 2) / nullif(
            {{ v1 }} * {{ v1 }} / nullif({{ n1 }} - 1, 0)
            + {{ v2 }} * {{ v2 }} / nullif({{ n2 }} - 1, 0), 0
        )
{%- endmacro %}

{% macro welch_low(difference, error, df) -%}
    {{ difference }} - {{ t_critical_95(df) }} * {{ error }}
{%- endmacro %}

{% macro welch_high(difference, error, df) -%}
    {{ difference }} + {{ t_critical_95(df) }} * {{ error }}
{%- endmacro %}
