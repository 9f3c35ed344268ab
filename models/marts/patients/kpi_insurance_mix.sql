with

appointments as (

    select * from {{ ref('fct_appointments') }}
    where patient_key >= 0

),

episodes as (

    select * from {{ ref('fct_episodes') }}
    where patient_key >= 0 and not is_future

),

cases as (

    select * from {{ ref('fct_cancer_cases') }}
    where patient_key >= 0 and not is_future

),

patients as (

    select * from {{ ref('dim_patients') }}
    where source_system != 'unknown' and not is_future

),

-- a patient counts once at each facility seen or booked at, and once in `all`, booked or not
attributed as (

    {% for events in ['appointments', 'episodes', 'cases'] -%}
    select
        {{ events }}.facility_id,
        {{ events }}.patient_key
    from {{ events }}
    group by {{ events }}.facility_id, {{ events }}.patient_key
    union all
    {% endfor -%}
    select
        'all' as facility_id,
        patients.patient_key
    from patients

),

counted as (

    select
        patients.source_system,
        attributed.facility_id,
        patients.insurance as insurance_type,
        count(*) as patients
    from attributed
    inner join patients
        on patients.patient_key = attributed.patient_key
    group by patients.source_system, attributed.facility_id, patients.insurance

),

totalled as (

    select
        counted.*,
        cast(sum(patients) over (partition by source_system, facility_id) as bigint) as all_patients
    from counted

),

final as (

    select
        source_system,
        facility_id,
        insurance_type,
        patients,
        all_patients,
        {{ rate_columns('share', 'patients', 'all_patients') }}
    from totalled

)

select * from final
