{#- Series of monthly values, and what the tables that a user edits say about them. -#}

{% macro chart_series(relation=none) -%}
    {%- for column in ['kpi_id', 'source_system', 'facility_id', 'department_id'] -%}
        {{ relation ~ '.' if relation }}{{ column }}{{ ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{% macro same_series(one, other) -%}
    {%- for column in ['kpi_id', 'source_system', 'facility_id', 'department_id'] -%}
        {{ one }}.{{ column }} = {{ other }}.{{ column }}{{ '\n        and ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{% macro speaks_of(settings, series) -%}
    {{ settings }}.kpi_id = {{ series }}.kpi_id
        and {{ settings }}.facility_id in ('all', {{ series }}.facility_id)
        and {{ settings }}.department_id in ('all', {{ series }}.department_id)
{%- endmacro %}

{% macro specificity(settings) -%}
    case when {{ settings }}.facility_id = 'all' then 0 else 2 end
    + case when {{ settings }}.department_id = 'all' then 0 else 1 end
{%- endmacro %}
