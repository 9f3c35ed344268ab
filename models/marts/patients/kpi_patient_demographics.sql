{% set dimensions = patient_dimensions() %}

with

patients as (

    select * from {{ ref('dim_patients') }}
    where source_system != 'unknown' and not is_future

),

valued as (

    select
        source_system,
        {{ dimension_values(dimensions) }}
    from patients

),

counted as (

    select
        source_system,
        {{ dimension_and_value(dimensions) }},
        count(*) as patients
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
