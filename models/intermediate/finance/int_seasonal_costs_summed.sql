{% set log_cost = 'ln(case when cost > 0 then cast(cost as double) end)' %}

with

ranked as (

    select * from {{ ref('int_seasonal_costs_ranked') }}

),

final as (

    select
        department_id,
        season,
        max(n) as episodes,
        cast(sum(episodes) - max(n) as bigint) as episodes_without_cost,
        cast(coalesce(sum(cost * episodes), 0) as decimal(18, 2)) as total_cost,
        max(mean_cost) as mean_cost,
        {{ order_free(tallied_sd('cost', 'episodes', 'mean_cost', 'n')) }} as sd_cost,
        {{ order_free(tallied_skewness('cost', 'episodes', 'mean_cost', 'n')) }} as skewness,
        {{ tallied_quantile('cost', 'last_rank', 'n', 0.5) }} as median_cost,
        {{ tallied_value_at('cost', 'last_rank', median_low_rank('n')) }} as median_cost_low,
        {{ tallied_value_at('cost', 'last_rank', median_high_rank('n')) }} as median_cost_high,
        {{ tallied_quantile('cost', 'last_rank', 'n', 0.25) }} as p25_cost,
        {{ tallied_quantile('cost', 'last_rank', 'n', 0.75) }} as p75_cost,
        {{ tallied_quantile('cost', 'last_rank', 'n', 0.9) }} as p90_cost,
        {{ tallied_quantile('cost', 'last_rank', 'n', 0.95) }} as p95_cost,
        -- the logarithm of nothing does not exist: geometric means are of what costs something
        cast(coalesce(sum(case when cost > 0 then episodes end), 0) as bigint) as log_n,
        coalesce({{ exact_sum('episodes * ' ~ log_cost) }}, 0) as log_sum,
        coalesce({{ exact_sum('episodes * power(' ~ log_cost ~ ', 2)') }}, 0) as log_squares
    from ranked
    group by department_id, season

)

select * from final
