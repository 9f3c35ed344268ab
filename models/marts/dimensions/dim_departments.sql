with

doctors as (

    select * from {{ ref('stg_hospital_ops__doctors') }}
    where row_status = 'accepted'

),

listed as (

    select
        department_id,
        max(department_name) as name
    from doctors
    where department_id != 'unknown'
    group by department_id

),

final as (

    select department_id, name from listed
    union all
    select 'unknown', 'Unknown'

)

select * from final
