{#- Stored: what is read off the ranges decides which treatments are read. -#}
{{ config(materialized='table') }}

{% set keys = ['source_system', 'facility_id', 'treatment_type', 'cost_scope'] %}
{% set first_rank = 'last_rank - treatments + 1' %}

with

tallied as (

    select * from {{ ref('int_treatment_costs_tallied') }}

),

grouped as (

    select
        tallied.source_system,
        case when groups.is_own_place then tallied.facility_id else 'all' end as facility_id,
        case when groups.is_own_type then tallied.treatment_type else 'all' end as treatment_type,
        groups.cost_scope,
        tallied.cost_range,
        cast(sum(tallied.treatments) as bigint) as treatments,
        sum(tallied.total_cost) as total_cost
    from tallied
    cross join {{ cost_groups() }} as groups
    where groups.cost_scope = 'all' or tallied.is_attended
    group by
        tallied.source_system,
        case when groups.is_own_place then tallied.facility_id else 'all' end,
        case when groups.is_own_type then tallied.treatment_type else 'all' end,
        groups.cost_scope,
        tallied.cost_range

),

ranked as (

    select
        grouped.*,
        -- treatments without a usable cost come last: their ranks lie beyond n
        cast({{ last_rank('treatments', keys, 'cost_range') }} as bigint) as last_rank,
        cast(coalesce(sum(case when cost_range is not null then treatments end) over (
            partition by {{ keys | join(', ') }}
        ), 0) as bigint) as n
    from grouped

),

final as (

    select
        source_system,
        facility_id,
        treatment_type,
        cost_scope,
        cost_range,
        treatments,
        total_cost,
        last_rank,
        n,
        n > 0 and case
            when facility_id = 'all' then {{ cost_rank_is_within(first_rank, true) }}
            else {{ cost_rank_is_within(first_rank, false) }}
        end as is_read
    from ranked

)

select * from final
