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

sized as (

    select
        department_id,
        season,
        cast(coalesce(sum(case when cost is not null then episodes end), 0) as bigint) as n,
        -- from exact sums: a mean of doubles depends on the order of the rows
        {{ safe_divide(
            'sum(cost * episodes)', 'sum(case when cost is not null then episodes end)'
        ) }} as mean_cost
    from totalled
    group by department_id, season

),

final as (

    select
        totalled.department_id,
        totalled.season,
        totalled.cost,
        totalled.episodes,
        -- episodes without a usable cost come last: their ranks lie beyond n
        cast({{ last_rank(
            'totalled.episodes', ['totalled.department_id', 'totalled.season'], 'totalled.cost'
        ) }} as bigint) as last_rank,
        sized.n,
        sized.mean_cost
    from totalled
    inner join sized
        on sized.department_id = totalled.department_id
        and sized.season = totalled.season

)

select * from final
