{%- set points = 60 %}

with

funnels as (

    select
        kpi_id,
        funnel_type,
        period,
        unit_kind,
        max(target) as target,
        -- ratios without a single event tell nothing about their spread
        coalesce(max(tau_squared), 0e0) as tau_squared,
        min(denominator) as smallest,
        max(denominator) as largest
    from {{ ref('kpi_funnels') }}
    where is_reportable
    group by kpi_id, funnel_type, period, unit_kind

),

-- even steps on a log scale: the limits bend most where the denominators are small
grid as (

    select
        funnels.*,
        cast(numbers.n + 1 as bigint) as point,
        round(
            exp(
                ln(funnels.smallest)
                + (ln(funnels.largest) - ln(funnels.smallest)) * numbers.n / {{ points - 1 }}e0
            ),
            6
        ) as denominator
    from funnels
    cross join {{ numbers(2) }} as numbers
    where numbers.n < {{ points }}

),

final as (

    select
        kpi_id,
        funnel_type,
        period,
        unit_kind,
        point,
        denominator,
        target,
        {{ funnel_limit_columns('funnel_type', 'target', 'denominator', 'tau_squared') }}
    from grid

)

select * from final
