with

-- above the fence of the whole period, so that a dear month is seen against the others
costs as (

    select * from {{ ref('int_costs_above_counted') }}

),

counted as (

    select
        case when grouping(department_id) = 1 then 'all' else department_id end as department_id,
        month,
        cast(sum(costs_known) as bigint) as episodes,
        cast(sum(episodes) - sum(costs_known) as bigint) as episodes_without_cost,
        cast(sum(above_fence) as bigint) as outliers
    from costs
    group by month, rollup(department_id)

),

final as (

    select
        'all' as facility_id,
        department_id,
        month,
        episodes,
        episodes_without_cost,
        outliers,
        {{ rate_columns('outlier_share', 'outliers', 'episodes') }}
    from counted

)

select * from final
