with

hours as (

    select * from {{ ref('int_appointment_hours_tallied') }}
    where hour is not null

),

-- a day whose appointments have no readable time was observed all the same
periods as (

    select
        systems.observed_from as period_from,
        max(days.event_date) as period_to
    from {{ ref('int_event_days_tallied') }} as days
    cross join {{ ref('int_systems_dated') }} as systems
    where
        days.source_table = 'appointments'
        and systems.source_system = 'hospital_ops'
        and days.event_date < systems.as_of_date
    group by systems.observed_from

),

-- from where the data begin (not from a lone absurd date) to the last appointment due
days as (

    select
        dates.weekday_number,
        count(*) as observed_days
    from {{ ref('dim_dates') }} as dates
    inner join periods
        on periods.period_from <= dates.calendar_date
        and periods.period_to >= dates.calendar_date
    group by dates.weekday_number

),

counted as (

    select
        case when grouping(facility_id) = 1 then 'all' else facility_id end as facility_id,
        weekday_number,
        hour,
        cast(sum(due) as bigint) as appointments,
        {{ sums_of(['attended', 'no_shows']) }}
    from hours
    group by weekday_number, hour, rollup(facility_id)

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
