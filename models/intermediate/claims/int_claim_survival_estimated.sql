{%- set estimators = ['largest_hazard_ratio', 'hazard_spread', 'insurance_hazard_ratio'] -%}
{%- set no_other_test = '; a test of how the months are distributed would compare lengths of'
    ~ ' follow-up, not survival' -%}

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
        group_by,
        case
            when testable_groups >= 2 then null
            when testable_groups = 0 then why_not || '{{ no_other_test }}'
            else 'no second group is known'
        end as why_not
    from reasons

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
            then 'nobody died while two of the groups were at risk'
            else judged.why_not
        end,
        null
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
