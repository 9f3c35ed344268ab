{{ config(materialized='table') }}

with

units as (

    select
        *,
        denominator > 0 and n >= case
            when funnel_type = 'ratio' then {{ minimum_n('risk_adjusted') }}
            else {{ minimum_n('funnel_unit') }}
        end as is_large_enough
    from {{ ref('int_funnel_units') }}

),

-- what is expected is the network's: a ratio of 1 is its rate
targets as (

    select
        kpi_id,
        period,
        unit_kind,
        count(case when is_large_enough then 1 end) as units,
        case
            when max(funnel_type) = 'ratio' then 1e0
            else {{ safe_divide('sum(numerator)', exact_sum('denominator', places=0)) }}
        end as target
    from units
    group by kpi_id, period, unit_kind

),

scored as (

    select
        units.*,
        targets.units,
        targets.target,
        {{ safe_divide('units.numerator', 'units.denominator') }} as value,
        case
            when units.funnel_type = 'ratio'
            then {{ funnel_ratio_z_score('units.numerator', 'units.denominator') }}
            else {{ funnel_z_score('units.numerator', 'units.denominator', 'targets.target') }}
        end as z_score
    from units
    inner join targets
        on targets.kpi_id = units.kpi_id
        and targets.period = units.period
        and targets.unit_kind = units.unit_kind

),

-- units too small to be judged shape no limits
tails as (

    select
        kpi_id,
        period,
        unit_kind,
        {{ quantile('z_score', 0.1) }} as lowest_z,
        {{ quantile('z_score', 0.9) }} as highest_z
    from scored
    where is_large_enough
    group by kpi_id, period, unit_kind

),

-- equal scores share a rank: how many lie below and how many above
ranked as (

    select
        kpi_id,
        period,
        unit_kind,
        unit,
        count(*) over (partition by kpi_id, period, unit_kind) as scores,
        rank() over (
            partition by kpi_id, period, unit_kind order by z_score asc nulls last
        ) as rank_from_lowest,
        rank() over (
            partition by kpi_id, period, unit_kind order by z_score desc nulls last
        ) as rank_from_highest
    from scored
    where is_large_enough and z_score is not null

),

final as (

    select
        scored.*,
        case
            when not scored.is_large_enough then null
            when scored.funnel_type = 'proportion'
            then least(greatest(scored.z_score, tails.lowest_z), tails.highest_z)
            when {{ funnel_is_kept(
                'ranked.rank_from_lowest', 'ranked.rank_from_highest', 'ranked.scores'
            ) }}
            then scored.z_score
        end as z_score_used,
        case when scored.funnel_type = 'ratio' then 1 else 4 end * scored.denominator as weight
    from scored
    left join tails
        on tails.kpi_id = scored.kpi_id
        and tails.period = scored.period
        and tails.unit_kind = scored.unit_kind
    left join ranked
        on ranked.kpi_id = scored.kpi_id
        and ranked.period = scored.period
        and ranked.unit_kind = scored.unit_kind
        and ranked.unit = scored.unit

)

select * from final
