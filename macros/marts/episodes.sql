{% macro default_stay_unit(department_name) -%}
    {#- The unit of a recorded length of stay that names none: hours in the departments set so. -#}
    case
        when lower(trim({{ department_name }})) in (
            {%- for department in var('hour_stay_departments') or ['-'] %}
            '{{ department | string | trim | lower | replace("'", "''") }}'{{ ',' if not loop.last }}
            {%- endfor %}
        ) then 'hours'
        else 'days'
    end
{%- endmacro %}
