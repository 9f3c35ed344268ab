with

appointments as (

    select * from {{ ref('stg_hospital_ops__appointments') }}
    where row_status = 'accepted'

),

slots as (

    select * from {{ ref('int_slots_filled') }}

),

final as (

    select
        doctor_id,
        {{ appointment_start() }} as started_at,
        booked_at,
        cancelled_at
    from appointments
    where
        status = 'cancelled'
        and booked_at is not null
        and cancelled_at is not null
        and doctor_id in (select slots.doctor_id from slots)

)

select * from final
