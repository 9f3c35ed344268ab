with

{{ observed_arrivals() }},

counted as (

    select
        case when grouping(facility_id) = 1 then 'all' else facility_id end as facility_id,
        case when grouping(weekday_number) = 1 then 0 else weekday_number end as weekday_number,
        hour,
        count(*) as arrivals
    from arrivals
    group by hour, cube(facility_id, weekday_number)

),

facilities as (

    select facility_id
    from counted
    group by facility_id

),

days as (

    select
        case when grouping(dim_dates.weekday_number) = 1 then 0 else dim_dates.weekday_number end
            as weekday_number,
        count(*) as observed_days
    from {{ ref('dim_dates') }} as dim_dates
    inner join observed
        on observed.first_day <= dim_dates.calendar_date
        and observed.last_day >= dim_dates.calendar_date
    group by rollup(dim_dates.weekday_number)

),

-- an hour in which nobody came is 0
spined as (

    select
        facilities.facility_id,
        days.weekday_number,
        cast(hours.n as bigint) as hour,
        days.observed_days
    from facilities
    cross join days
    cross join {{ numbers(2) }} as hours
    where hours.n < 24

),

filled as (

    select
        spined.facility_id,
        spined.weekday_number,
        spined.hour,
        spined.observed_days,
        coalesce(counted.arrivals, 0) as arrivals
    from spined
    left join counted
        on counted.facility_id = spined.facility_id
        and counted.weekday_number = spined.weekday_number
        and counted.hour = spined.hour

),

final as (

    select
        facility_id,
        coalesce({{ weekday_name('weekday_number') }}, 'all') as weekday,
        weekday_number,
        hour,
        arrivals,
        observed_days,
        {{ safe_divide('arrivals', 'observed_days') }} as arrivals_per_day,
        {{ safe_divide(poisson_low('arrivals'), 'observed_days') }} as arrivals_per_day_low,
        {{ safe_divide(poisson_high('arrivals'), 'observed_days') }} as arrivals_per_day_high
    from filled

)

select * from final
