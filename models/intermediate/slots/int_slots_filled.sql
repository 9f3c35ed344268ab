with

slots as (

    select * from {{ ref('stg_hospital_ops__slots') }}
    where row_status = 'accepted'

),

doctors as (

    select * from {{ ref('stg_hospital_ops__doctors') }}
    where row_status = 'accepted'

),

appointments as (

    select
        *,
        {{ appointment_start() }} as started_at
    from {{ ref('stg_hospital_ops__appointments') }}
    where row_status = 'accepted'

),

systems as (

    select * from {{ ref('int_systems_dated') }}
    where source_system = 'hospital_ops'

),

-- a double booking fills one slot once; a doctor without slots is not looked at
bookings as (

    select
        appointments.doctor_id,
        appointments.started_at,
        max(
            case
                when coalesce(appointments.status, 'scheduled') != 'attended' then 0
                when appointments.appointment_date < systems.as_of_date then 1
                else 0
            end
        ) as attended,
        min(appointments.booked_at) as booked_at
    from appointments
    cross join systems
    where
        coalesce(appointments.status, 'scheduled') != 'cancelled'
        and appointments.doctor_id in (select slots.doctor_id from slots)
    group by appointments.doctor_id, appointments.started_at

),

final as (

    select
        coalesce(doctors.doctor_id, 'unknown') as doctor_id,
        coalesce(doctors.facility_id, 'unknown') as facility_id,
        slots.started_at,
        cast(slots.started_at as date) as slot_date,
        slots.is_held,
        bookings.doctor_id is not null as is_booked,
        coalesce(bookings.attended, 0) = 1 as is_attended,
        bookings.booked_at,
        cast(slots.started_at as date) < systems.as_of_date as is_past
    from slots
    cross join systems
    left join doctors
        on doctors.doctor_id = slots.doctor_id
    left join bookings
        on bookings.doctor_id = doctors.doctor_id
        and bookings.started_at = slots.started_at

)

select * from final
