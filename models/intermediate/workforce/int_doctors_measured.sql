with

appointments as (

    select * from {{ ref('int_appointments_tallied') }}

),

days as (

    select * from {{ ref('int_doctor_days_tallied') }}

),

systems as (

    select * from {{ ref('int_systems_dated') }}
    where source_system = 'hospital_ops'

),

counted as (

    select
        doctor_id,
        facility_id,
        cast(sum(appointments) as bigint) as appointments,
        {{ sums_of(outcome_count_names()) }}
    from appointments
    group by doctor_id, facility_id

),

-- the month's days before the as-of date, and those before the data begin
bounded as (

    select
        days.*,
        {{ days_between('days.month', 'systems.as_of_date') }} as days_due,
        {{ days_between('days.month', 'systems.observed_from') }} as days_before
    from days
    cross join systems

),

laid_out as (

    select
        doctor_id,
        month,
        {{ days_with_appointments() }} as distinct_days,
        {{ first_day_with('{} <= days_due') }} as first_day,
        {{ last_day_with('{} <= days_due') }} as last_day,
        {{ first_day_with('{} <= days_due and {} > days_before') }} as first_day_in_period
    from bounded

),

spans as (

    select
        doctor_id,
        cast(sum(distinct_days) as bigint) as distinct_days,
        min({{ add_days('month', 'first_day - 1') }}) as first_date,
        max({{ add_days('month', 'last_day - 1') }}) as last_date,
        min({{ add_days('month', 'first_day_in_period - 1') }}) as first_date_in_period
    from laid_out
    group by doctor_id

),

periods as (

    select
        min(systems.observed_from) as period_from,
        max(spans.last_date) as period_to
    from spans
    cross join systems

),

joined as (

    select
        counted.doctor_id,
        counted.facility_id,
        counted.appointments,
        spans.distinct_days,
        {%- for name in outcome_count_names() %}
        counted.{{ name }},
        {%- endfor %}
        spans.first_date,
        spans.last_date,
        -- who came or left within the period has fewer appointments for that reason alone
        counted.doctor_id != 'unknown'
        and coalesce(
            {{ days_between('spans.first_date_in_period', 'spans.last_date') }}
            >= {{ var('full_period_share') }}
            * {{ days_between('periods.period_from', 'periods.period_to') }},
            false
        ) as is_full_period
    from counted
    cross join periods
    left join spans
        on spans.doctor_id = counted.doctor_id

),

-- one doctor alone has nobody to be compared with
medians as (

    select
        facility_id,
        {{ quantile('due', 0.5) }} as facility_median_due
    from joined
    where is_full_period
    group by facility_id
    having count(*) > 1

),

final as (

    select
        joined.*,
        medians.facility_median_due
    from joined
    left join medians
        on medians.facility_id = joined.facility_id

)

select * from final
