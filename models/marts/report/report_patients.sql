{% set dimensions = patient_dimensions() %}

with

patients as (

    select * from {{ ref('dim_patients') }}
    where source_system != 'unknown' and not is_future

),

-- a patient counts once at each facility seen or booked at, and once in `all`, booked or not
attributed as (

    {{ patients_at_facilities() }}
    union all
    select
        'all' as facility_id,
        patients.patient_key
    from patients

),

valued as (

    select
        patients.source_system,
        attributed.facility_id,
        {{ dimension_values(dimensions) }}
    from attributed
    inner join patients
        on patients.patient_key = attributed.patient_key

),

final as (

    select
        source_system,
        facility_id,
        {{ dimension_and_value(dimensions) }},
        count(*) as patients
    from valued
    -- sqlfluff's dialect does not know grouping sets, which DuckDB and Spark share
    group by {{ dimension_sets(dimensions, ['source_system', 'facility_id']) }}  -- noqa: PRS

)

select * from final
