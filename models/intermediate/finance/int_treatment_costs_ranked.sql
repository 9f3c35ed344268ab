{{ config(materialized='table') }}

with

treatments as (

    select * from {{ ref('int_treatment_costs_stacked') }}

),

-- ranks and quantiles come from the distinct costs: the treatments themselves are never sorted
tallied as (

    select
        source_system,
        treatment_type,
        cost,
        count(*) as treatments,
        count(case when is_attended then 1 end) as attended
    from treatments
    group by source_system, treatment_type, cost

),

scoped as (

    select source_system, treatment_type, 'all' as cost_scope, cost, treatments from tallied
    union all
    select source_system, treatment_type, 'attended' as cost_scope, cost, attended from tallied
    where attended > 0

),

totalled as (

    select
        source_system,
        case when grouping(treatment_type) = 1 then 'all' else treatment_type end
            as treatment_type,
        cost_scope,
        cost,
        cast(sum(treatments) as bigint) as treatments
    from scoped
    group by source_system, cost_scope, cost, rollup(treatment_type)

),

final as (

    select
        source_system,
        treatment_type,
        cost_scope,
        cost,
        treatments,
        -- treatments without a usable cost come last: their ranks lie beyond n
        cast({{ last_rank(
            'treatments', ['source_system', 'treatment_type', 'cost_scope'], 'cost'
        ) }} as bigint) as last_rank,
        cast(coalesce(sum(case when cost is not null then treatments end) over (
            partition by source_system, treatment_type, cost_scope
        ), 0) as bigint) as n,
        -- from exact sums: a mean of doubles depends on the order of the rows
        {{ safe_divide(
            'sum(cost * treatments) over (partition by source_system, treatment_type, cost_scope)',
            'sum(case when cost is not null then treatments end)'
            ~ ' over (partition by source_system, treatment_type, cost_scope)'
        ) }} as mean_cost
    from totalled

)

select * from final
