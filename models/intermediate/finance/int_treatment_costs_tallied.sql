{{ config(
    materialized='incremental',
    unique_key=[
        'source_system', 'facility_id', 'treatment_type', 'is_attended', 'cost_range', 'bin'
    ]
) }}

with

treatments as (

    select * from {{ changes_of('fct_treatments') }}
    where not is_future

),

episodes as (

    select * from {{ changes_of('fct_episodes') }}
    where not is_future

),

stacked as (

    select
        'hospital_ops' as source_system,
        facility_id,
        treatment_type,
        appointment_outcome = 'attended' as is_attended,
        cost,
        change
    from treatments
    union all
    -- nobody recorded whether an episode's appointments were kept
    select
        'care_episodes' as source_system,
        facility_id,
        treatment_type,
        false as is_attended,
        cost,
        change
    from episodes

),

final as (

    select
        source_system,
        facility_id,
        treatment_type,
        is_attended,
        {{ cost_range('cost') }} as cost_range,
        {{ cost_bin('cost') }} as bin,
        {{ tallied_rows() }} as treatments,
        {{ tallied_total('cost') }} as total_cost,
        {{ tallied_total(square_of_money('cost'), places=4) }} as cost_squares,
        {{ tallied_total(cube_of_money('cost'), places=6) }} as cost_cubes,
        -- what costs nothing has no logarithm, and a bin of its own
        {{ tallied_total(
            'cast(ln(nullif(cast(cost as double), 0)) as decimal(20, 18))', places=18
        ) }} as log_costs
    from stacked
    group by
        source_system, facility_id, treatment_type, is_attended, {{ cost_range('cost') }},
        {{ cost_bin('cost') }}

)

select * from final
