{#- Stored: a small part of the facts, found by reading them once. -#}
{{ config(materialized='table') }}

with

treatments as (

    select * from {{ ref('int_treatment_costs_stacked') }}

),

tallied as (

    select * from {{ ref('int_treatment_costs_tallied') }}

),

ranges as (

    select * from {{ ref('int_cost_ranges_ranked') }}
    where is_read

),

-- a range of a total is a range of every place and type in it
wanted as (

    select
        tallied.source_system,
        tallied.facility_id,
        tallied.treatment_type,
        tallied.is_attended,
        tallied.cost_range
    from tallied
    cross join {{ cost_groups() }} as groups
    inner join ranges
        on ranges.source_system = tallied.source_system
        and ranges.cost_scope = groups.cost_scope
        and ranges.cost_range = tallied.cost_range
        and case when groups.is_own_place then tallied.facility_id else 'all' end
        = ranges.facility_id
        and case when groups.is_own_type then tallied.treatment_type else 'all' end
        = ranges.treatment_type
    where groups.cost_scope = 'all' or tallied.is_attended
    group by
        tallied.source_system, tallied.facility_id, tallied.treatment_type, tallied.is_attended,
        tallied.cost_range

),

final as (

    select
        treatments.source_system,
        treatments.facility_id,
        treatments.treatment_type,
        treatments.is_attended,
        wanted.cost_range,
        treatments.cost,
        count(*) as treatments
    from treatments
    inner join wanted
        on wanted.source_system = treatments.source_system
        and wanted.facility_id = treatments.facility_id
        and wanted.treatment_type = treatments.treatment_type
        and wanted.is_attended = treatments.is_attended
        and wanted.cost_range = {{ cost_range('treatments.cost') }}
    group by
        treatments.source_system, treatments.facility_id, treatments.treatment_type,
        treatments.is_attended, wanted.cost_range, treatments.cost

)

select * from final
