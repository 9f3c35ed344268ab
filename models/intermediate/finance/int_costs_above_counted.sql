{{ config(materialized='table') }}

with

tallied as (

    select * from {{ ref('int_department_costs_tallied') }}

),

-- of the whole time, so that a dear month or season is seen against the others
limits as (

    select
        department_id,
        {{ order_free('p95_cost') }} as p95_cost,
        -- rounded, so that a cost at the fence is not above it by an error of the arithmetic
        {{ order_free('p75_cost + 1.5 * (p75_cost - p25_cost)') }} as upper_fence
    from {{ ref('int_seasonal_costs_summed') }}
    where season = 'all'

),

-- a department's own limits, and that of all departments together
applied as (

    select
        own.department_id,
        own.upper_fence as fence,
        own.p95_cost as p95,
        whole.p95_cost as overall_p95,
        {{ cost_bucket('own.upper_fence') }} as fence_bucket,
        {{ cost_bucket('own.p95_cost') }} as p95_bucket,
        {{ cost_bucket('whole.p95_cost') }} as overall_p95_bucket
    from limits as own
    inner join limits as whole
        on whole.department_id = 'all'
    where own.department_id != 'all'

),

-- whole buckets above a limit, and of the bucket with the limit in it the costs above it
stacked as (

    select
        tallied.department_id,
        tallied.month,
        {%- for limit in ['fence', 'p95', 'overall_p95'] %}
        case
            when tallied.cost_bucket > applied.{{ limit }}_bucket then tallied.costs_known else 0
        end as above_{{ limit }},
        {%- endfor %}
        tallied.episodes,
        tallied.costs_known
    from tallied
    left join applied
        on applied.department_id = tallied.department_id
    union all
    select
        episodes.department_id,
        {{ first_of_month('episodes.episode_date') }},
        {%- for limit in ['fence', 'p95', 'overall_p95'] %}
        case
            when
                episodes.cost_bucket = applied.{{ limit }}_bucket
                and episodes.cost > applied.{{ limit }}
            then 1
            else 0
        end,
        {%- endfor %}
        0,
        0
    from (
        select
            department_id,
            episode_date,
            cost,
            {{ cost_bucket('cost') }} as cost_bucket
        from {{ ref('fct_episodes') }}
        where cost is not null and not is_future
    ) as episodes
    inner join applied
        on applied.department_id = episodes.department_id
        and episodes.cost_bucket in (
            applied.fence_bucket, applied.p95_bucket, applied.overall_p95_bucket
        )

),

final as (

    select
        department_id,
        month,
        cast(sum(episodes) as bigint) as episodes,
        cast(sum(costs_known) as bigint) as costs_known,
        cast(sum(above_fence) as bigint) as above_fence,
        cast(sum(above_p95) as bigint) as above_p95,
        cast(sum(above_overall_p95) as bigint) as above_overall_p95
    from stacked
    group by department_id, month

)

select * from final
