{{ config(
    materialized='incremental',
    unique_key='appointment_key',
    meta={
        'rows_of': {'stg_hospital_ops__appointments': 'appointment_key'},
        'through': {
            'patient_key': ['stg_hospital_ops__patients', 'patient_key'],
            'doctor_id': ['stg_hospital_ops__doctors', 'doctor_id'],
        },
        'dated': {'system': 'hospital_ops', 'columns': ['appointment_date']},
    }
) }}

with

appointments as (

    select * from {{ touched_rows('stg_hospital_ops__appointments') }}
    where row_status = 'accepted'

),

doctors as (

    select * from {{ ref('stg_hospital_ops__doctors') }}
    where row_status = 'accepted'

),

patients as (

    select * from {{ ref('stg_hospital_ops__patients') }}
    where row_status = 'accepted'

),

systems as (

    select * from {{ ref('int_systems_dated') }}
    where source_system = 'hospital_ops'

),

linked as (

    select
        appointments.*,
        systems.as_of_date,
        doctors.doctor_id as known_doctor_id,
        doctors.facility_id,
        doctors.department_id,
        patients.patient_key as known_patient_key,
        patients.gender,
        {{ appointment_start('appointments.') }} as started_at,
        {{ age_years('patients.date_of_birth', 'appointments.appointment_date') }} as age_years
    from appointments
    cross join systems
    left join doctors
        on doctors.doctor_id = appointments.doctor_id
    left join patients
        on patients.patient_key = appointments.patient_key

),

timed as (

    select
        linked.*,
        {{ seconds_between('cancelled_at', 'started_at') }} / 3600e0 as notice_hours,
        {{ days_between('booked_at', 'appointment_date') }} as lead_days
    from linked

),

final as (

    select
        appointment_key,
        coalesce(facility_id, 'unknown') as facility_id,
        coalesce(department_id, 'unknown') as department_id,
        coalesce(known_doctor_id, 'unknown') as doctor_id,
        coalesce(known_patient_key, {{ unknown_key() }}) as patient_key,
        appointment_date,
        cast(floor(appointment_minute / 60e0) as bigint) as appointment_hour,
        started_at,
        case
            when appointment_date >= as_of_date then 'future'
            when status in ('attended', 'no_show', 'cancelled') then status
            else 'unresolved'
        end as outcome,
        reason,
        lead_days,
        duration_minutes,
        case when status = 'cancelled' then cancelled_by end as cancelled_by,
        case when status = 'cancelled' then notice_hours end as notice_hours,
        case when status = 'cancelled' then notice_hours < {{ var('late_cancel_hours') }} end
            as is_late_cancellation,
        {{ age_band('age_years') }} as age_band,
        coalesce(gender, 'unknown') as gender
    from timed

)

select * from final
