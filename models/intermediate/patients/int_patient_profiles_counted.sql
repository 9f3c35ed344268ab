{#- Stored: three marts show the same patients in different ways. -#}
{{ config(materialized='table') }}

with

patients as (

    select * from {{ ref('dim_patients') }}
    where source_system != 'unknown' and not is_future

),

-- a patient counts once at each facility seen or booked at, and once in `all`, booked or not
attributed as (

    {{ patients_at_facilities() }}
    union all
    select
        'all' as facility_id,
        patients.patient_key
    from patients

),

final as (

    select
        patients.source_system,
        attributed.facility_id,
        patients.gender,
        patients.age_band,
        patients.region,
        patients.insurance,
        count(*) as patients
    from attributed
    inner join patients
        on patients.patient_key = attributed.patient_key
    group by
        patients.source_system, attributed.facility_id, patients.gender, patients.age_band,
        patients.region, patients.insurance

)

select * from final
