with

-- how many of each group are in each stratum
arms as (

    select
        group_by,
        strata,
        stratum,
        group_value,
        count(*) as cases,
        count(case when is_dead then 1 end) as events
    from {{ ref('int_survival_compared') }}
    where strata not like '%{{ among_large_groups() }}'
    group by group_by, strata, stratum, group_value

),

totals as (

    select
        group_by,
        strata,
        group_value,
        cast(sum(cases) as bigint) as cases,
        cast(sum(events) as bigint) as events
    from arms
    group by group_by, strata, group_value

),

two_armed as (

    select
        a.group_by,
        a.strata,
        a.group_value,
        b.group_value as reference_value,
        sum(a.cases + b.cases) as cases
    from arms as a
    inner join arms as b
        on b.group_by = a.group_by
        and b.strata = a.strata
        and b.stratum = a.stratum
        and b.group_value > a.group_value
    group by a.group_by, a.strata, a.group_value, b.group_value

),

paired as (

    select
        a.group_by,
        a.group_value,
        b.group_value as reference_value,
        a.strata,
        a.cases,
        b.cases as reference_cases,
        a.events as observed,
        b.events as reference_observed,
        coalesce(scored.score, 0e0) as score,
        coalesce(scored.variance, 0e0) as variance,
        scored.score / nullif(scored.variance, 0) as log_ratio,
        {{ z95() }} / nullif(sqrt(scored.variance), 0) as log_margin,
        scored.score * scored.score / nullif(scored.variance, 0) as chi_square,
        {{ safe_divide('coalesce(two_armed.cases, 0)', '(a.cases + b.cases)') }}
            as share_in_two_arm_strata
    from totals as a
    inner join totals as b
        on b.group_by = a.group_by
        and b.strata = a.strata
        and b.group_value > a.group_value
    left join two_armed
        on two_armed.group_by = a.group_by
        and two_armed.strata = a.strata
        and two_armed.group_value = a.group_value
        and two_armed.reference_value = b.group_value
    left join {{ ref('int_survival_pairs_scored') }} as scored
        on scored.group_by = a.group_by
        and scored.strata = a.strata
        and scored.group_value = a.group_value
        and scored.reference_value = b.group_value

),

final as (

    select
        group_by,
        group_value,
        reference_value,
        strata,
        cases,
        reference_cases,
        share_in_two_arm_strata,
        observed,
        reference_observed,
        observed - score as expected,
        reference_observed + score as reference_expected,
        variance,
        {{ exp_or_null('log_ratio') }} as hazard_ratio,
        {{ exp_or_null('log_ratio - log_margin') }} as hazard_ratio_low,
        {{ exp_or_null('log_ratio + log_margin') }} as hazard_ratio_high,
        chi_square as logrank_chi_square,
        {{ chi_square_upper_tail('chi_square', '1', largest_df=1) }} as logrank_p_value
    from paired

)

select * from final
