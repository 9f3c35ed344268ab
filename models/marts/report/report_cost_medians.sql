with

treatments as (

    select * from {{ ref('int_treatment_costs_stacked') }}
    where cost is not null

),

-- ranks and quantiles come from the distinct costs: the treatments themselves are never sorted
tallied as (

    select
        source_system,
        facility_id,
        treatment_type,
        cost,
        count(*) as treatments
    from treatments
    group by source_system, facility_id, treatment_type, cost

),

totalled as (

    select
        source_system,
        case when grouping(facility_id) = 1 then 'all' else facility_id end as facility_id,
        case when grouping(treatment_type) = 1 then 'all' else treatment_type end
            as treatment_type,
        cost,
        cast(sum(treatments) as bigint) as treatments
    from tallied
    group by source_system, cost, cube(facility_id, treatment_type)

),

ranked as (

    select
        totalled.*,
        cast({{ last_rank(
            'treatments', ['source_system', 'facility_id', 'treatment_type'], 'cost'
        ) }} as bigint) as last_rank,
        cast(sum(treatments) over (
            partition by source_system, facility_id, treatment_type
        ) as bigint) as n
    from totalled

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
