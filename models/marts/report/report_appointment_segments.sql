{#- Weekday and hour have a cube of their own, together: report_appointment_hours. -#}
{% set dimensions = {} %}
{% for dimension, value in no_show_dimensions().items() if dimension not in ['weekday', 'hour'] %}
{% do dimensions.update({dimension: value}) %}
{% endfor %}
{% set places = ['facility_id', 'department_id', 'month'] %}

with

appointments as (

    select * from {{ ref('fct_appointments') }}
    where outcome != 'future'

),

segmented as (

    select
        facility_id,
        department_id,
        {{ first_of_month('appointment_date') }} as month,
        {{ dimension_values(dimensions) }},
        outcome
    from appointments

),

final as (

    select
        facility_id,
        department_id,
        month,
        {{ dimension_and_value(dimensions) }},
        count(*) as due,
        count(case when outcome = 'attended' then 1 end) as attended,
        count(case when outcome = 'no_show' then 1 end) as no_shows
    from segmented
    -- sqlfluff's dialect does not know grouping sets, which DuckDB and Spark share
    group by {{ dimension_sets(dimensions, places) }}  -- noqa: PRS

)

select * from final
