{#- The days of a month side by side, as int_doctor_days_tallied has them. -#}

{% macro day_of_month_column(day) -%}
    {#- The column of int_doctor_days_tallied that holds a day of the month. -#}
    day_{{ '%02d' | format(day) }}
{%- endmacro %}

{% macro day_of_month_counts(day, count) -%}
    {#- A column for each day of the month: the counts of the rows of that day, as an aggregate. -#}
    {%- for number in range(1, 32) -%}
    cast(sum(case when {{ day }} = {{ number }} then {{ count }} else 0 end) as bigint)
            as {{ day_of_month_column(number) }}{{ ',\n        ' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{% macro days_with_appointments() -%}
    {#- Over a row of int_doctor_days_tallied. -#}
    {%- for day in range(1, 32) %}
        {{ '+ ' if not loop.first }}case when {{ day_of_month_column(day) }} > 0 then 1 else 0 end
    {%- endfor %}
{%- endmacro %}

{% macro first_day_with(condition='true') -%}
    {#- The first day of the month with an appointment; null without one. `{}`: its number. -#}
    {{ day_with_first_of(range(1, 32), condition) }}
{%- endmacro %}

{% macro last_day_with(condition='true') -%}
    {{ day_with_first_of(range(31, 0, -1), condition) }}
{%- endmacro %}

{% macro day_with_first_of(days, condition) -%}
    case
            {%- for day in days %}
            when {{ day_of_month_column(day) }} > 0 and {{ condition.replace('{}', day | string) }} then {{ day }}
            {%- endfor %}
        end
{%- endmacro %}
