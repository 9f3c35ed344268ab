with

episodes as (

    select * from {{ ref('int_episodes_measured') }}

),

final as (

    select
        episode_key,
        coalesce(patient_key, {{ unknown_key() }}) as patient_key,
        facility_id,
        department_id,
        treatment_type,
        episode_date,
        admitted_at,
        discharged_at,
        separation_date,
        separation_date is not null as is_separation,
        length_of_stay_recorded,
        stay_unit as length_of_stay_unit,
        length_of_stay_days,
        length_of_stay_aihw_days,
        length_of_stay_nights,
        length_of_stay_hours,
        is_same_day,
        leave_days,
        cost,
        is_success,
        satisfaction_score,
        experience_answer,
        is_readmitted_30d,
        insurance_type,
        gender,
        {{ age_band('age_years') }} as age_band,
        is_adult,
        region,
        admission_type,
        is_planned,
        disposition,
        is_death,
        diagnosis_group,
        has_cancer_diagnosis,
        cancer_stage,
        is_emergency_visit,
        triage_category,
        arrived_at,
        seen_at,
        departed_at,
        visit_end_status,
        wait_minutes,
        emergency_stay_minutes,
        is_future
    from episodes

)

select * from final
