with

appointments as (

    select * from {{ ref('int_appointments_classified') }}

),

final as (

    select
        appointment_key,
        facility_id,
        department_id,
        doctor_id,
        patient_key,
        appointment_date,
        appointment_hour,
        started_at,
        outcome,
        reason,
        lead_days,
        duration_minutes,
        cancelled_by,
        notice_hours,
        is_late_cancellation,
        age_band,
        gender
    from appointments

)

select * from final
