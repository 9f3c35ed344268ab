{{ config(materialized='incremental', unique_key=['doctor_id', 'month']) }}

with

appointments as (

    select * from {{ changes_of('fct_appointments') }}

),

-- by day first: what is left to lay out is a fraction of the appointments
daily as (

    select
        doctor_id,
        appointment_date,
        extract(day from appointment_date) as day_number,
        {{ tallied_rows() }} as appointments
    from appointments
    group by doctor_id, appointment_date, extract(day from appointment_date)

),

final as (

    select
        doctor_id,
        {{ first_of_month('appointment_date') }} as month,
        cast(sum(appointments) as bigint) as appointments,
        {{ day_of_month_counts('day_number', 'appointments') }}
    from daily
    group by doctor_id, {{ first_of_month('appointment_date') }}

)

select * from final
