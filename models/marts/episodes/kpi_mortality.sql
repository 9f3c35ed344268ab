with

deaths as (

    select * from {{ ref('int_deaths_expected') }}

),

final as (

    select
        case when grouping(facility_id) = 1 then 'all' else facility_id end as facility_id,
        case when grouping(department_id) = 1 then 'all' else department_id end as department_id,
        month,
        {{ mortality_columns() }}
    from deaths
    group by month, cube(facility_id, department_id)

)

select * from final
