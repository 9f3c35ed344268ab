{{ config(
    materialized='incremental',
    unique_key=['facility_id', 'department_id', 'doctor_id', 'month']
) }}

with

appointments as (

    select * from {{ changes_of('fct_appointments') }}

),

final as (

    select
        facility_id,
        department_id,
        doctor_id,
        {{ first_of_month('appointment_date') }} as month,
        {{ tallied_rows() }} as appointments,
        {{ tallied_outcomes() }},
        {{ tallied_rows("outcome = 'attended' and patient_key != " ~ unknown_key()) }}
            as attended_by_known,
        {{ tallied_rows("outcome != 'future' and lead_days is not null") }} as lead_known,
        {{ tallied_total('lead_days', "outcome != 'future'", places=0) }} as lead_days
    from appointments
    group by facility_id, department_id, doctor_id, {{ first_of_month('appointment_date') }}

)

select * from final
