with

units as (

    select * from {{ ref('int_funnel_units') }}

),

targets as (

    select
        kpi_id,
        period,
        {{ safe_divide('sum(numerator)', 'sum(denominator)') }} as target
    from units
    group by kpi_id, period

),

scored as (

    select
        units.*,
        {{ safe_divide('units.numerator', 'units.denominator') }} as value,
        targets.target,
        units.denominator >= {{ minimum_funnel_denominator() }} as is_reportable,
        {{ funnel_z_score('units.numerator', 'units.denominator', 'targets.target') }} as z_score
    from units
    inner join targets
        on targets.kpi_id = units.kpi_id
        and targets.period = units.period

),

tails as (

    select
        kpi_id,
        period,
        {{ quantile('z_score', 0.1) }} as lowest_z,
        {{ quantile('z_score', 0.9) }} as highest_z
    from scored
    where is_reportable
    group by kpi_id, period

),

-- decimals add up to the same in any order; units too small to be judged shape no limits
summed as (

    select
        scored.kpi_id,
        scored.period,
        count(*) as units,
        {{ exact_sum(
            'power(least(greatest(scored.z_score, tails.lowest_z), tails.highest_z), 2)'
        ) }} as squared_z,
        {{ exact_sum('4 * scored.denominator', places=0) }} as weights,
        {{ exact_sum('power(cast(4 * scored.denominator as double), 2)', places=0) }}
            as squared_weights
    from scored
    inner join tails
        on tails.kpi_id = scored.kpi_id
        and tails.period = scored.period
    where scored.is_reportable
    group by scored.kpi_id, scored.period

),

spread as (

    select
        *,
        squared_z / units as phi,
        {{ funnel_tau_squared('squared_z', 'units', 'weights', 'squared_weights') }} as tau_squared
    from summed

),

limited as (

    select
        scored.*,
        spread.units,
        spread.phi,
        spread.tau_squared,
        {{ funnel_limit_columns('scored.target', 'scored.denominator', 'spread.tau_squared') }}
    from scored
    left join spread
        on spread.kpi_id = scored.kpi_id
        and spread.period = scored.period

),

final as (

    select
        kpi_id,
        period,
        unit,
        cast(numerator as bigint) as numerator,
        cast(denominator as bigint) as denominator,
        value,
        target,
        {% for name in funnel_limit_names() -%}
        {{ name }},
        {% endfor -%}
        cast(units as bigint) as units,
        phi,
        tau_squared,
        phi > 1 as is_overdispersed,
        z_score,
        is_reportable,
        case
            when not is_reportable then null
            when phi > 1 then {{ funnel_position('value', 'adjusted_limit') }}
            else {{ funnel_position('value', 'limit') }}
        end as position,
        case when is_reportable then {{ funnel_position('value', 'limit') }} end
            as position_unadjusted
    from limited

)

select * from final
