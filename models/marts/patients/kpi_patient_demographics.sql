{% set dimensions = patient_dimensions() %}

with

profiles as (

    select * from {{ ref('int_patient_profiles_counted') }}
    where facility_id = 'all'

),

valued as (

    select
        source_system,
        patients,
        {{ dimension_values(dimensions) }}
    from profiles

),

counted as (

    select
        source_system,
        {{ dimension_and_value(dimensions) }},
        cast(sum(patients) as bigint) as patients
    from valued
    -- sqlfluff's dialect does not know grouping sets, which DuckDB and Spark share
    group by {{ dimension_sets(dimensions, ['source_system']) }}  -- noqa: PRS

),

totalled as (

    select
        counted.*,
        cast(sum(patients) over (partition by source_system, dimension) as bigint) as all_patients
    from counted

),

final as (

    select
        source_system,
        dimension,
        value,
        patients,
        all_patients,
        {{ rate_columns('share', 'patients', 'all_patients') }}
    from totalled

)

select * from final
