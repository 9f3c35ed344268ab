{%- set dimensions = ['gender', 'age_group', 'region', 'insurance'] -%}

{#- Source system: the CTE that counts it. -#}
{%- set relations = {
    'hospital_ops': 'appointments', 'care_episodes': 'episodes', 'cancer_registry': 'cases',
} -%}

{#- KPI, source system, numerator and denominator in the columns that its CTE counts. -#}
{%- set kpis = [
    ('AP03', 'hospital_ops', 'no_shows', 'attended + no_shows'),
    ('AP04', 'hospital_ops', 'cancelled', 'attended + no_shows + cancelled'),
    ('EX02', 'care_episodes', 'top_box', 'responses'),
    ('PF13', 'care_episodes', 'readmissions_recorded', 'readmission_known'),
    ('PF11', 'care_episodes', 'deaths', 'separations_with_disposition'),
    ('CA05', 'care_episodes', 'successes', 'evaluable'),
    ('CA05', 'cancer_registry', 'responses', 'evaluable'),
] -%}

with

-- each event is read once; all four dimensions are counted from these cells
appointments as (

    select
        events.gender,
        {{ wide_age_group('events.age_band') }} as age_group,
        patients.region,
        patients.insurance,
        {{ outcome_counts() }}
    from {{ ref('fct_appointments') }} as events
    left join {{ ref('dim_patients') }} as patients
        on patients.patient_key = events.patient_key
    where events.outcome != 'future'
    group by
        events.gender,
        {{ wide_age_group('events.age_band') }},
        patients.region,
        patients.insurance

),

episodes as (

    select
        gender,
        {{ wide_age_group('age_band') }} as age_group,
        region,
        {%- for name, sums in {
            'responses': 'satisfaction_scores', 'top_box': 'top_box',
            'readmission_known': 'readmission_known',
            'readmissions_recorded': 'readmissions_recorded',
            'separations_with_disposition': 'separations_with_disposition', 'deaths': 'deaths',
            'evaluable': 'evaluable', 'successes': 'successes',
        }.items() %}
        sum({{ sums }}) as {{ name }},
        {%- endfor %}
        insurance_type as insurance
    from {{ ref('int_episode_profiles_tallied') }}
    group by gender, {{ wide_age_group('age_band') }}, region, insurance_type

),

cases as (

    select
        gender,
        {{ wide_age_group('age_band') }} as age_group,
        region,
        insurance_type as insurance,
        count({{ has_responded('outcome') }}) as evaluable,
        count(case when {{ has_responded('outcome') }} then 1 end) as responses
    from {{ ref('fct_cancer_cases') }}
    where not is_future
    group by gender, {{ wide_age_group('age_band') }}, region, insurance_type

),

cells as (

    {% for kpi_id, system, numerator, denominator in kpis -%}
    select
        '{{ kpi_id }}' as kpi_id,
        '{{ system }}' as source_system,
        {{ dimensions | join(', ') }},
        {{ numerator }} as numerator,
        {{ denominator }} as denominator
    from {{ relations[system] }}
    {% if not loop.last -%}
    union all
    {% endif -%}
    {% endfor %}
),

final as (

    {% for dimension in dimensions -%}
    select
        kpi_id,
        source_system,
        '{{ dimension }}' as dimension,
        {{ dimension }} as group_value,
        cast(sum(numerator) as bigint) as numerator,
        cast(sum(denominator) as bigint) as denominator
    from cells
    where {{ dimension }} != 'unknown'
    group by kpi_id, source_system, {{ dimension }}
    {% if not loop.last -%}
    union all
    {% endif -%}
    {% endfor %}
)

select * from final
