{#- Where each number comes from: the month of one need not have any of the others. -#}
{% set episodes = [
    'episodes', 'emergency_visits', 'icu_episodes', 'costs_known', 'total_cost', 'cost_squares',
    'stays_measured', 'stay_days', 'stay_squares', 'separations', 'separations_with_disposition',
    'deaths', 'evaluable', 'successes',
] %}
{% set satisfaction = [
    'satisfaction_scores', 'satisfaction_sum', 'satisfaction_squares', 'top_box',
] %}
{% set readmissions = {
    'readmission_known': "is_index and definition = 'as_recorded'",
    'readmissions_recorded': "is_readmitted and definition = 'as_recorded'",
    'index_stays': "is_index and definition = 'hwr_like'",
    'readmissions': "is_readmitted and definition = 'hwr_like'",
} %}
{% set types = {
    'total_cost': 'decimal(18, 2)', 'cost_squares': 'double',
    'satisfaction_sum': 'decimal(18, 2)', 'satisfaction_squares': 'decimal(18, 4)',
} %}
{% set sources = {
    'counted': episodes, 'satisfied': satisfaction, 'readmitted': readmissions.keys() | list
} %}

with

counted as (

    select * from {{ ref('int_episode_months_counted') }}

),

answers as (

    select * from {{ ref('int_satisfaction_tallied') }}

),

stays as (

    select * from {{ ref('int_readmissions_classified') }}
    where definition in ('as_recorded', 'hwr_like')

),

summed as (

    select
        facility_id,
        department_id,
        month,
        {{ satisfaction_sums() }}
    from answers
    group by facility_id, department_id, month

),

satisfied as (

    select
        facility_id,
        department_id,
        month,
        responses as satisfaction_scores,
        score_sum as satisfaction_sum,
        score_squares as satisfaction_squares,
        top_box
    from summed

),

readmitted as (

    select
        facility_id,
        department_id,
        {%- for name, condition in readmissions.items() %}
        count(case when {{ condition }} then 1 end) as {{ name }},
        {%- endfor %}
        month
    from stays
    group by facility_id, department_id, month

),

stacked as (

    {% for source, names in sources.items() -%}
    select
        facility_id,
        department_id,
        {%- for others in sources.values() %}
        {%- for name in others %}
        {{ name if name in names else 0 }} as {{ name }},
        {%- endfor %}
        {%- endfor %}
        month
    from {{ source }}
    {% if not loop.last -%}
    union all
    {% endif -%}
    {% endfor %}
),

final as (

    select
        facility_id,
        department_id,
        {%- for names in sources.values() %}
        {%- for name in names %}
        cast(sum({{ name }}) as {{ types.get(name, 'bigint') }}) as {{ name }},
        {%- endfor %}
        {%- endfor %}
        month
    from stacked
    group by facility_id, department_id, month

)

select * from final
