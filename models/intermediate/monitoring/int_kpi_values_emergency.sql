{#- KPI, its column in the mart, numerator, denominator, all of whom the denominator is a part. -#}
{% set rates = [
    ('ED02', 'seen_on_time_rate', 'seen_on_time', 'seen_on_time_denominator', 'visits'),
    ('ED03', 'within_four_hours_rate', 'within_four_hours', 'departures_measured', 'departures'),
    ('ED05', 'did_not_wait_rate', 'did_not_wait', 'did_not_wait_denominator', 'visits'),
    ('ED06', 'over_24_hours_rate', 'over_24_hours', 'departures_measured', 'departures'),
] %}

with

visits as (

    select * from {{ ref('kpi_emergency_monthly') }}
    where triage_category = 'all'

),

final as (

    {{ kpi_value_row(
        'ED01', 'care_episodes', 'episodes', 'visits', 'visits', numerator='visits', interval=false
    ) }}
    union all
    {{ kpi_value_row(
        'ED04', 'care_episodes', 'episodes', 'visits', 'median_emergency_stay_minutes',
        denominator='departures_measured', excluded='departures - departures_measured'
    ) }}
    {% for kpi_id, value, numerator, denominator, whole in rates -%}
    union all
    {{ kpi_value_row(
        kpi_id, 'care_episodes', 'episodes', 'visits', value,
        numerator=numerator, denominator=denominator, excluded=whole ~ ' - ' ~ denominator
    ) }}
    {% endfor %}
)

select * from final
