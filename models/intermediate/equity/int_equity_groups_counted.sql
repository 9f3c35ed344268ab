{#- Few and wide groups: every pair of them is a comparison. -#}
{%- set age_group -%}
    case
            when age_band = 'unknown' then 'unknown'
            when age_band < '15' then '00-14'
            when age_band < '45' then '15-44'
            when age_band < '65' then '45-64'
            else '65+'
        end
{%- endset -%}

{%- set dimensions = ['gender', 'age_group', 'region', 'insurance'] -%}

{%- set relations = {
    'hospital_ops': 'appointments', 'care_episodes': 'episodes', 'cancer_registry': 'cases',
} -%}

{#- KPI, source system, SQL of its numerator's event, SQL of its denominator's condition. -#}
{%- set kpis = [
    ('AP03', 'hospital_ops', "outcome = 'no_show'", "outcome in ('attended', 'no_show')"),
    ('AP04', 'hospital_ops', "outcome = 'cancelled'", "outcome in ('attended', 'no_show', 'cancelled')"),
    ('EX02', 'care_episodes', 'satisfaction_score >= 9', 'satisfaction_score is not null'),
    ('PF13', 'care_episodes', 'is_readmitted_30d', 'is_readmitted_30d is not null'),
    ('PF11', 'care_episodes', 'is_death', 'is_separation and is_death is not null'),
    ('CA05', 'care_episodes', 'is_success', 'is_success is not null'),
    ('CA05', 'cancer_registry', "outcome in ('complete_response', 'partial_response')",
     "outcome not in ('in_progress', 'unknown')"),
] -%}

with

appointments as (

    select
        appointments.outcome,
        appointments.gender,
        appointments.age_band,
        patients.region,
        patients.insurance
    from {{ ref('fct_appointments') }} as appointments
    left join {{ ref('dim_patients') }} as patients
        on patients.patient_key = appointments.patient_key
    where appointments.outcome != 'future'

),

episodes as (

    select
        episodes.*,
        insurance_type as insurance
    from {{ ref('fct_episodes') }} as episodes
    where not is_future

),

cases as (

    select
        cases.*,
        insurance_type as insurance
    from {{ ref('fct_cancer_cases') }} as cases
    where not is_future

),

-- each event is read once; all four dimensions are counted from these cells
{%- for system, relation in relations.items() %}
{{ relation }}_counted as (

    select
        {%- for kpi_id, kpi_system, event, condition in kpis if kpi_system == system %}
        count(case when {{ condition }} and {{ event }} then 1 end) as {{ kpi_id }}_events,
        count(case when {{ condition }} then 1 end) as {{ kpi_id }}_cases,
        {%- endfor %}
        gender,
        {{ age_group }} as age_group,
        region,
        insurance
    from {{ relation }}
    group by gender, {{ age_group }}, region, insurance

),
{% endfor %}
cells as (

    {% for kpi_id, system, _, _ in kpis -%}
    select
        '{{ kpi_id }}' as kpi_id,
        '{{ system }}' as source_system,
        {{ dimensions | join(', ') }},
        {{ kpi_id }}_events as events,
        {{ kpi_id }}_cases as cases
    from {{ relations[system] }}_counted
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
        cast(sum(events) as bigint) as numerator,
        cast(sum(cases) as bigint) as denominator
    from cells
    where {{ dimension }} != 'unknown'
    group by kpi_id, source_system, {{ dimension }}
    {% if not loop.last -%}
    union all
    {% endif -%}
    {% endfor %}
)

select * from final
