{% set dimensions = patient_dimensions() %}

with

profiles as (

    select * from {{ ref('int_patient_profiles_counted') }}

),

valued as (

    select
        source_system,
        facility_id,
        patients,
        {{ dimension_values(dimensions) }}
    from profiles

),

final as (

    select
        source_system,
        facility_id,
        {{ dimension_and_value(dimensions) }},
        cast(sum(patients) as bigint) as patients
    from valued
    -- sqlfluff's dialect does not know grouping sets, which DuckDB and Spark share
    group by {{ dimension_sets(dimensions, ['source_system', 'facility_id']) }}  -- noqa: PRS

)

select * from final
