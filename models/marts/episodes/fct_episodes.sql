{{ config(
    materialized='incremental',
    unique_key='episode_key',
    meta={
        'rows_of': {'stg_care_episodes__episodes': 'episode_key'},
        'dated': {
            'system': 'care_episodes',
            'columns': ['episode_date', 'cast(discharged_at as date)'],
        },
    }
) }}

with

episodes as (

    select * from {{ touched_rows('stg_care_episodes__episodes') }}
    where row_status = 'accepted'

),

systems as (

    select * from {{ ref('int_systems_dated') }}
    where source_system = 'care_episodes'

),

-- without these columns an extract cannot say which episodes are stays or emergency visits
extracts as (

    select
        max(case when column_name = 'admitted_at' and is_present then 1 else 0 end) = 1
            as has_admissions,
        max(case when column_name = 'arrived_at' and is_present then 1 else 0 end) = 1
            as has_arrivals
    from {{ source('raw', 'columns') }}
    where source_system = 'care_episodes' and source_table = 'episodes'

),

placed as (

    select
        episodes.*,
        coalesce(episodes.episode_date >= systems.as_of_date, false) as is_future,
        coalesce(extracts.has_admissions, false) as has_admissions,
        case
            when not coalesce(extracts.has_admissions, false) then episodes.episode_date
            when episodes.admitted_at is not null then cast(episodes.discharged_at as date)
        end as ended_on,
        systems.as_of_date,
        case
            when coalesce(extracts.has_arrivals, false) then episodes.arrived_at is not null
            else episodes.department_id = 'emergency'
        end as is_emergency_visit,
        coalesce(episodes.length_of_stay_unit, {{ default_stay_unit('episodes.department_name') }})
            as stay_unit,
        {{ days_between('episodes.admitted_at', 'episodes.discharged_at') }} as nights
    from episodes
    cross join extracts
    left join systems
        on systems.source_system = 'care_episodes'

),

separated as (

    select
        *,
        -- a stay that ends on or after the as-of date is still open
        case when not is_future and coalesce(ended_on < as_of_date, true) then ended_on end
            as separation_date
    from placed

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
        case
            when stay_unit = 'hours' then length_of_stay_recorded / 24e0
            else length_of_stay_recorded
        end as length_of_stay_days,
        -- AIHW: days between, less leave; a patient admitted and separated on one day stays one
        case when nights is not null then greatest(nights - coalesce(leave_days, 0), 1) end
            as length_of_stay_aihw_days,
        nights as length_of_stay_nights,
        {{ seconds_between('admitted_at', 'discharged_at') }} / 3600e0 as length_of_stay_hours,
        nights = 0 as is_same_day,
        leave_days,
        cost,
        is_success,
        satisfaction_score,
        experience_answer,
        is_readmitted_30d,
        insurance_type,
        gender,
        {{ age_band('age_years') }} as age_band,
        age_years >= 18 as is_adult,
        region,
        admission_type,
        is_planned,
        disposition,
        case when disposition != 'unknown' then disposition = 'died' end as is_death,
        diagnosis_group,
        has_cancer_diagnosis,
        cancer_stage,
        is_emergency_visit,
        triage_category,
        arrived_at,
        seen_at,
        departed_at,
        visit_end_status,
        {{ minutes_between('arrived_at', 'seen_at') }} as wait_minutes,
        {{ minutes_between('arrived_at', 'departed_at') }} as emergency_stay_minutes,
        is_future
    from separated

)

select * from final
