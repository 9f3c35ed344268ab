{{ config(
    materialized='incremental',
    unique_key=['department_id', 'facility_id', 'month', 'satisfaction_score', 'experience_answer']
) }}

with

episodes as (

    select * from {{ changes_of('fct_episodes') }} as changes
    where
        not is_future
        and (satisfaction_score is not null or experience_answer is not null)

),

final as (

    select
        department_id,
        facility_id,
        {{ first_of_month('episode_date') }} as month,
        satisfaction_score,
        experience_answer,
        cast(sum(change) as bigint) as episodes
    from episodes
    group by
        department_id,
        facility_id,
        {{ first_of_month('episode_date') }},
        satisfaction_score,
        experience_answer

)

select * from final
