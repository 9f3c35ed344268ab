{#- Calendar arithmetic that is the same on every engine. Arguments are SQL expressions. -#}

{% macro iso_weekday(day) -%}
    {#- Monday 1 to Sunday 7, by day arithmetic: engines number weekdays differently. -#}
    (1 + {{ days_between("cast('1900-01-01' as date)", day) }} % 7)
{%- endmacro %}

{% macro weekday_name(iso_weekday) -%}
    case {{ iso_weekday }}
    {%- for name in ['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'] %}
        when {{ loop.index }} then '{{ name }}'
    {%- endfor %}
    end
{%- endmacro %}

{% macro first_of_month(day) -%}
    cast(date_trunc('month', {{ day }}) as date)
{%- endmacro %}

{% macro financial_year_end(day, start_month) -%}
    {#- The calendar year in which the financial year of a day ends. -#}
    (
        extract(year from {{ day }})
        + case when {{ start_month }} > 1 and extract(month from {{ day }}) >= {{ start_month }} then 1 else 0 end
    )
{%- endmacro %}

{% macro financial_year(day, start_month) -%}
    {#- `2023-24`, or `2023` where the financial year is the calendar year. -#}
    {%- set year_end = financial_year_end(day, start_month) -%}
    {%- if start_month == 1 -%}
        cast({{ year_end }} as string)
    {%- else -%}
        cast({{ year_end }} - 1 as string)
        || '-' || lpad(cast({{ year_end }} % 100 as string), 2, '0')
    {%- endif -%}
{%- endmacro %}

{% macro financial_quarter(day, start_month) -%}
    cast(floor(((extract(month from {{ day }}) - {{ start_month }} + 12) % 12) / 3e0) + 1 as bigint)
{%- endmacro %}

{% macro season(day, hemisphere) -%}
    {#- Meteorological seasons: in the south summer is December to February. -#}
    {%- set names = ['summer', 'autumn', 'winter', 'spring'] if hemisphere == 'southern'
        else ['winter', 'spring', 'summer', 'autumn'] -%}
    case
        when extract(month from {{ day }}) in (12, 1, 2) then '{{ names[0] }}'
        when extract(month from {{ day }}) in (3, 4, 5) then '{{ names[1] }}'
        when extract(month from {{ day }}) in (6, 7, 8) then '{{ names[2] }}'
        else '{{ names[3] }}'
    end
{%- endmacro %}

{% macro season_year(day) -%}
    {#- December belongs to the season of the year that follows. -#}
    (extract(year from {{ day }}) + case when extract(month from {{ day }}) = 12 then 1 else 0 end)
{%- endmacro %}

{% macro iso_year_week(day) -%}
    {#- ISO 8601 week, `2024-W01`: the year and week of that week's Thursday. -#}
    {%- set thursday = add_days(day, '4 - ' ~ iso_weekday(day)) -%}
    cast(extract(year from {{ thursday }}) as string)
    || '-W'
    || lpad(cast(cast(floor((extract(doy from {{ thursday }}) - 1) / 7e0) + 1 as bigint) as string), 2, '0')
{%- endmacro %}

{% macro numbers(digits) -%}
    {#- A subquery with the column n: whole numbers from 0 to 10^digits - 1. -#}
    (
        select
            {% for place in range(digits) -%}
            d{{ place }}.n * {{ 10 ** place }}{{ ' + ' if not loop.last }}
            {%- endfor %} as n
        from
        {%- for place in range(digits) %}
            {{ 'cross join ' if not loop.first }}(
                select 0 as n union all select 1 union all select 2 union all select 3
                union all select 4 union all select 5 union all select 6
                union all select 7 union all select 8 union all select 9
            ) as d{{ place }}
        {%- endfor %}
    )
{%- endmacro %}

{% macro appointment_start(prefix='') -%}
    {#- When an appointment begins, local wall time; null without a time. -#}
    {{ add_minutes(
        'cast(' ~ prefix ~ 'appointment_date as timestamp)', prefix ~ 'appointment_minute'
    ) }}
{%- endmacro %}
