with

costs as (

    select * from {{ ref('int_department_costs_tallied') }}

),

-- the fence of the whole period, so that a dear month is seen against the others
fences as (

    select * from {{ ref('kpi_cost_outliers') }}
    where season = 'all' and department_id != 'all'

),

counted as (

    select
        case when grouping(costs.department_id) = 1 then 'all' else costs.department_id end
            as department_id,
        costs.month,
        cast(sum(case when costs.cost is not null then costs.episodes else 0 end) as bigint)
            as episodes,
        cast(sum(case when costs.cost is null then costs.episodes else 0 end) as bigint)
            as episodes_without_cost,
        cast(sum(
            case when costs.cost > fences.upper_fence then costs.episodes else 0 end
        ) as bigint) as outliers
    from costs
    left join fences
        on fences.department_id = costs.department_id
    group by costs.month, rollup(costs.department_id)

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
