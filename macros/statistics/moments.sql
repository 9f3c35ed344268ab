{#- Shape of a distribution, from its central moments: engines' own functions differ. -#}

{% macro order_free(value) -%}
    {#-
      Rounded to the ninth decimal: beyond that a sum of doubles depends on the order of the rows,
      which threads decide, and two builds would differ.
    -#}
    round(cast({{ value }} as double), 9)
{%- endmacro %}
