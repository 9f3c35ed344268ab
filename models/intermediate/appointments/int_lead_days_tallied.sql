{{ config(materialized='table') }}

with

appointments as (

    select * from {{ changes_of('fct_appointments') }}
    where outcome != 'future'

),

final as (

    select
        facility_id,
        {{ first_of_month('appointment_date') }} as month,
        lead_days,
        {{ tallied_rows() }} as due
    from appointments
    group by facility_id, {{ first_of_month('appointment_date') }}, lead_days

)

select * from final
