with

slots as (

    select * from {{ ref('int_slots_filled') }}
    where not is_held and doctor_id != 'unknown'

),

cancellations as (

    select * from {{ ref('int_bookings_cancelled') }}

),

systems as (

    select * from {{ ref('int_systems_dated') }}
    where source_system = 'hospital_ops'

),

timed as (

    select count(booked_at) as bookings_with_time from slots

),

-- the as-of date itself and, where booking times tell what was open then, the same weekday of the
-- weeks before it
sampled as (

    select {{ add_days('systems.as_of_date', '-7 * numbers.n') }} as sample_date
    from systems
    cross join timed
    cross join {{ numbers(3) }} as numbers
    where
        numbers.n = 0
        or (numbers.n <= {{ var('third_next_available_weeks') }} and timed.bookings_with_time > 0)

),

-- open at the start of the sample day: not yet started and not booked at that moment, neither by
-- an appointment that stood nor by one that was cancelled later
offered as (

    select
        slots.doctor_id,
        slots.facility_id,
        sampled.sample_date,
        slots.started_at
    from slots
    inner join sampled
        on sampled.sample_date <= slots.slot_date
        and {{ add_days('sampled.sample_date', 366) }} > slots.slot_date
    where
        (not slots.is_booked or slots.booked_at >= cast(sampled.sample_date as timestamp))
        and not exists (
            select 1 from cancellations
            where
                cancellations.doctor_id = slots.doctor_id
                and cancellations.started_at = slots.started_at
                and cancellations.booked_at < cast(sampled.sample_date as timestamp)
                and cancellations.cancelled_at >= cast(sampled.sample_date as timestamp)
        )

),

ranked as (

    select
        offered.*,
        row_number() over (
            partition by doctor_id, sample_date
            order by started_at nulls last
        ) as position_in_line
    from offered

),

doctors as (

    select
        slots.doctor_id,
        slots.facility_id,
        sampled.sample_date
    from slots
    cross join sampled
    group by slots.doctor_id, slots.facility_id, sampled.sample_date

),

counted as (

    select
        doctor_id,
        sample_date,
        count(*) as open_slots,
        min(case when position_in_line = 3 then started_at end) as third_open_at
    from ranked
    group by doctor_id, sample_date

),

final as (

    select
        doctors.doctor_id,
        doctors.facility_id,
        doctors.sample_date,
        coalesce(counted.open_slots, 0) as open_slots,
        {{ days_between('doctors.sample_date', 'counted.third_open_at') }}
            as third_next_available_days
    from doctors
    left join counted
        on counted.doctor_id = doctors.doctor_id
        and counted.sample_date = doctors.sample_date

)

select * from final
