{{ config(materialized='table') }}

with

tallied as (

    select * from {{ ref('int_department_costs_tallied') }}

),

totalled as (

    select
        case when grouping(department_id) = 1 then 'all' else department_id end as department_id,
        case when grouping(season) = 1 then 'all' else season end as season,
        cost,
        cast(sum(episodes) as bigint) as episodes
    from tallied
    group by cost, cube(department_id, season)

),

final as (

    select
        department_id,
        season,
        cost,
        episodes,
        -- episodes without a usable cost come last: their ranks lie beyond n
        cast({{ last_rank('episodes', ['department_id', 'season'], 'cost') }} as bigint)
            as last_rank,
        cast(coalesce(sum(case when cost is not null then episodes end) over (
            partition by department_id, season
        ), 0) as bigint) as n,
        -- from exact sums: a mean of doubles depends on the order of the rows
        {{ safe_divide(
            'sum(cost * episodes) over (partition by department_id, season)',
            'sum(case when cost is not null then episodes end)'
            ~ ' over (partition by department_id, season)'
        ) }} as mean_cost
    from totalled

)

select * from final
