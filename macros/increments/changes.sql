{#- What a model has to read so that its numbers are up to date. -#}

{% macro changes_of(model) -%}
    {#-
      The rows of a model with `change`: 1 for a row that came, -1 for a row that went, so that
      sum(change) counts rows and sum(change * amount) adds amounts up. A tally reads nothing else.
    -#}
    (
        select
            *,
            1 as change
        from {{ ref(model) }}
    )
{%- endmacro %}
