with

profiles as (

    select * from {{ ref('int_patient_profiles_counted') }}

),

counted as (

    select
        source_system,
        facility_id,
        insurance as insurance_type,
        cast(sum(patients) as bigint) as patients
    from profiles
    group by source_system, facility_id, insurance

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
