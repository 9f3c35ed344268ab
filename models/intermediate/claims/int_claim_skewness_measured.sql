with

costs as (

    select
        department_id,
        cost
    from {{ ref('fct_episodes') }}
    where cost is not null and not is_future

),

shapes as (

    select
        department_id,
        episodes,
        mean_cost,
        sd_cost * sqrt((episodes - 1e0) / nullif(episodes, 0)) as sd,
        skewness
    from {{ ref('kpi_costs_seasonal') }}
    where season = 'all' and department_id != 'all' and sd_cost > 0

),

standardised as (

    select
        shapes.department_id,
        shapes.skewness,
        shapes.episodes,
        (cast(costs.cost as double) - shapes.mean_cost) / shapes.sd as z
    from costs
    inner join shapes
        on shapes.department_id = costs.department_id

),

-- by how much a cost moves the skewness of all
influenced as (

    select
        department_id,
        skewness,
        episodes,
        z * z * z - 3 * z - skewness - 1.5e0 * skewness * (z * z - 1) as influence
    from standardised

),

final as (

    select
        department_id,
        max(episodes) as episodes,
        max(skewness) as skewness,
        sqrt({{ exact_sum('influence * influence', places=12) }}) / max(episodes)
            as skewness_error
    from influenced
    group by department_id

)

select * from final
