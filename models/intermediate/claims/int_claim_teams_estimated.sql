{%- set estimators = ['team_icc1', 'team_agreement', 'team_icc2'] -%}

with

asked as (

    {{ claims_of(estimators) }}

),

waves as (

    select * from {{ ref('int_claim_agreement_tested') }}

),

measured as (

    select
        'team_icc1' as estimator,
        icc1 as estimate,
        (ratio_low - 1) / nullif(ratio_low - 1 + team_size, 0) as low,
        (ratio_high - 1) / nullif(ratio_high - 1 + team_size, 0) as high,
        'F, wave of ' || cast(survey_wave as string) as interval_method,
        respondents as n,
        teams as smallest_group,
        icc1 as effect,
        'ICC(1)' as effect_size_kind,
        1 as comparisons,
        cast(null as string) as why_not
    from waves
    union all
    select
        'team_agreement',
        {{ safe_divide('agreed_teams', 'reportable_teams') }},
        {{ wilson_low('agreed_teams', 'reportable_teams') }},
        {{ wilson_high('agreed_teams', 'reportable_teams') }},
        'Wilson, wave of ' || cast(survey_wave as string),
        reportable_teams as n,
        reportable_teams as smallest_group,
        null,
        {{ dbt.string_literal(dbt.escape_single_quotes("Cohen's h")) }},
        1,
        null
    from waves
    union all
    select
        'team_icc2',
        icc2 as estimate,
        1 - 1 / nullif(ratio_low, 0),
        1 - 1 / nullif(ratio_high, 0),
        'F, wave of ' || cast(survey_wave as string),
        respondents,
        teams,
        icc2,
        'ICC(2)',
        1,
        null
    from waves

),

-- how far a share is from the claim's own bar
estimates as (

    select
        asked.claim_id,
        asked.part,
        measured.*,
        case
            when measured.estimator != 'team_agreement' then measured.effect
            when asked.no_difference between 0 and 1
            then {{ cohens_h('measured.estimate', 'asked.no_difference') }}
        end as effect_size
    from asked
    inner join measured
        on measured.estimator = asked.estimator

),

final as (

    select
        {{ estimate_columns('the data hold no answers of a team survey') }}
    from asked
    left join estimates
        on estimates.claim_id = asked.claim_id
        and estimates.part = asked.part

)

select * from final
