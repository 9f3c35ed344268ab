with

beds as (

    select * from {{ ref('stg_care_episodes__available_beds') }}
    where row_status = 'accepted'

),

-- two names of one facility or department may both be in the extract: their beds add up
final as (

    select
        facility_id,
        department_id,
        bed_date,
        cast(sum(beds) as bigint) as beds
    from beds
    group by facility_id, department_id, bed_date

)

select * from final
