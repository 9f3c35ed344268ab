{{ config(materialized='table') }}

{% set keys = ['source_system', 'facility_id', 'treatment_type', 'cost_scope'] %}

with

costs as (

    select * from {{ ref('int_costs_read') }}

),

ranges as (

    select * from {{ ref('int_cost_ranges_ranked') }}

),

read as (

    select
        ranges.source_system,
        ranges.facility_id,
        ranges.treatment_type,
        ranges.cost_scope,
        ranges.cost_range,
        costs.cost,
        ranges.last_rank - ranges.treatments as ranks_before,
        ranges.n,
        cast(sum(costs.treatments) as bigint) as treatments
    from costs
    cross join {{ cost_groups() }} as groups
    inner join ranges
        on ranges.source_system = costs.source_system
        and ranges.cost_scope = groups.cost_scope
        and ranges.cost_range = costs.cost_range
        and case when groups.is_own_place then costs.facility_id else 'all' end = ranges.facility_id
        and case when groups.is_own_type then costs.treatment_type else 'all' end
        = ranges.treatment_type
    where ranges.is_read and (groups.cost_scope = 'all' or costs.is_attended)
    group by
        ranges.source_system, ranges.facility_id, ranges.treatment_type, ranges.cost_scope,
        ranges.cost_range, costs.cost, ranges.last_rank - ranges.treatments, ranges.n

),

final as (

    select
        source_system,
        facility_id,
        treatment_type,
        cost_scope,
        cost,
        treatments,
        cost * treatments as total_cost,
        cast(ranks_before + {{ last_rank('treatments', keys + ['cost_range'], 'cost') }} as bigint)
            as last_rank,
        n
    from read
    union all
    -- nothing is read off these: their lower edge stands for what they hold
    select
        source_system,
        facility_id,
        treatment_type,
        cost_scope,
        cast(cost_range as decimal(18, 2)) as cost,
        treatments,
        total_cost,
        last_rank,
        n
    from ranges
    where not is_read

)

select * from final
