with

named as (

    select facility_id, facility_name from {{ ref('stg_hospital_ops__doctors') }}
    where row_status = 'accepted'
    union all
    select facility_id, facility_name from {{ ref('stg_care_episodes__episodes') }}
    where row_status = 'accepted'
    union all
    select facility_id, facility_name from {{ ref('stg_care_episodes__available_beds') }}
    where row_status = 'accepted'
    union all
    select facility_id, facility_name from {{ ref('stg_cancer_registry__cases') }}
    where row_status = 'accepted'
    union all
    select facility_id, facility_name from {{ ref('stg_team_surveys__responses') }}
    where row_status = 'accepted'

),

listed as (

    select
        facility_id,
        max(facility_name) as name
    from named
    where facility_id != 'unknown'
    group by facility_id

),

final as (

    select facility_id, name from listed
    union all
    select 'unknown', 'Unknown'

)

select * from final
