{#- One scan for all dimensions: each appointment is crossed with the dimensions it belongs to. -#}
{% set dimensions = {
    'lead_time': lead_time_band('lead_days'),
    'reason': 'reason',
    'age_band': 'age_band',
    'gender': 'gender',
    'weekday': weekday_name(iso_weekday('appointment_date')),
    'hour': "coalesce(lpad(cast(appointment_hour as string), 2, '0'), 'unknown')",
} %}

with

appointments as (

    select * from {{ ref('fct_appointments') }}
    where outcome in ('attended', 'no_show')

),

segmented as (

    {% for dimension, value in dimensions.items() -%}
    select
        '{{ dimension }}' as dimension,
        {{ value }} as value,
        outcome
    from appointments
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

counted as (

    select
        dimension,
        value,
        count(case when outcome = 'attended' then 1 end) as attended,
        count(case when outcome = 'no_show' then 1 end) as no_shows
    from segmented
    group by dimension, value

),

final as (

    select
        dimension,
        value,
        attended,
        no_shows,
        {{ rate_columns('no_show_rate', 'no_shows', '(attended + no_shows)') }}
    from counted

)

select * from final
