with

appointments as (

    select * from {{ ref('stg_hospital_ops__appointments') }}
    where row_status = 'accepted'

),

events as (

    select
        'hospital_ops' as source_system,
        appointment_date as event_date,
        count(*) as events,
        count(case when status in ('attended', 'no_show') then 1 end) as outcomes
    from appointments
    group by appointment_date

),

outcome_days as (

    select * from events where outcomes > 0

),

gapped as (

    select
        source_system,
        event_date,
        outcomes,
        case
            when {{ days_between(
                'lag(event_date) over (partition by source_system order by event_date nulls last)',
                'event_date'
            ) }} > 366 then 1
            else 0
        end as starts_stretch
    from outcome_days

),

stretched as (

    select
        source_system,
        event_date,
        outcomes,
        sum(starts_stretch) over (
            partition by source_system
            order by event_date nulls last
            rows between unbounded preceding and current row
        ) as stretch,
        sum(outcomes) over (partition by source_system) as all_outcomes
    from gapped

),

-- a stretch that lies a year and more off the others and holds under 1 % of the outcomes is an
-- absurd date, which must not move the as-of date
credible as (

    select
        source_system,
        max(event_date) as last_outcome_date
    from stretched
    group by source_system, stretch, all_outcomes
    having sum(outcomes) >= 0.01 * all_outcomes

),

latest as (

    select
        source_system,
        max(last_outcome_date) as last_outcome_date
    from credible
    group by source_system

),

spans as (

    select
        source_system,
        min(event_date) as first_event_date,
        max(event_date) as last_event_date
    from events
    group by source_system

),

final as (

    select
        spans.source_system,
        spans.first_event_date,
        spans.last_event_date,
        coalesce(
            {{ as_of_setting('spans.source_system') }},
            {{ add_days('latest.last_outcome_date', 1) }},
            {{ add_days('spans.last_event_date', 1) }}
        ) as as_of_date
    from spans
    left join latest
        on latest.source_system = spans.source_system

)

select * from final
