with

visits as (

    select * from {{ ref('fct_episodes') }}
    where is_emergency_visit and not is_future

),

systems as (

    select * from {{ ref('int_systems_dated') }}
    where source_system = 'care_episodes'

),

judged as (

    select
        facility_id,
        coalesce(cast(triage_category as string), 'unknown') as triage,
        {{ triage_limit_minutes('triage_category') }} as limit_minutes,
        coalesce(cast(arrived_at as date), episode_date) as arrival_date,
        cast(departed_at as date) as departure_date,
        -- who left unseen or came in dead has no wait, whatever the record says
        case
            when visit_end_status not in ('did_not_wait', 'dead_on_arrival') then wait_minutes
        end as wait_minutes,
        emergency_stay_minutes,
        visit_end_status
    from visits

),

-- every visit stands twice: in the month of its arrival with its wait, and in the month of its
-- departure with its stay, which is the period of the four-hour rule
stacked as (

    select
        facility_id,
        triage,
        {{ first_of_month('arrival_date') }} as month,
        'arrival' as event,
        wait_minutes as minutes,
        limit_minutes,
        visit_end_status
    from judged
    union all
    select
        judged.facility_id,
        judged.triage,
        {{ first_of_month('judged.departure_date') }},
        'departure',
        judged.emergency_stay_minutes,
        null,
        'unknown'
    from judged
    inner join systems
        on systems.as_of_date > judged.departure_date

),

-- minutes are whole numbers: ranks and quantiles come from the distinct values, not from rows
final as (

    select
        case when grouping(facility_id) = 1 then 'all' else facility_id end as facility_id,
        case when grouping(triage) = 1 then 'all' else triage end as triage_category,
        month,
        event,
        minutes,
        count(*) as visits,
        count(minutes) as measured,
        count(case when minutes is not null then limit_minutes end) as judged,
        count(case when minutes <= limit_minutes then 1 end) as on_time
        {%- for status in ['admitted', 'did_not_wait', 'left_at_own_risk', 'dead_on_arrival'] %},
        count(case when visit_end_status = '{{ status }}' then 1 end) as {{ status }}
        {%- endfor %},
        count(case when visit_end_status != 'unknown' then 1 end) as ends_known
    from stacked
    group by month, event, minutes, cube(facility_id, triage)

)

select * from final
