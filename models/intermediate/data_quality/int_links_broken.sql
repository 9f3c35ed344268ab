{#- The facts know which links led to nothing: only their rows are looked up again, no fact is
    joined as a whole. -#}

with

appointments as (

    select
        staged.source_file,
        staged.row_number,
        staged.patient_key is not null and facts.patient_key = {{ unknown_key() }}
            as is_patient_orphan,
        staged.doctor_id is not null and facts.doctor_id = 'unknown' as is_doctor_orphan
    from {{ ref('stg_hospital_ops__appointments') }} as staged
    inner join {{ ref('fct_appointments') }} as facts
        on facts.appointment_key = staged.appointment_key
    where
        staged.row_status = 'accepted'
        and (facts.patient_key = {{ unknown_key() }} or facts.doctor_id = 'unknown')

),

treatments as (

    select
        staged.source_file,
        staged.row_number
    from {{ ref('stg_hospital_ops__treatments') }} as staged
    inner join {{ ref('fct_treatments') }} as facts
        on facts.treatment_key = staged.treatment_key
    where
        staged.row_status = 'accepted'
        and staged.appointment_key is not null
        and facts.appointment_key = {{ unknown_key() }}

),

bills as (

    select
        staged.source_file,
        staged.row_number,
        staged.treatment_key is not null and facts.treatment_key = {{ unknown_key() }}
            as is_treatment_orphan,
        staged.patient_key is not null and facts.patient_key = {{ unknown_key() }}
            as is_patient_orphan
    from {{ ref('stg_hospital_ops__billing') }} as staged
    inner join {{ ref('fct_bills') }} as facts
        on facts.bill_key = staged.bill_key
    where
        staged.row_status = 'accepted'
        and (
            facts.treatment_key = {{ unknown_key() }} or facts.patient_key = {{ unknown_key() }}
        )

),

slots as (

    select * from {{ ref('stg_hospital_ops__slots') }}
    where row_status = 'accepted'

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
    union all
    select 'hospital_ops', 'billing', source_file, row_number, 'treatment_id'
    from bills
    where is_treatment_orphan
    union all
    select 'hospital_ops', 'billing', source_file, row_number, 'patient_id'
    from bills
    where is_patient_orphan
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
