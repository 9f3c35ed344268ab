{#- Every KPI of kpi_values_monthly is one call: the number itself stays the mart's. -#}

{% macro kpi_value_row(
    kpi_id, source_system, source_table, relation, value, numerator=none, denominator=none,
    n=none, excluded='0', interval=true, department_id="'all'", known='true', where='true'
) -%}
    select
        '{{ kpi_id }}' as kpi_id,
        '{{ source_system }}' as source_system,
        '{{ source_table }}' as source_table,
        facility_id,
        {{ department_id }} as department_id,
        month
        {%- for name, number in [('numerator', numerator), ('denominator', denominator)] %},
        cast({{ 'case when ' ~ known ~ ' then ' ~ number ~ ' end' if number else 'null' }} as double)
            as {{ name }}
        {%- endfor %},
        cast(case when {{ known }} then {{ n or denominator or numerator }} end as bigint) as n,
        cast({{ value }} as double) as value
        {%- for bound in ['low', 'high'] %},
        cast({{ value ~ '_' ~ bound if interval else 'null' }} as double) as value_{{ bound }}
        {%- endfor %},
        cast({{ excluded }} as bigint) as n_excluded
    from {{ relation }}
    where {{ where }}
{%- endmacro %}

{% macro month_later(day, months) -%}
    {#- The first day of the month that is so many months after the month of a day. -#}
    {%- set months = '(extract(year from ' ~ day ~ ') * 12 + extract(month from ' ~ day ~ ') - 1 + ' ~ months ~ ')' -%}
    make_date(
        cast(floor({{ months }} / 12e0) as integer),
        cast({{ months }} % 12 + 1 as integer),
        1
    )
{%- endmacro %}
