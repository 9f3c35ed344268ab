with

requirements as (

    select * from {{ ref('kpi_requirements') }}

),

columns_found as (

    select * from {{ source('raw', 'columns') }}
    where is_present

),

final as (

    select
        requirements.kpi_id,
        requirements.source_system
    from requirements
    left join columns_found
        on columns_found.source_system = requirements.source_system
        and columns_found.source_table = requirements.source_table
        and columns_found.column_name = requirements.column_name
    where columns_found.column_name is null
    group by requirements.kpi_id, requirements.source_system

)

select * from final
