with

appointments as (

    select * from {{ ref('stg_hospital_ops__appointments') }}
    where row_status = 'accepted'

),

episodes as (

    select * from {{ ref('stg_care_episodes__episodes') }}
    where row_status = 'accepted'

),

cases as (

    select * from {{ ref('stg_cancer_registry__cases') }}
    where row_status = 'accepted'

),

responses as (

    select * from {{ ref('stg_team_surveys__responses') }}
    where row_status = 'accepted'

),

dated as (

    select
        'hospital_ops' as source_system,
        appointment_date as event_date,
        case when status in ('attended', 'no_show') then 1 else 0 end as outcomes
    from appointments
    union all
    -- what is known of an open stay is that it began
    select
        'care_episodes',
        coalesce(cast(discharged_at as date), episode_date),
        case when admitted_at is null or discharged_at is not null then 1 else 0 end
    from episodes
    union all
    select
        'cancer_registry',
        coalesce(last_contact_date, diagnosis_date),
        1
    from cases
    union all
    select
        'cancer_registry',
        diagnosis_date,
        1
    from cases
    where last_contact_date is not null
    union all
    select
        'team_surveys',
        survey_date,
        1
    from responses

),

final as (

    select
        source_system,
        event_date,
        count(*) as events,
        cast(sum(outcomes) as bigint) as outcomes
    from dated
    group by source_system, event_date

)

select * from final
