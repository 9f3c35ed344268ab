with

appointments as (

    select * from {{ ref('fct_appointments') }}

),

counted as (

    select
        doctor_id,
        facility_id,
        count(*) as appointments,
        count(distinct appointment_date) as distinct_days
    from appointments
    group by doctor_id, facility_id

),

periods as (

    select
        min(systems.observed_from) as period_from,
        max(appointments.appointment_date) as period_to
    from appointments
    cross join {{ ref('int_systems_dated') }} as systems
    where appointments.outcome != 'future' and systems.source_system = 'hospital_ops'

),

outcomes as (

    select
        doctor_id,
        {{ outcome_counts() }},
        min(appointment_date) as first_date,
        max(appointment_date) as last_date,
        min(case when appointment_date >= period_from then appointment_date end)
            as first_date_in_period
    from appointments
    cross join periods
    where outcome != 'future'
    group by doctor_id

),

joined as (

    select
        counted.doctor_id,
        counted.facility_id,
        counted.appointments,
        counted.distinct_days,
        {%- for name in outcome_count_names() %}
        coalesce(outcomes.{{ name }}, 0) as {{ name }},
        {%- endfor %}
        outcomes.first_date,
        outcomes.last_date,
        -- who came or left within the period has fewer appointments for that reason alone
        counted.doctor_id != 'unknown'
        and coalesce(
            {{ days_between('outcomes.first_date_in_period', 'outcomes.last_date') }}
            >= {{ var('full_period_share') }}
            * {{ days_between('periods.period_from', 'periods.period_to') }},
            false
        ) as is_full_period
    from counted
    cross join periods
    left join outcomes
        on outcomes.doctor_id = counted.doctor_id

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
