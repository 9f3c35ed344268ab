with

appointments as (

    select * from {{ ref('fct_appointments') }}
    where outcome != 'future'

),

-- from where the data begin (not from a lone absurd date) to the last appointment due
days as (

    select
        weekday_number,
        count(*) as observed_days
    from {{ ref('dim_dates') }}
    where
        calendar_date >= (
            select min(systems.observed_from)
            from {{ ref('int_systems_dated') }} as systems
            where systems.source_system = 'hospital_ops'
        )
        and calendar_date <= (select max(appointments.appointment_date) from appointments)
    group by weekday_number

),

counted as (

    select
        case when grouping(facility_id) = 1 then 'all' else facility_id end as facility_id,
        {{ iso_weekday('appointment_date') }} as weekday_number,
        appointment_hour as hour,
        count(*) as appointments,
        count(case when outcome = 'attended' then 1 end) as attended,
        count(case when outcome = 'no_show' then 1 end) as no_shows
    from appointments
    where appointment_hour is not null
    group by {{ iso_weekday('appointment_date') }}, appointment_hour, rollup(facility_id)

),

final as (

    select
        counted.facility_id,
        {{ weekday_name('counted.weekday_number') }} as weekday,
        counted.weekday_number,
        counted.hour,
        counted.appointments,
        coalesce(days.observed_days, 0) as observed_days,
        {{ safe_divide('counted.appointments', 'days.observed_days') }} as appointments_per_day,
        {{ safe_divide(poisson_low('counted.appointments'), 'days.observed_days') }}
            as appointments_per_day_low,
        {{ safe_divide(poisson_high('counted.appointments'), 'days.observed_days') }}
            as appointments_per_day_high,
        counted.attended,
        counted.no_shows,
        {{ rate_columns(
            'no_show_rate', 'counted.no_shows', '(counted.attended + counted.no_shows)'
        ) }}
    from counted
    left join days
        on days.weekday_number = counted.weekday_number

)

select * from final
