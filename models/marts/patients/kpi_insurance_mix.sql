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
