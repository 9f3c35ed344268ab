{#- Shape of a distribution, from its central moments: engines' own functions differ. -#}

{% macro skewness_of(value, mean) -%}
    {#- Fisher's g1, an aggregate. Equal values leave nothing but rounding errors to divide. -#}
    case
        when count({{ value }}) > 2 and max({{ value }}) > min({{ value }})
            then {{ safe_divide(
                'avg(power(cast(' ~ value ~ ' as double) - ' ~ mean ~ ', 3))',
                'power(avg(power(cast(' ~ value ~ ' as double) - ' ~ mean ~ ', 2)), 1.5e0)',
            ) }}
    end
{%- endmacro %}

{% macro order_free(value) -%}
    {#-
      Rounded to the ninth decimal: beyond that a sum of doubles depends on the order of the rows,
      which threads decide, and two builds would differ.
    -#}
    round(cast({{ value }} as double), 9)
{%- endmacro %}
