with

patients as (

    select * from {{ ref('stg_hospital_ops__patients') }}
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

final as (

    select
        patient_key,
        'hospital_ops' as source_system,
        gender,
        {{ age_band('age_years') }} as age_band,
        region,
        insurance,
        coalesce({{ slug('insurance') }}, 'unknown') as payer_id
    from aged
    union all
    select {{ unknown_key() }}, 'unknown', 'unknown', 'unknown', 'unknown', 'unknown', 'unknown'

)

select * from final
