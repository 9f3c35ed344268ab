with

treatments as (

    select * from {{ ref('fct_treatments') }}
    where not is_future

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
        -- treatments without a usable cost come last: their ranks lie beyond n
        row_number() over (
            partition by treatment_type, cost_scope
            order by cost nulls last, treatment_key nulls last
        ) as cost_rank,
        count(cost) over (partition by treatment_type, cost_scope) as n,
        -- from the exact sum: a mean of doubles depends on the order of the rows
        {{ safe_divide(
            'sum(cost) over (partition by treatment_type, cost_scope)',
            'count(cost) over (partition by treatment_type, cost_scope)'
        ) }} as mean_cost
    from totalled

)

select * from final
