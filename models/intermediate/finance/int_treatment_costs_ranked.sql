with

treatments as (

    select * from {{ ref('fct_treatments') }}
    where cost is not null

),

scoped as (

    select treatment_key, treatment_type, cost, 'all' as cost_scope from treatments
    union all
    select treatment_key, treatment_type, cost, 'attended' as cost_scope from treatments
    where appointment_outcome = 'attended'

),

totalled as (

    select treatment_key, treatment_type, cost, cost_scope from scoped
    union all
    select treatment_key, 'all' as treatment_type, cost, cost_scope from scoped

),

final as (

    select
        'hospital_ops' as source_system,
        treatment_key,
        treatment_type,
        cost_scope,
        cost,
        row_number() over (
            partition by treatment_type, cost_scope
            order by cost nulls last, treatment_key nulls last
        ) as cost_rank,
        count(*) over (partition by treatment_type, cost_scope) as n,
        avg(cast(cost as double)) over (partition by treatment_type, cost_scope) as mean_cost
    from totalled

)

select * from final
