{{ config(
    materialized='incremental',
    unique_key='treatment_key',
    meta={
        'rows_of': {'stg_hospital_ops__treatments': 'treatment_key'},
        'through': {
            'appointment_key': ['fct_appointments', 'appointment_key'],
        },
        'dated': {'system': 'hospital_ops', 'columns': ['treatment_date']},
    }
) }}

with

treatments as (

    select * from {{ touched_rows('stg_hospital_ops__treatments') }}
    where row_status = 'accepted'

),

appointments as (

    select * from {{ ref('fct_appointments') }}

),

systems as (

    select * from {{ ref('int_systems_dated') }}
    where source_system = 'hospital_ops'

),

final as (

    select
        treatments.treatment_key,
        coalesce(appointments.appointment_key, {{ unknown_key() }}) as appointment_key,
        coalesce(appointments.patient_key, {{ unknown_key() }}) as patient_key,
        coalesce(appointments.facility_id, 'unknown') as facility_id,
        coalesce(appointments.doctor_id, 'unknown') as doctor_id,
        treatments.treatment_type,
        treatments.treatment_date,
        -- without an as-of date nothing is known to lie in the future
        coalesce(treatments.treatment_date >= systems.as_of_date, false) as is_future,
        treatments.cost,
        coalesce(appointments.outcome, 'unknown') as appointment_outcome
    from treatments
    left join appointments
        on appointments.appointment_key = treatments.appointment_key
    left join systems
        on systems.source_system = 'hospital_ops'

)

select * from final
