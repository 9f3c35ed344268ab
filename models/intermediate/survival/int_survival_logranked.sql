{{ config(materialized='table') }}

{#- the score vector borders the matrix as one more row and column, numbered after all groups -#}
{% set border = largest_comparison() | int %}

with

-- all_at_risk = 1 leaves nothing to vary
weighted as (

    select
        event_times.*,
        cast(at_risk as double) / all_at_risk as share_at_risk,
        coalesce(
            cast(all_events as double) * (all_at_risk - all_events) / nullif(all_at_risk - 1, 0), 0
        ) as spread
    from {{ ref('int_survival_event_times') }} as event_times

),

scored as (

    select
        group_by,
        strata,
        group_value,
        group_number,
        number_of_groups,
        cast(sum(events) as bigint) as observed,
        {{ exact_sum('all_events * share_at_risk') }} as expected,
        {{ exact_sum('spread * share_at_risk * (1 - share_at_risk)') }} as variance
    from weighted
    group by group_by, strata, group_value, group_number, number_of_groups

),

covariances as (

    select
        a.group_by,
        a.strata,
        a.group_number as i,
        b.group_number as j,
        {{ exact_sum(
            'a.spread * a.share_at_risk'
            ~ ' * (case when a.group_number = b.group_number then 1 else 0 end - b.share_at_risk)'
        ) }} as covariance
    from weighted as a
    inner join weighted as b
        on b.group_by = a.group_by
        and b.strata = a.strata
        and b.stratum = a.stratum
        and b.time_months = a.time_months
    group by a.group_by, a.strata, a.group_number, b.group_number

),

-- the largest group follows from the others; one that never shared its risk has nothing to say.
-- Divided by the standard deviations, cells compare with 1
usable as (

    select
        group_by,
        strata,
        group_number,
        sqrt(variance) as sd,
        (observed - expected) / nullif(sqrt(variance), 0) as score
    from scored
    where group_number < number_of_groups and variance > 0

),

-- groups that never met at a death have no covariance: 0
cells as (

    select
        a.group_by,
        a.strata,
        a.group_number as i,
        b.group_number as j,
        coalesce(covariances.covariance, 0e0) / (a.sd * b.sd) as cell,
        0 as pivots
    from usable as a
    inner join usable as b
        on b.group_by = a.group_by
        and b.strata = a.strata
    left join covariances
        on covariances.group_by = a.group_by
        and covariances.strata = a.strata
        and covariances.i = a.group_number
        and covariances.j = b.group_number
    union all
    select group_by, strata, group_number, {{ border }}, score, 0 from usable
    union all
    select group_by, strata, {{ border }}, group_number, score, 0 from usable
    union all
    select distinct group_by, strata, {{ border }}, {{ border }}, 0e0, 0 from usable

),

{{ elimination_ctes('cells', border - 1) }},

solved as (

    select
        group_by,
        strata,
        max(case when i = {{ border }} and j = {{ border }} then -cell end) as chi_square,
        max(pivots) as pivots
    from cells_eliminated
    group by group_by, strata

),

final as (

    select
        scored.group_by,
        scored.strata,
        scored.group_value,
        scored.observed,
        scored.expected,
        scored.variance,
        case when solved.pivots > 0 then greatest(solved.chi_square, 0e0) end as chi_square,
        cast(nullif(solved.pivots, 0) as bigint) as degrees_of_freedom,
        {{ chi_square_upper_tail('solved.chi_square', 'solved.pivots', largest_df=border - 1) }}
            as p_value
    from scored
    left join solved
        on solved.group_by = scored.group_by
        and solved.strata = scored.strata

)

select * from final
