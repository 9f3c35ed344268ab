with

deaths as (

    select * from {{ ref('int_deaths_expected') }}

),

final as (

    select
        case when grouping(facility_id) = 1 then 'all' else facility_id end as facility_id,
        case when grouping(department_id) = 1 then 'all' else department_id end as department_id,
        {{ mortality_columns() }},
        cast(sum(comparable_separations) as bigint) as comparable_separations,
        {{ safe_divide('sum(comparable_separations)', 'sum(separations_with_disposition)') }}
            as comparable_share
    from deaths
    group by cube(facility_id, department_id)
    -- no total of nothing: engines differ in whether it is a row
    having count(*) > 0

)

select * from final
