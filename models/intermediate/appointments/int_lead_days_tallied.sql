{{ config(materialized='incremental', unique_key=['facility_id', 'month', 'lead_days']) }}

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
