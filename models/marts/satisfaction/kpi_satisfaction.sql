with

tallied as (

    select * from {{ ref('int_satisfaction_tallied') }}

),

summed as (

    select
        case when grouping(department_id) = 1 then 'all' else department_id end as department_id,
        case when grouping(facility_id) = 1 then 'all' else facility_id end as facility_id,
        month,
        {{ satisfaction_sums() }}
    from tallied
    group by month, cube(department_id, facility_id)

),

final as (

    select
        department_id,
        facility_id,
        month,
        {{ satisfaction_columns() }}
    from summed

)

select * from final
