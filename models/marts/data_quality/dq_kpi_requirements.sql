with

requirements as (

    select * from {{ ref('kpi_requirements') }}

),

columns_found as (

    select * from {{ source('raw', 'columns') }}
    where is_in_contract

),

final as (

    select
        requirements.kpi_id,
        requirements.source_system,
        requirements.source_table,
        requirements.column_name,
        coalesce(columns_found.is_present, false) as is_present,
        case
            when not coalesce(columns_found.is_present, false)
            then
                requirements.source_table || '.' || requirements.column_name
                || ' is not in the extract'
        end as why_not
    from requirements
    left join columns_found
        on columns_found.source_system = requirements.source_system
        and columns_found.source_table = requirements.source_table
        and columns_found.column_name = requirements.column_name

)

select * from final
