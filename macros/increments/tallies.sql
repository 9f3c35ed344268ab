{#-
  Measures of a tally, which reads changes_of() a fact: whole numbers and decimals only, so that
  the tally of a day's changes can be added to the one before, in whatever order.
-#}

{% macro tallied_rows(condition=none) -%}
    {#- How many rows there are, or how many of them meet a condition on the row itself. -#}
    {%- if condition is none -%}
    cast(sum(change) as bigint)
    {%- else -%}
    cast(sum(case when {{ condition }} then change else 0 end) as bigint)
    {%- endif -%}
{%- endmacro %}

{% macro tallied_total(amount, condition='true', places=2) -%}
    {#- An amount added up over the rows that have it; nothing adds up to 0. -#}
    cast(
            coalesce(sum(case when {{ condition }} then change * {{ amount }} end), 0)
            as {{ 'decimal(38, ' ~ places ~ ')' if places else 'bigint' }}
        )
{%- endmacro %}

{% macro sums_of(names) -%}
    {#- Measures of a tally added up further, under the same names; never null. -#}
    {%- for name in names -%}
    cast(coalesce(sum({{ name }}), 0) as bigint) as {{ name }}{{ ',\n        ' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
