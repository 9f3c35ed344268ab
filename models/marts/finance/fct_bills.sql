{{ config(
    materialized='incremental',
    unique_key='bill_key',
    meta={
        'rows_of': {'stg_hospital_ops__billing': 'bill_key'},
        'through': {
            'treatment_key': ['fct_treatments', 'treatment_key'],
            'patient_key': ['stg_hospital_ops__patients', 'patient_key'],
        },
        'dated': {'system': 'hospital_ops', 'columns': ['bill_date']},
    }
) }}

with

bills as (

    select * from {{ touched_rows('stg_hospital_ops__billing') }}
    where row_status = 'accepted'

),

treatments as (

    select * from {{ ref('fct_treatments') }}

),

patients as (

    select patient_key from {{ ref('stg_hospital_ops__patients') }}
    where row_status = 'accepted'

),

systems as (

    select * from {{ ref('int_systems_dated') }}
    where source_system = 'hospital_ops'

),

final as (

    select
        bills.bill_key,
        coalesce(treatments.treatment_key, {{ unknown_key() }}) as treatment_key,
        coalesce(patients.patient_key, {{ unknown_key() }}) as patient_key,
        coalesce(treatments.facility_id, 'unknown') as facility_id,
        bills.bill_date,
        -- without an as-of date nothing is known to lie in the future
        coalesce(bills.bill_date >= systems.as_of_date, false) as is_future,
        bills.paid_date,
        bills.billed_amount,
        -- an extract without a paid amount says with the status alone that the bill was paid,
        -- which then means all of it but the contractual reduction
        coalesce(
            bills.paid_amount,
            case
                when bills.payment_status != 'paid' then 0
                when bills.adjustment_amount > bills.billed_amount then 0
                else bills.billed_amount - coalesce(bills.adjustment_amount, 0)
            end
        ) as paid_amount,
        coalesce(bills.adjustment_amount, 0) as adjustment_amount,
        bills.payment_method,
        bills.payment_status,
        coalesce(treatments.appointment_outcome, 'unknown') as appointment_outcome
    from bills
    left join treatments
        on treatments.treatment_key = bills.treatment_key
    left join patients
        on patients.patient_key = bills.patient_key
    left join systems
        on systems.source_system = 'hospital_ops'

)

select * from final
