with

doctors as (

    select * from {{ ref('stg_hospital_ops__doctors') }}
    where row_status = 'accepted'

),

listed as (

    select
        facility_id,
        max(facility_name) as name
    from doctors
    where facility_id != 'unknown'
    group by facility_id

),

final as (

    select facility_id, name from listed
    union all
    select 'unknown', 'Unknown'

)

select * from final
