with

named as (

    select department_id, department_name from {{ ref('stg_hospital_ops__doctors') }}
    where row_status = 'accepted'
    union all
    select department_id, department_name from {{ ref('stg_care_episodes__episodes') }}
    where row_status = 'accepted'
    union all
    select department_id, department_name from {{ ref('stg_care_episodes__available_beds') }}
    where row_status = 'accepted'
    union all
    select department_id, department_name from {{ ref('stg_team_surveys__responses') }}
    where row_status = 'accepted'

),

listed as (

    select
        department_id,
        max(department_name) as name
    from named
    where department_id != 'unknown'
    group by department_id

),

final as (

    select department_id, name from listed
    union all
    select 'unknown', 'Unknown'

)

select * from final
