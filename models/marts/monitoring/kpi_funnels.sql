with

scored as (

    select * from {{ ref('int_funnels_scored') }}

),

-- decimals add up to the same in any order
summed as (

    select
        kpi_id,
        period,
        unit_kind,
        count(*) as dispersion_units,
        {{ exact_sum('power(z_score_used, 2)') }} as squared_z,
        {{ exact_sum('weight', places=9) }} as weights,
        {{ exact_sum('weight * weight', places=9) }} as squared_weights
    from scored
    -- one unit alone is its own whole: no funnel
    where z_score_used is not null and units > 1
    group by kpi_id, period, unit_kind

),

spread as (

    select
        *,
        squared_z / dispersion_units as phi,
        {{ funnel_tau_squared('squared_z', 'dispersion_units', 'weights', 'squared_weights') }}
            as tau_squared
    from summed

),

limited as (

    select
        scored.*,
        coalesce(spread.dispersion_units, 0) as dispersion_units,
        spread.phi,
        spread.tau_squared,
        scored.is_large_enough and scored.units > 1 as is_reportable,
        {{ funnel_limit_columns(
            'scored.funnel_type', 'scored.target', 'scored.denominator', 'spread.tau_squared'
        ) }}
    from scored
    left join spread
        on spread.kpi_id = scored.kpi_id
        and spread.period = scored.period
        and spread.unit_kind = scored.unit_kind

),

final as (

    select
        kpi_id,
        funnel_type,
        period,
        unit_kind,
        unit,
        numerator,
        denominator,
        n,
        -- below the minimum there are counts only
        case when is_large_enough then value end as value,
        target,
        {% for name in funnel_limit_names() -%}
        {{ name }},
        {% endfor -%}
        units,
        units < 10 as has_few_units,
        dispersion_units,
        phi,
        tau_squared,
        phi > 1 as is_overdispersed,
        case when is_large_enough then z_score end as z_score,
        is_reportable,
        case
            when is_reportable then null
            when is_large_enough then 'no other unit to compare with'
            when denominator = 0 then 'nothing in the denominator'
            when funnel_type = 'ratio'
            then 'fewer than ' || cast({{ minimum_n('risk_adjusted') }} as string) || ' stays'
            else 'fewer than ' || cast({{ minimum_n('funnel_unit') }} as string)
        end as why_not,
        case
            when not is_reportable then null
            -- no event has no logarithm, and every adjusted limit of a ratio is above 0
            when phi > 1 and z_score is not null
            then {{ funnel_position('value', 'adjusted_limit') }}
            else {{ funnel_position('value', 'limit') }}
        end as position,
        case when is_reportable then {{ funnel_position('value', 'limit') }} end
            as position_unadjusted
    from limited

)

select * from final
