{% set dimensions = cancer_dimensions() %}

with

cases as (

    select * from {{ ref('fct_cancer_cases') }}
    where not is_future

),

valued as (

    select {{ dimension_values(dimensions) }}
    from cases

),

counted as (

    select
        {{ dimension_and_value(dimensions) }},
        count(*) as cases
    from valued
    -- sqlfluff's dialect does not know grouping sets, which DuckDB and Spark share
    group by {{ dimension_sets(dimensions) }}  -- noqa: PRS

),

totalled as (

    select
        counted.*,
        cast(sum(cases) over (partition by dimension) as bigint) as all_cases
    from counted

),

final as (

    select
        dimension,
        value,
        cases,
        all_cases,
        {{ rate_columns('share', 'cases', 'all_cases') }}
    from totalled

)

select * from final
