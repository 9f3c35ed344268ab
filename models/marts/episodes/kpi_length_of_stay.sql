with

separations as (

    select * from {{ ref('int_separations_tallied') }}

),

-- stays are whole days: ranks and quantiles come from the few distinct values, not from rows
tallied as (

    select
        case when grouping(facility_id) = 1 then 'all' else facility_id end as facility_id,
        case when grouping(department_id) = 1 then 'all' else department_id end as department_id,
        month,
        length_of_stay_aihw_days as days,
        is_same_day,
        sum(separations) as separations,
        sum(stays_measured) as measured,
        sum(nights) as nights,
        sum(stay_seconds) as seconds,
        sum(stays_recorded) as recorded,
        sum(total_stay_recorded) as total_recorded,
        sum(total_stay_hours) as hours_recorded
    from separations
    group by month, length_of_stay_aihw_days, is_same_day, cube(facility_id, department_id)

),

ranked as (

    select
        facility_id,
        department_id,
        month,
        days,
        is_same_day,
        separations,
        measured,
        nights,
        seconds,
        recorded,
        total_recorded,
        hours_recorded,
        sum(measured) over (
            partition by facility_id, department_id, month
            order by days nulls last, is_same_day nulls last
            rows between unbounded preceding and current row
        ) as last_rank,
        sum(measured) over (partition by facility_id, department_id, month) as n
    from tallied

),

counted as (

    select
        facility_id,
        department_id,
        month,
        cast(sum(separations) as bigint) as separations,
        cast(max(n) as bigint) as stays_measured,
        cast(coalesce(sum(days * measured), 0) as bigint) as total_days,
        sum(days * days * measured) as days_squares,
        {{ tallied_spread('days', 'last_rank', 'n', [90]) }},
        cast(coalesce(sum(case when is_same_day then measured end), 0) as bigint)
            as same_day_separations,
        cast(coalesce(sum(case when not is_same_day then measured end), 0) as bigint)
            as overnight_separations,
        sum(case when not is_same_day then days * measured end) as overnight_days,
        sum(case when not is_same_day then days * days * measured end) as overnight_squares,
        sum(nights) as nights,
        sum(seconds) as seconds,
        cast(sum(recorded) as bigint) as stays_recorded,
        {{ recorded_stay_days('sum(total_recorded)', 'sum(hours_recorded)') }} as recorded_days
    from ranked
    group by facility_id, department_id, month

),

final as (

    select
        facility_id,
        department_id,
        month,
        separations,
        stays_measured,
        total_days,
        {{ mean_columns('mean_days', 'stays_measured', 'total_days', 'days_squares') }},
        median_days,
        median_days_low,
        median_days_high,
        p90_days,
        same_day_separations,
        {{ rate_columns('same_day_share', 'same_day_separations', 'stays_measured') }},
        overnight_separations,
        {{ mean_columns(
            'overnight_mean_days', 'overnight_separations', 'overnight_days', 'overnight_squares'
        ) }},
        {{ safe_divide('nights', 'stays_measured') }} as mean_nights,
        {{ order_free(safe_divide('seconds', '(stays_measured * 3600e0)')) }} as mean_hours,
        stays_recorded,
        {{ order_free(safe_divide('recorded_days', 'stays_recorded')) }} as mean_recorded_days
    from counted

)

select * from final
