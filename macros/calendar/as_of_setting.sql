{% macro as_of_setting(source_system) -%}
    {#- The as_of_date setting as SQL: one date for all systems, a map by system, or null. -#}
    {%- set setting = var('as_of_date') -%}
    {%- if setting is mapping -%}
        case {{ source_system }}
        {%- for system, as_of_date in setting.items() %}
            when '{{ system }}' then cast('{{ as_of_date }}' as date)
        {%- endfor %}
        end
    {%- elif setting -%}
        cast('{{ setting }}' as date)
    {%- else -%}
        cast(null as date)
    {%- endif -%}
{%- endmacro %}
