with

ranked as (

    select * from {{ ref('int_treatment_costs_ranked') }}
    where cost_scope = 'all' and cost is not null

),

final as (

    select
        source_system,
        facility_id,
        treatment_type,
        max(n) as n,
        {{ tallied_spread('cost', 'last_rank', 'n', [25, 75, 90]) }}
    from ranked
    group by source_system, facility_id, treatment_type

)

select * from final
