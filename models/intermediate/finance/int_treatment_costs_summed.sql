with

tallied as (

    select * from {{ ref('int_treatment_costs_tallied') }}

),

summed as (

    select
        tallied.source_system,
        case when groups.is_own_type then tallied.treatment_type else 'all' end as treatment_type,
        groups.cost_scope,
        cast(sum(tallied.treatments) as bigint) as all_treatments,
        cast(
            sum(case when tallied.cost_range is not null then tallied.treatments else 0 end)
            as bigint
        ) as n,
        sum(tallied.total_cost) as total_cost,
        sum(tallied.cost_squares) as cost_squares,
        sum(tallied.cost_cubes) as cost_cubes,
        sum(tallied.log_costs) as log_costs
    from tallied
    cross join {{ cost_groups() }} as groups
    where not groups.is_own_place and (groups.cost_scope = 'all' or tallied.is_attended)
    group by
        tallied.source_system,
        case when groups.is_own_type then tallied.treatment_type else 'all' end,
        groups.cost_scope

),

distances as (

    select
        summed.*,
        {{ sums_from_centre('n', 'total_cost', 'cost_squares', 'cost_cubes') }}
    from summed

),

final as (

    select
        source_system,
        treatment_type,
        cost_scope,
        n as treatments,
        all_treatments - n as treatments_without_cost,
        total_cost,
        -- from exact sums: a mean of doubles depends on the order of the rows
        {{ safe_divide('total_cost', 'n') }} as mean_cost,
        {{ sd_of_sums('n', 'distances', 'distance_squares') }} as sd_cost,
        {{ skewness_of_sums('n', 'distances', 'distance_squares', 'distance_cubes') }} as skewness,
        cast(log_costs as double) / nullif(n, 0) as mean_log_cost
    from distances

)

select * from final
