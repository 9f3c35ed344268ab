{{ config(
    materialized='incremental',
    unique_key='case_key',
    meta={
        'rows_of': {'stg_cancer_registry__cases': 'case_key'},
        'dated': {'system': 'cancer_registry', 'columns': ['diagnosis_date']},
    }
) }}

with

cases as (

    select * from {{ touched_rows('stg_cancer_registry__cases') }}
    where row_status = 'accepted'

),

systems as (

    select * from {{ ref('int_systems_dated') }}
    where source_system = 'cancer_registry'

),

final as (

    select
        cases.case_key,
        cases.patient_key,
        cases.cancer_type,
        cases.treatment,
        cases.region,
        cases.facility_id,
        cases.stage,
        cases.outcome,
        cases.diagnosis_date,
        -- a registry that gives the last contact only: an average month has 30.4375 days
        coalesce(
            cases.survival_months,
            {{ days_between('cases.diagnosis_date', 'cases.last_contact_date') }} / 30.4375e0
        ) as survival_months,
        case cases.vital_status when 'dead' then true when 'alive' then false end as is_dead,
        cases.last_contact_date,
        cases.referral_date,
        cases.decision_date,
        cases.treatment_date,
        {{ age_band('cases.age_years') }} as age_band,
        cases.gender,
        cases.insurance_type,
        coalesce(cases.diagnosis_date >= systems.as_of_date, false) as is_future
    from cases
    left join systems
        on systems.source_system = 'cancer_registry'

)

select * from final
