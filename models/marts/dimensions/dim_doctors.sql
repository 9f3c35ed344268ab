with

doctors as (

    select * from {{ ref('stg_hospital_ops__doctors') }}
    where row_status = 'accepted'

),

final as (

    select
        doctor_id,
        -- the hospital's code stands for the person: no name leaves staging
        'Doctor ' || doctor_id as name,
        facility_id,
        department_id,
        specialization,
        years_experience
    from doctors
    union all
    select 'unknown', 'Unknown', 'unknown', 'unknown', 'unknown', null

)

select * from final
