with

appointments as (

    select * from {{ ref('int_appointments_classified') }}

),

treatments as (

    select * from {{ ref('stg_hospital_ops__treatments') }}
    where row_status = 'accepted'

),

bills as (

    select * from {{ ref('stg_hospital_ops__billing') }}
    where row_status = 'accepted'

),

slots as (

    select * from {{ ref('stg_hospital_ops__slots') }}
    where row_status = 'accepted'

),

patients as (

    select patient_key from {{ ref('dim_patients') }}

),

doctors as (

    select doctor_id from {{ ref('dim_doctors') }}

),

final as (

    select
        'hospital_ops' as source_system,
        'appointments' as source_table,
        source_file,
        row_number,
        'patient_id' as column_name
    from appointments
    where is_patient_orphan
    union all
    select 'hospital_ops', 'appointments', source_file, row_number, 'doctor_id'
    from appointments
    where is_doctor_orphan
    union all
    select 'hospital_ops', 'treatments', source_file, row_number, 'appointment_id'
    from treatments
    where
        treatments.appointment_key is not null
        and not exists (
            select 1 from appointments
            where appointments.appointment_key = treatments.appointment_key
        )
    union all
    select 'hospital_ops', 'billing', source_file, row_number, 'treatment_id'
    from bills
    where
        bills.treatment_key is not null
        and not exists (
            select 1 from treatments
            where treatments.treatment_key = bills.treatment_key
        )
    union all
    select 'hospital_ops', 'billing', source_file, row_number, 'patient_id'
    from bills
    where
        bills.patient_key is not null
        and not exists (
            select 1 from patients
            where patients.patient_key = bills.patient_key
        )
    union all
    select 'hospital_ops', 'slots', source_file, row_number, 'doctor_id'
    from slots
    where
        not exists (
            select 1 from doctors
            where doctors.doctor_id = slots.doctor_id
        )

)

select * from final
