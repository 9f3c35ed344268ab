{{ config(
    materialized='incremental',
    unique_key=['facility_id', 'department_id', 'month', 'weekday_number', 'hour']
) }}

with

appointments as (

    select * from {{ changes_of('fct_appointments') }}
    where outcome != 'future'

),

final as (

    select
        facility_id,
        department_id,
        {{ first_of_month('appointment_date') }} as month,
        {{ iso_weekday('appointment_date') }} as weekday_number,
        appointment_hour as hour,
        {{ tallied_rows() }} as due,
        {{ tallied_rows("outcome = 'attended'") }} as attended,
        {{ tallied_rows("outcome = 'no_show'") }} as no_shows
    from appointments
    group by
        facility_id, department_id, {{ first_of_month('appointment_date') }},
        {{ iso_weekday('appointment_date') }}, appointment_hour

)

select * from final
