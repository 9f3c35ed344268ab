with

teams as (

    select * from {{ ref('int_survey_teams_measured') }}

),

waves as (

    select * from {{ ref('int_survey_waves_measured') }}

),

-- of a team too small to hide its members only the count is shown
judged as (

    select
        teams.*,
        is_team and respondents >= {{ var('minimum_team_respondents') }} as is_reportable
    from teams

),

shown as (

    select
        facility_id,
        department_id,
        survey_wave,
        respondents,
        is_reportable,
        case when is_reportable then without_score end as without_score,
        case when is_reportable then mean_score end as mean_score,
        case when is_reportable then sd_score end as sd_score,
        case when is_reportable then rwg end as rwg
    from judged

),

final as (

    select
        shown.facility_id,
        shown.department_id,
        shown.survey_wave,
        shown.respondents,
        shown.is_reportable,
        shown.without_score,
        shown.mean_score,
        {{ mean_low('shown.mean_score', 'shown.sd_score', 'shown.respondents') }}
            as mean_score_low,
        {{ mean_high('shown.mean_score', 'shown.sd_score', 'shown.respondents') }}
            as mean_score_high,
        shown.sd_score,
        shown.rwg,
        shown.rwg >= 0.7 as is_agreed,
        coalesce(waves.teams_compared, 0) as teams_compared,
        coalesce(waves.respondents_compared, 0) as respondents_compared,
        waves.icc1,
        waves.icc2,
        waves.f_statistic,
        waves.f_p_value,
        case
            when waves.complete_responses >= {{ var('minimum_team_respondents') }}
            then waves.cronbach_alpha
        end as cronbach_alpha
    from shown
    left join waves
        on waves.survey_wave = shown.survey_wave

)

select * from final
