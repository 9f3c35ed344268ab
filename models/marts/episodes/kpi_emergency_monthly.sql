with

tallied as (

    select * from {{ ref('int_emergency_visits_tallied') }}

),

ranked as (

    select
        {%- for name, event in [('wait', 'arrival'), ('emergency_stay', 'departure')] %}
        case when event = '{{ event }}' then minutes end as {{ name }}_minutes,
        case
            when event = '{{ event }}'
            then sum(measured) over (
                partition by facility_id, triage_category, month, event
                order by minutes nulls last
                rows between unbounded preceding and current row
            )
        end as {{ name }}_rank,
        case
            when event = '{{ event }}'
            then sum(measured) over (partition by facility_id, triage_category, month, event)
        end as {{ name }}s,
        {%- endfor %}
        tallied.*
    from tallied

),

counted as (

    select
        facility_id,
        triage_category,
        month
        {%- for name, condition in [
            ('visits', "event = 'arrival'"), ('departures', "event = 'departure'")
        ] %},
        cast(coalesce(sum(case when {{ condition }} then visits end), 0) as bigint) as {{ name }}
        {%- endfor %}
        {%- for name, value in [
            ('seen_on_time', 'on_time'), ('seen_on_time_denominator', 'judged'),
            ('did_not_wait', 'did_not_wait'), ('left_at_own_risk', 'left_at_own_risk'),
            ('did_not_wait_denominator', 'ends_known - dead_on_arrival'),
            ('admitted', 'admitted'), ('ends_known', 'ends_known'),
        ] %},
        cast(sum({{ value }}) as bigint) as {{ name }}
        {%- endfor %}
        {%- for name, condition in [
            ('waits_measured', 'wait_minutes >= 0'),
            ('departures_measured', 'emergency_stay_minutes >= 0'),
            ('within_four_hours', 'emergency_stay_minutes <= 240'),
            ('over_24_hours', 'emergency_stay_minutes > 1440'),
        ] %},
        cast(coalesce(sum(case when {{ condition }} then visits end), 0) as bigint) as {{ name }}
        {%- endfor %},
        {{ tallied_spread('wait_minutes', 'wait_rank', 'waits', [90, 95]) }},
        {{ tallied_spread(
            'emergency_stay_minutes', 'emergency_stay_rank', 'emergency_stays', [90, 95]
        ) }}
    from ranked
    group by facility_id, triage_category, month

),

final as (

    select
        counted.*,
        {{ rate_columns('seen_on_time_rate', 'seen_on_time', 'seen_on_time_denominator') }},
        {{ rate_columns('within_four_hours_rate', 'within_four_hours', 'departures_measured') }},
        {{ rate_columns('did_not_wait_rate', 'did_not_wait', 'did_not_wait_denominator') }},
        {{ rate_columns('over_24_hours_rate', 'over_24_hours', 'departures_measured') }},
        {{ rate_columns('admitted_share', 'admitted', 'ends_known') }}
    from counted

)

select * from final
