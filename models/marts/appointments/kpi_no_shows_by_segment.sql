{#- One scan for all dimensions: a grouping set each. No value is null, so that the set decides. -#}
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

    select
        {%- for dimension, value in dimensions.items() %}
        {{ value }} as {{ dimension }}_value,
        {%- endfor %}
        outcome
    from appointments

),

counted as (

    select
        case
            {%- for dimension in dimensions %}
            when grouping({{ dimension }}_value) = 0 then '{{ dimension }}'
            {%- endfor %}
        end as dimension,
        case
            {%- for dimension in dimensions %}
            when grouping({{ dimension }}_value) = 0 then {{ dimension }}_value
            {%- endfor %}
        end as value,
        count(case when outcome = 'attended' then 1 end) as attended,
        count(case when outcome = 'no_show' then 1 end) as no_shows
    from segmented
    group by grouping sets (
        {%- for dimension in dimensions %}
        ({{ dimension }}_value){{ ',' if not loop.last }}
        {%- endfor %}
    )

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
