{{ config(materialized='table') }}

with

tallied as (

    select
        *,
        {{ season('month', var('hemisphere')) }} as season
    from {{ ref('int_department_costs_tallied') }}

),

ranked as (

    select * from {{ ref('int_department_costs_ranked') }}
    where month is null

),

summed as (

    select
        case when grouping(department_id) = 1 then 'all' else department_id end as department_id,
        case when grouping(season) = 1 then 'all' else season end as season,
        cast(sum(costs_known) as bigint) as n,
        cast(sum(episodes) - sum(costs_known) as bigint) as episodes_without_cost,
        {%- for name in ['total_cost', 'cost_squares', 'cost_cubes', 'cost_logs',
            'cost_log_squares'] %}
        sum({{ name }}) as {{ name }},
        {%- endfor %}
        cast(sum(costs_above_zero) as bigint) as log_n
    from tallied
    group by cube(department_id, season)
    -- no total of nothing: engines differ in whether it is a row
    having count(*) > 0

),

-- from a whole number near the mean, so that the powers of a cost's distance cancel little
centred as (

    select
        summed.*,
        {{ sums_from_centre('n', 'total_cost', 'cost_squares', 'cost_cubes') }}
    from summed

),

quantiles as (

    select
        department_id,
        season,
        {{ tallied_quantile('cost', 'last_rank', 'n', 0.5) }} as median_cost,
        {{ tallied_value_at('cost', 'last_rank', median_low_rank('n')) }} as median_cost_low,
        {{ tallied_value_at('cost', 'last_rank', median_high_rank('n')) }} as median_cost_high,
        {{ tallied_quantile('cost', 'last_rank', 'n', 0.25) }} as p25_cost,
        {{ tallied_quantile('cost', 'last_rank', 'n', 0.75) }} as p75_cost,
        {{ tallied_quantile('cost', 'last_rank', 'n', 0.9) }} as p90_cost,
        {{ tallied_quantile('cost', 'last_rank', 'n', 0.95) }} as p95_cost
    from ranked
    group by department_id, season

),

final as (

    select
        centred.department_id,
        centred.season,
        centred.n as episodes,
        centred.episodes_without_cost,
        cast(centred.total_cost as decimal(18, 2)) as total_cost,
        {{ safe_divide('centred.total_cost', 'centred.n') }} as mean_cost,
        {{ order_free(sd_of_sums('centred.n', 'centred.distances', 'centred.distance_squares')) }}
            as sd_cost,
        {{ order_free(skewness_of_sums(
            'centred.n', 'centred.distances', 'centred.distance_squares', 'centred.distance_cubes'
        )) }} as skewness,
        {%- for name in [
            'median_cost', 'median_cost_low', 'median_cost_high', 'p25_cost', 'p75_cost',
            'p90_cost', 'p95_cost',
        ] %}
        quantiles.{{ name }},
        {%- endfor %}
        centred.log_n,
        cast(centred.cost_logs as double) as log_sum,
        cast(centred.cost_log_squares as double) as log_squares
    from centred
    left join quantiles
        on quantiles.department_id = centred.department_id
        and quantiles.season = centred.season

)

select * from final
