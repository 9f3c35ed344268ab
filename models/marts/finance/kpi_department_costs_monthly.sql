with

tallied as (

    select * from {{ ref('int_department_costs_tallied') }}

),

totalled as (

    select
        case when grouping(department_id) = 1 then 'all' else department_id end as department_id,
        month,
        season,
        cost,
        cast(sum(episodes) as bigint) as episodes
    from tallied
    group by month, season, cost, rollup(department_id)

),

ranked as (

    select
        totalled.*,
        {{ last_rank('episodes', ['department_id', 'month'], 'cost') }} as last_rank,
        sum(case when cost is not null then episodes else 0 end) over (
            partition by department_id, month
        ) as n,
        {{ safe_divide(
            'sum(cost * episodes) over (partition by department_id, month)',
            'sum(case when cost is not null then episodes end)'
            ~ ' over (partition by department_id, month)'
        ) }} as mean_cost
    from totalled

),

summed as (

    select
        department_id,
        month,
        season,
        cast(max(n) as bigint) as episodes,
        cast(sum(episodes) - max(n) as bigint) as episodes_without_cost,
        coalesce(sum(cost * episodes), 0) as total_cost,
        max(mean_cost) as mean_cost,
        {{ order_free(tallied_sd('cost', 'episodes', 'mean_cost', 'n')) }} as sd_cost,
        {{ tallied_quantile('cost', 'last_rank', 'n', 0.5) }} as median_cost,
        {{ tallied_value_at('cost', 'last_rank', median_low_rank('n')) }} as median_cost_low,
        {{ tallied_value_at('cost', 'last_rank', median_high_rank('n')) }} as median_cost_high
    from ranked
    group by department_id, month, season

),

final as (

    select
        department_id,
        month,
        season,
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
    from summed

)

select * from final
