with

stays as (

    select * from {{ ref('int_readmissions_classified') }}

),

counted as (

    select
        definition,
        case when grouping(facility_id) = 1 then 'all' else facility_id end as facility_id,
        case when grouping(department_id) = 1 then 'all' else department_id end as department_id,
        month,
        {{ readmission_counts() }}
    from stays
    group by definition, month, cube(facility_id, department_id)

),

final as (

    select
        definition,
        facility_id,
        department_id,
        month,
        {{ readmission_count_columns() }}
    from counted

)

select * from final
