{{ config(
    materialized='incremental',
    unique_key='patient_key',
    meta={
        'rows_of': {
            'stg_hospital_ops__patients': 'patient_key',
            'fct_episodes': 'patient_key',
            'fct_cancer_cases': 'patient_key',
        },
        'aged': {'system': 'hospital_ops', 'born': 'date_of_birth'},
    }
) }}

with

patients as (

    select * from {{ touched_rows('stg_hospital_ops__patients') }}
    where row_status = 'accepted'

),

systems as (

    select * from {{ ref('int_systems_dated') }}
    where source_system = 'hospital_ops'

),

aged as (

    select
        patients.*,
        {{ age_years('patients.date_of_birth', 'systems.as_of_date') }} as age_years
    from patients
    left join systems
        on systems.source_system = 'hospital_ops'

),

-- an extract without a patient file: the person is as the latest episode describes them
described as (

    select
        episodes.*,
        row_number() over (
            partition by patient_key
            order by
                is_future asc nulls last,
                episode_date desc nulls last,
                episode_key asc nulls last
        ) as recency
    from {{ touched_rows('fct_episodes') }} as episodes
    where patient_key >= 0

),

gathered as (

    select
        patient_key,
        'hospital_ops' as source_system,
        gender,
        {{ age_band('age_years') }} as age_band,
        region,
        insurance,
        false as is_future
    from aged
    union all
    select
        patient_key,
        'care_episodes',
        gender,
        age_band,
        region,
        insurance_type,
        is_future
    from described
    where recency = 1
    union all
    select
        patient_key,
        'cancer_registry',
        gender,
        age_band,
        region,
        insurance_type,
        is_future
    from {{ touched_rows('fct_cancer_cases') }}

),

final as (

    select
        patient_key,
        source_system,
        gender,
        age_band,
        region,
        insurance,
        coalesce({{ readable_id('insurance') }}, 'unknown') as payer_id,
        is_future
    from gathered
    union all
    select
        {{ unknown_key() }}, 'unknown', 'unknown', 'unknown', 'unknown', 'unknown', 'unknown', false

)

select * from final
