{{ config(materialized='incremental', unique_key=['department_id', 'month', 'cost_bucket']) }}

with

episodes as (

    select
        department_id,
        {{ first_of_month('episode_date') }} as month,
        {{ cost_bucket('cost') }} as cost_bucket,
        cost,
        {{ square_of_money('cost') }} as cost_square,
        cast({{ square_of_money('cost') }} as decimal(22, 4)) * cast(cost as decimal(12, 2))
            as cost_cube,
        case when cost > 0 then cast(ln(cast(cost as double)) as decimal(20, 18)) end as cost_log,
        case
            when cost > 0 then cast(power(ln(cast(cost as double)), 2) as decimal(22, 18))
        end as cost_log_square,
        change
    from {{ changes_of('fct_episodes') }} as changes
    where not is_future

),

final as (

    select
        department_id,
        month,
        cost_bucket,
        cast(sum(change) as bigint) as episodes,
        cast(sum(case when cost is not null then change else 0 end) as bigint) as costs_known,
        cast(sum(change * coalesce(cost, 0)) as decimal(38, 2)) as total_cost,
        cast(sum(change * coalesce(cost_square, 0)) as decimal(38, 4)) as cost_squares,
        cast(sum(change * coalesce(cost_cube, 0)) as decimal(38, 6)) as cost_cubes,
        -- the logarithm of nothing does not exist
        cast(sum(case when cost > 0 then change else 0 end) as bigint) as costs_above_zero,
        cast(sum(change * coalesce(cost_log, 0)) as decimal(38, 18)) as cost_logs,
        cast(sum(change * coalesce(cost_log_square, 0)) as decimal(38, 18)) as cost_log_squares
    from episodes
    group by department_id, month, cost_bucket

)

select * from final
