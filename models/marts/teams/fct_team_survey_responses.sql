{{ config(materialized='incremental', unique_key='response_key') }}

with

answers as (

    select * from {{ ref('int_survey_answers') }}

),

final as (

    select
        response_key,
        facility_id,
        department_id,
        survey_date,
        survey_wave,
        items_answered,
        -- the mean of a team too small to be shown could be worked out from its members' scores
        case
            when
                not is_future
                and count(case when not is_future then score end) over (
                    partition by facility_id, department_id, survey_wave
                ) >= {{ var('minimum_team_respondents') }}
            then score
        end as score,
        is_future
    from answers

)

select * from final
