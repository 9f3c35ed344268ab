with

appointments as (

    select * from {{ ref('fct_appointments') }}
    where outcome != 'future'

),

episodes as (

    select * from {{ ref('fct_episodes') }}
    where not is_future

),

cases as (

    select * from {{ ref('fct_cancer_cases') }}
    where not is_future

),

seen as (

    select
        'hospital_ops' as source_system,
        facility_id,
        department_id,
        {{ first_of_month('appointment_date') }} as month,
        patient_key
    from appointments
    group by facility_id, department_id, {{ first_of_month('appointment_date') }}, patient_key
    union all
    select
        'care_episodes' as source_system,
        facility_id,
        department_id,
        {{ first_of_month('episode_date') }} as month,
        patient_key
    from episodes
    group by facility_id, department_id, {{ first_of_month('episode_date') }}, patient_key
    union all
    -- a registry names no department
    select
        'cancer_registry' as source_system,
        facility_id,
        'unknown' as department_id,
        {{ first_of_month('diagnosis_date') }} as month,
        patient_key
    from cases
    group by facility_id, {{ first_of_month('diagnosis_date') }}, patient_key

),

-- one patient with events in two months, departments or facilities is one in their total
final as (

    select
        source_system,
        case when grouping(facility_id) = 1 then 'all' else facility_id end as facility_id,
        case when grouping(department_id) = 1 then 'all' else department_id end as department_id,
        case when grouping(month) = 1 then 'all' else substr(cast(month as string), 1, 7) end
            as period,
        count(distinct patient_key) as patients
    from seen
    where patient_key != {{ unknown_key() }}
    group by source_system, cube(facility_id, department_id, month)

)

select * from final
