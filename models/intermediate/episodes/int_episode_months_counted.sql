{#- Every number stands in the month of the KPI that it belongs to: of the episode, of the end of
    the stay, or of the arrival. -#}
{% set events = {
    'begun': {
        'episodes': 'episodes',
        'icu_episodes': "case when department_id = 'icu' then episodes else 0 end",
        'costs_known': 'costs_known',
        'total_cost': 'total_cost',
        'cost_squares': 'cost_squares',
        'evaluable': 'evaluable',
        'successes': 'successes',
    },
    'ended': {
        'separations': 'separations',
        'separations_with_disposition': 'separations_with_disposition',
        'deaths': 'deaths',
        'stays_measured': 'stays_measured',
        'stay_days': 'stays_measured * coalesce(length_of_stay_aihw_days, 0)',
        'stay_squares':
            'stays_measured * coalesce(length_of_stay_aihw_days * length_of_stay_aihw_days, 0)',
    },
    'arrived': {'emergency_visits': 'visits'},
} %}
{% set types = {'total_cost': 'decimal(18, 2)', 'cost_squares': 'double'} %}

with

begun as (

    select * from {{ ref('int_episodes_tallied') }}

),

ended as (

    select * from {{ ref('int_separations_tallied') }}

),

arrived as (

    select * from {{ ref('int_emergency_arrivals_tallied') }}

),

stacked as (

    {% for event, own in events.items() -%}
    select
        facility_id,
        department_id,
        month
        {%- for measures in events.values() %}
        {%- for name in measures %},
        {{ own.get(name, '0') }} as {{ name }}
        {%- endfor %}
        {%- endfor %}
    from {{ event }}
    {% if not loop.last -%}
    union all
    {% endif -%}
    {% endfor %}
),

final as (

    select
        facility_id,
        department_id,
        {%- for measures in events.values() %}
        {%- for name in measures %}
        cast(sum({{ name }}) as {{ types.get(name, 'bigint') }}) as {{ name }},
        {%- endfor %}
        {%- endfor %}
        month
    from stacked
    group by facility_id, department_id, month

)

select * from final
