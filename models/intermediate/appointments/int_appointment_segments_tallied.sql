{{ config(
    materialized='incremental',
    unique_key=['facility_id', 'department_id', 'month', 'dimension', 'value']
) }}

{% set dimensions = appointment_dimensions() %}
{% set places = ['facility_id', 'department_id', 'month'] %}

with

appointments as (

    select * from {{ changes_of('fct_appointments') }}
    where outcome != 'future'

),

segmented as (

    select
        facility_id,
        department_id,
        {{ first_of_month('appointment_date') }} as month,
        {{ dimension_values(dimensions) }},
        outcome,
        change
    from appointments

),

final as (

    select
        facility_id,
        department_id,
        month,
        {{ dimension_and_value(dimensions) }},
        {{ tallied_rows() }} as due,
        {{ tallied_rows("outcome = 'attended'") }} as attended,
        {{ tallied_rows("outcome = 'no_show'") }} as no_shows
    from segmented
    -- sqlfluff's dialect does not know grouping sets, which DuckDB and Spark share
    group by {{ dimension_sets(dimensions, places) }}  -- noqa: PRS

)

select * from final
