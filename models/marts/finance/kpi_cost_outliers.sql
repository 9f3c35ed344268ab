with

costs as (

    select
        *,
        {{ season('month', var('hemisphere')) }} as season
    from {{ ref('int_costs_above_counted') }}
    where costs_known > 0

),

-- Tukey's upper fence of all episodes of the department, whatever the season
fences as (

    select
        department_id,
        -- rounded, so that a cost at the fence is not above it by an error of the arithmetic
        {{ order_free('p75_cost + 1.5 * (p75_cost - p25_cost)') }} as upper_fence
    from {{ ref('kpi_costs_seasonal') }}
    where season = 'all' and department_id != 'all'

),

counted as (

    select
        case when grouping(department_id) = 1 then 'all' else department_id end as department_id,
        case when grouping(season) = 1 then 'all' else season end as season,
        cast(sum(costs_known) as bigint) as episodes,
        cast(sum(above_fence) as bigint) as outliers
    from costs
    group by cube(department_id, season)
    -- no total of nothing: engines differ in whether it is a row
    having count(*) > 0

),

final as (

    select
        counted.department_id,
        counted.season,
        counted.episodes,
        counted.outliers,
        {{ rate_columns('outlier_share', 'counted.outliers', 'counted.episodes') }},
        fences.upper_fence
    from counted
    left join fences
        on fences.department_id = counted.department_id

)

select * from final
