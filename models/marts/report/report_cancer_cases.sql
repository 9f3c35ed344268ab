{% set dimensions = cancer_dimensions() %}

with

cases as (

    select * from {{ ref('fct_cancer_cases') }}
    where not is_future

),

valued as (

    select
        facility_id,
        {{ first_of_month('diagnosis_date') }} as month,
        {{ dimension_values(dimensions) }}
    from cases

),

final as (

    select
        facility_id,
        month,
        {{ dimension_and_value(dimensions) }},
        count(*) as cases
    from valued
    -- sqlfluff's dialect does not know grouping sets, which DuckDB and Spark share
    group by {{ dimension_sets(dimensions, ['facility_id', 'month']) }}  -- noqa: PRS

)

select * from final
