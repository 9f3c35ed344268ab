with

episodes as (

    select * from {{ ref('stg_care_episodes__episodes') }}
    where row_status = 'accepted'

),

stays as (

    select * from {{ ref('int_stays_sequenced') }}
    where is_overlapping

),

cases as (

    select * from {{ ref('stg_cancer_registry__cases') }}
    where row_status = 'accepted'

),

systems as (

    select * from {{ ref('int_systems_dated') }}

),

responses as (

    select * from {{ ref('stg_team_surveys__responses') }}
    where row_status = 'accepted'

),

scored as (

    select * from {{ ref('fct_team_survey_responses') }}

),

final as (

    select
        'care_episodes' as source_system,
        'episodes' as source_table,
        episodes.source_file,
        episodes.row_number,
        'overlapping_stay' as reason
    from episodes
    inner join stays
        on stays.episode_key = episodes.episode_key
    union all
    select 'care_episodes', 'episodes', source_file, row_number, 'period_mismatch'
    from episodes
    where has_period_mismatch
    union all
    -- survival is counted in whole months, so an average month of grace
    select
        'cancer_registry',
        'cases',
        cases.source_file,
        cases.row_number,
        'follow_up_beyond_data'
    from cases
    inner join systems
        on systems.source_system = 'cancer_registry'
    where
        cases.survival_months * 30.4375e0
        > {{ days_between('cases.diagnosis_date', 'systems.as_of_date') }} + 30.4375e0
    union all
    select
        'team_surveys',
        'responses',
        responses.source_file,
        responses.row_number,
        'too_few_items'
    from responses
    inner join scored
        on scored.response_key = responses.response_key
    where scored.items_answered < 5

)

select * from final
