{% set items = ['value_1', 'value_2', 'value_3', 'value_4', 'value_5', 'value_6', 'value_7'] %}

with

-- fewer than three respondents are left out: together with what is published of the other teams,
-- the agreement of the wave would tell what a single one answered
teams as (

    select * from {{ ref('int_survey_teams_measured') }}
    where is_team and respondents >= 3

),

complete as (

    select * from {{ ref('int_survey_answers') }}
    where not is_future and items_answered = 7

),

summed as (

    select
        survey_wave,
        count(*) as teams,
        cast(sum(respondents) as bigint) as respondents,
        cast(sum(respondents * respondents) as double) as squared_sizes,
        cast(sum(sum_units) as double) as units,
        {{ exact_sum('cast(sum_units as double) * sum_units / respondents') }} as between_units,
        {{ exact_sum(
            'cast(respondents * sum_squared_units - sum_units * sum_units as double) / respondents'
        ) }} as within_units
    from teams
    group by survey_wave

),

-- in 210ths of a point, as the sums are: no ratio of mean squares knows the unit
compared as (

    select
        survey_wave,
        teams,
        respondents,
        (between_units - units * units / respondents) / nullif(teams - 1, 0) as between_square,
        within_units / nullif(respondents - teams, 0) as within_square,
        (respondents - squared_sizes / respondents) / nullif(teams - 1, 0) as mean_team_size
    from summed

),

tested as (

    select
        compared.*,
        {{ icc_1('between_square', 'within_square', 'mean_team_size') }} as icc1,
        {{ icc_2('between_square', 'within_square') }} as icc2,
        {{ f_tail_arguments(
            'between_square / nullif(within_square, 0)', '(teams - 1)', '(respondents - teams)'
        ) }}
    from compared

),

consistent as (

    select
        survey_wave,
        count(*) as complete_responses,
        {{ cronbach_alpha(items) }} as cronbach_alpha
    from complete
    group by survey_wave

),

final as (

    select
        coalesce(tested.survey_wave, consistent.survey_wave) as survey_wave,
        coalesce(tested.teams, 0) as teams_compared,
        coalesce(tested.respondents, 0) as respondents_compared,
        tested.icc1,
        tested.icc2,
        tested.tail_f as f_statistic,
        {{ f_upper_tail() }} as f_p_value,
        coalesce(consistent.complete_responses, 0) as complete_responses,
        consistent.cronbach_alpha
    from tested
    full join consistent
        on consistent.survey_wave = tested.survey_wave

)

select * from final
