{%- set estimators = [
    'winter_cost_ratio', 'cost_skewness', 'winter_high_cost_ratio', 'cost_outlier_share'
] -%}

with

asked as (

    {{ claims_of(estimators) }}

),

winters as (

    select
        compared.*,
        case
            when compared.winters < 2
            then 'fewer than two winters have enough costs: a season cannot be told from a year'
        end as why_not,
        'Winters with at least ' || cast({{ minimum_n('claim') }} as string) || ' costs: '
        || cast(compared.winters as string) || '.' as remark,
        ' A rank test finds ' || {{ p_text('compared.rank_p_value') }} || '.' as rank_remark
    from {{ ref('int_claim_winters_compared') }} as compared

),

measured as (

    select
        department_id,
        'winter_cost_ratio' as estimator,
        geometric_mean_ratio as estimate,
        geometric_mean_ratio_low as low,
        geometric_mean_ratio_high as high,
        'Welch on logarithms' as interval_method,
        episodes_above_zero + rest_episodes_above_zero as n,
        least(episodes_above_zero, rest_episodes_above_zero) as smallest_group,
        ln(nullif(geometric_mean_ratio, 0)) as effect,
        'log ratio' as effect_size_kind,
        1 as comparisons,
        why_not,
        remark || coalesce(rank_remark, '') as remark
    from winters
    union all
    select
        department_id,
        'cost_skewness',
        skewness as estimate,
        skewness - {{ z95() }} * skewness_error,
        skewness + {{ z95() }} * skewness_error,
        'Normal, from the influence of each cost; holds without a normal distribution',
        episodes as n,
        episodes as smallest_group,
        skewness as effect,
        'skewness',
        1,
        null,
        null
    from {{ ref('int_claim_skewness_measured') }}
    union all
    select
        department_id,
        'winter_high_cost_ratio',
        risk_ratio,
        risk_ratio * exp(-{{ z95() }} * log_error),
        risk_ratio * exp({{ z95() }} * log_error),
        'Normal on the log scale'
        || case when is_corrected then '; half a case added to an empty cell' else '' end,
        episodes + rest_episodes,
        least(episodes, rest_episodes),
        ln(risk_ratio),
        'log ratio',
        1,
        case
            when episodes + rest_episodes < {{ minimum_n('p95') }}
            then 'too few costs for their 95th percentile'
            else why_not
        end,
        remark
    from winters
    union all
    select
        department_id,
        'cost_outlier_share',
        outlier_share,
        outlier_share_low,
        outlier_share_high,
        'Wilson',
        episodes as n,
        episodes as smallest_group,
        null,
        {{ dbt.string_literal(dbt.escape_single_quotes("Cohen's h")) }},
        1,
        null,
        null
    from {{ ref('kpi_cost_outliers') }}
    where season = 'all' and department_id != 'all'

),

-- how far a share is from the claim's own bar
estimates as (

    select
        asked.claim_id,
        asked.part,
        measured.*,
        case
            when measured.estimator != 'cost_outlier_share' then measured.effect
            when asked.no_difference between 0 and 1
            then {{ cohens_h('measured.estimate', 'asked.no_difference') }}
        end as effect_size
    from asked
    inner join measured
        on measured.estimator = asked.estimator
        and measured.department_id = asked.subject

),

final as (

    select
        {{ estimate_columns('the data hold no costs of the department', has_remark=true) }}
    from asked
    left join estimates
        on estimates.claim_id = asked.claim_id
        and estimates.part = asked.part

)

select * from final
