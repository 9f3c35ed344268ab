{{ config(materialized='incremental', unique_key=['source_system', 'event_date']) }}

with

appointments as (

    select * from {{ changes_of('stg_hospital_ops__appointments') }}
    where row_status = 'accepted'

),

episodes as (

    select * from {{ changes_of('stg_care_episodes__episodes') }}
    where row_status = 'accepted'

),

cases as (

    select * from {{ changes_of('stg_cancer_registry__cases') }}
    where row_status = 'accepted'

),

responses as (

    select * from {{ changes_of('stg_team_surveys__responses') }}
    where row_status = 'accepted'

),

dated as (

    select
        'hospital_ops' as source_system,
        appointment_date as event_date,
        case when status in ('attended', 'no_show') then change else 0 end as outcomes,
        change
    from appointments
    union all
    -- what is known of an open stay is that it began
    select
        'care_episodes',
        coalesce(cast(discharged_at as date), episode_date),
        case when admitted_at is null or discharged_at is not null then change else 0 end,
        change
    from episodes
    union all
    select
        'cancer_registry',
        coalesce(last_contact_date, diagnosis_date),
        change as outcomes,
        change
    from cases
    union all
    select
        'cancer_registry',
        diagnosis_date,
        change as outcomes,
        change
    from cases
    where last_contact_date is not null
    union all
    select
        'team_surveys',
        survey_date,
        change as outcomes,
        change
    from responses

),

final as (

    select
        source_system,
        event_date,
        cast(sum(change) as bigint) as events,
        cast(sum(outcomes) as bigint) as outcomes
    from dated
    group by source_system, event_date

)

select * from final
