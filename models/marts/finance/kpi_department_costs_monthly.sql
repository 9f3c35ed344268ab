with

tallied as (

    select * from {{ ref('int_department_costs_tallied') }}

),

ranked as (

    select * from {{ ref('int_department_costs_ranked') }}
    where month is not null

),

summed as (

    select
        case when grouping(department_id) = 1 then 'all' else department_id end as department_id,
        month,
        cast(sum(costs_known) as bigint) as n,
        cast(sum(episodes) - sum(costs_known) as bigint) as episodes_without_cost,
        sum(total_cost) as total_cost,
        sum(cost_squares) as cost_squares,
        sum(cost_cubes) as cost_cubes
    from tallied
    group by month, rollup(department_id)

),

-- from a whole number near the mean, so that the powers of a cost's distance cancel little
centred as (

    select
        summed.*,
        {{ sums_from_centre('n', 'total_cost', 'cost_squares', 'cost_cubes') }}
    from summed

),

medians as (

    select
        department_id,
        month,
        {{ tallied_quantile('cost', 'last_rank', 'n', 0.5) }} as median_cost,
        {{ tallied_value_at('cost', 'last_rank', median_low_rank('n')) }} as median_cost_low,
        {{ tallied_value_at('cost', 'last_rank', median_high_rank('n')) }} as median_cost_high
    from ranked
    group by department_id, month

),

measured as (

    select
        centred.department_id,
        centred.month,
        centred.n as episodes,
        centred.episodes_without_cost,
        centred.total_cost,
        {{ safe_divide('centred.total_cost', 'centred.n') }} as mean_cost,
        {{ order_free(sd_of_sums('centred.n', 'centred.distances', 'centred.distance_squares')) }}
            as sd_cost,
        medians.median_cost,
        medians.median_cost_low,
        medians.median_cost_high
    from centred
    left join medians
        on medians.department_id = centred.department_id
        and medians.month = centred.month

),

final as (

    select
        department_id,
        month,
        {{ season('month', var('hemisphere')) }} as season,
        episodes,
        episodes_without_cost,
        cast(total_cost as decimal(18, 2)) as total_cost,
        mean_cost,
        {{ mean_low('mean_cost', 'sd_cost', 'episodes') }} as mean_cost_low,
        {{ mean_high('mean_cost', 'sd_cost', 'episodes') }} as mean_cost_high,
        sd_cost,
        median_cost,
        median_cost_low,
        median_cost_high
    from measured

)

select * from final
