{{ config(materialized='table') }}

with

teams as (

    select * from {{ ref('kpi_team_psychological_safety') }}

),

latest as (

    select max(survey_wave) as survey_wave from teams

),

-- what holds for the wave stands beside each team
waves as (

    select
        teams.survey_wave,
        max(teams.teams_compared) as teams,
        max(teams.respondents_compared) as respondents,
        max(teams.icc1) as icc1,
        max(teams.icc2) as icc2,
        max(teams.f_statistic) as f_statistic,
        count(case when teams.is_reportable then 1 end) as reportable_teams,
        count(case when teams.is_agreed then 1 end) as agreed_teams
    from teams
    inner join latest
        on latest.survey_wave = teams.survey_wave
    group by teams.survey_wave

),

-- candidates for the ratio of variances of team means and of single answers, around what is seen
candidates as (

    select
        waves.survey_wave,
        waves.teams,
        waves.respondents,
        waves.f_statistic,
        numbered.n,
        waves.f_statistic * exp((numbered.n - 500) / 100e0) as candidate
    from waves
    cross join {{ numbers(3) }} as numbered
    where waves.f_statistic > 0

),

tailed as (

    select
        survey_wave,
        n,
        candidate,
        {{ f_tail_arguments('(f_statistic / candidate)', '(teams - 1)', '(respondents - teams)') }}
    from candidates

),

tested as (

    select
        survey_wave,
        n,
        candidate,
        {{ f_upper_tail() }} as tail
    from tailed

),

followed as (

    select
        tested.*,
        lag(candidate) over (partition by survey_wave order by n nulls last) as previous_candidate,
        lag(tail) over (partition by survey_wave order by n nulls last) as previous_tail
    from tested

),

bounds as (

    select
        survey_wave,
        {%- for name, level in [('low', '0.025e0'), ('high', '0.975e0')] %}
        {{ crossing(level, 'candidate', 'tail', 'previous_candidate', 'previous_tail') }}
            as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from followed
    group by survey_wave

),

final as (

    select
        waves.survey_wave,
        waves.teams,
        waves.respondents,
        waves.reportable_teams,
        waves.agreed_teams,
        waves.icc1,
        waves.icc2,
        bounds.low as ratio_low,
        bounds.high as ratio_high,
        -- the mean size of a team is what turns F into ICC(1)
        case
            when abs(waves.icc1) > 1e-9
            then (waves.f_statistic - 1) * (1 - waves.icc1) / waves.icc1
            else {{ safe_divide('waves.respondents', 'waves.teams') }}
        end as team_size
    from waves
    left join bounds
        on bounds.survey_wave = waves.survey_wave

)

select * from final
