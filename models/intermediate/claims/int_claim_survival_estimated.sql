{%- set estimators = ['largest_hazard_ratio', 'hazard_spread', 'insurance_hazard_ratio'] -%}

with

asked as (

    {{ claims_of(estimators) }}

),

-- why nothing can be compared; the total speaks for all groups
reasons as (

    select
        group_by,
        count(case when is_testable and group_value != 'unknown' then 1 end) as testable_groups,
        lower(substr(max(why_not), 1, 1))
        || substr(max(why_not), 2, length(max(why_not)) - 2) as why_not
    from {{ ref('kpi_survival_summary') }}
    group by group_by

),

judged as (

    select
        reasons.group_by,
        case
            when reasons.testable_groups >= 2 then null
            when reasons.testable_groups = 0
            then
                reasons.why_not || coalesce(
                    '; a rank test (Kruskal-Wallis) of the recorded months in '
                    || cast(ranks.groups_tested as string) || ' groups finds '
                    || {{ p_text('ranks.p_value') }}
                    || ', which compares lengths of follow-up, not survival', ''
                )
            else 'no second group is known'
        end as why_not
    from reasons
    left join {{ ref('int_claim_ranks_tested') }} as ranks
        on ranks.subject = reasons.group_by
        and ranks.estimator = 'largest_hazard_ratio'

),

estimates as (

    select
        judged.group_by as subject,
        cast(null as string) as comparator,
        'largest_hazard_ratio' as estimator,
        {{ exp_or_null('pairs.log_ratio') }} as estimate,
        {{ exp_or_null('pairs.log_ratio - pairs.log_margin') }} as low,
        {{ exp_or_null('pairs.log_ratio + pairs.log_margin') }} as high,
        'Peto, adjusted for the number of pairs by Bonferroni' as interval_method,
        pairs.cases as n,
        cast(null as bigint) as smallest_group,
        pairs.log_ratio as effect_size,
        'log ratio' as effect_size_kind,
        pairs.comparisons,
        case
            when judged.why_not is null and pairs.group_by is null
            then 'no two groups have enough cases that are alike in what makes the strata'
            else judged.why_not
        end as why_not,
        'It is ' || pairs.worse || ' against ' || pairs.better || '.' as remark
    from judged
    left join {{ ref('int_claim_hazards_compared') }} as pairs
        on pairs.group_by = judged.group_by
    union all
    select
        judged.group_by,
        null,
        'hazard_spread',
        sqrt(tests.noncentrality / nullif(tests.events, 0)),
        sqrt(least(tests.noncentrality_low, tests.noncentrality) / nullif(tests.events, 0)),
        sqrt(greatest(tests.noncentrality_high, tests.noncentrality) / nullif(tests.events, 0)),
        'Noncentral chi-square of the stratified log-rank test (Steiger and Fouladi 1997)',
        tests.cases as n,
        tests.cases as smallest_group,
        sqrt(tests.noncentrality / nullif(tests.events, 0)),
        'standard deviation of log hazards',
        1,
        case
            when judged.why_not is null and tests.group_by is null
            then 'nobody died while two groups with enough cases were at risk'
            else judged.why_not
        end,
        'Compared are the ' || cast(tests.groups_tested as string) || ' groups with at least '
        || cast({{ minimum_n('claim') }} as string) || ' cases.'
    from judged
    left join {{ ref('int_claim_hazards_tested') }} as tests
        on tests.group_by = judged.group_by
    union all
    select
        subject,
        comparator,
        'insurance_hazard_ratio',
        {{ exp_or_null('log_ratio') }},
        {{ exp_or_null('log_ratio - log_margin') }},
        {{ exp_or_null('log_ratio + log_margin') }},
        'Peto',
        cases,
        smallest_group,
        log_ratio,
        'log ratio',
        1,
        case
            when share_in_two_arm_strata < 0.5
            then 'fewer than half of the patients have somebody like them in the other group'
        end,
        null
    from {{ ref('int_claim_insured_hazards') }}

),

final as (

    select
        {{ estimate_columns(
            'the data hold no cases of these groups with a known time and vital status',
            has_remark=true
        ) }}
    from asked
    left join estimates
        on estimates.estimator = asked.estimator
        and estimates.subject = asked.subject
        and coalesce(estimates.comparator, '') = coalesce(asked.comparator, '')

)

select * from final
