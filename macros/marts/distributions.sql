{#- Which columns of the facts are watched for drift, and in which values they are counted. -#}

{% macro watched_facts() -%}
    {%- set money = [0, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000] -%}
    {{ return([
        {
            'table': 'fct_appointments', 'future': "outcome = 'future'", 'source_system': 'hospital_ops',
            'date': 'appointment_date',
            'codes': [
                'facility_id', 'department_id', 'outcome', 'reason', 'appointment_hour',
                'cancelled_by', 'is_late_cancellation', 'age_band', 'gender',
            ],
            'numbers': {
                'lead_days': [1, 7, 14, 28, 56, 91], 'duration_minutes': [15, 30, 45, 60, 90],
                'notice_hours': [0, 24, 72, 168, 336],
            },
            'dates': [],
        },
        {
            'table': 'fct_treatments', 'future': 'is_future', 'source_system': 'hospital_ops', 'date': 'treatment_date',
            'codes': ['facility_id', 'treatment_type', 'appointment_outcome'],
            'numbers': {'cost': money},
            'dates': [],
        },
        {
            'table': 'fct_bills', 'future': 'is_future', 'source_system': 'hospital_ops', 'date': 'bill_date',
            'codes': ['facility_id', 'payment_method', 'payment_status', 'appointment_outcome'],
            'numbers': {'billed_amount': money, 'paid_amount': money, 'adjustment_amount': money},
            'dates': ['paid_date'],
        },
        {
            'table': 'fct_episodes', 'future': 'is_future', 'source_system': 'care_episodes', 'date': 'episode_date',
            'codes': [
                'facility_id', 'department_id', 'treatment_type', 'length_of_stay_unit',
                'is_same_day', 'is_success', 'is_readmitted_30d', 'insurance_type', 'gender',
                'age_band', 'region', 'admission_type', 'is_planned', 'disposition',
                'diagnosis_group', 'has_cancer_diagnosis', 'cancer_stage', 'is_emergency_visit',
                'triage_category', 'visit_end_status',
            ],
            'numbers': {
                'length_of_stay_days': [1, 2, 3, 5, 7, 14, 28], 'cost': money,
                'satisfaction_score': [2, 3, 4, 5, 6, 8, 20, 40, 60, 80],
                'wait_minutes': [10, 30, 60, 120, 240],
                'emergency_stay_minutes': [60, 120, 240, 480, 1440],
            },
            'dates': ['discharged_at', 'seen_at', 'departed_at'],
        },
        {
            'table': 'fct_cancer_cases', 'future': 'is_future', 'source_system': 'cancer_registry',
            'date': 'diagnosis_date',
            'codes': [
                'cancer_type', 'treatment', 'region', 'facility_id', 'stage', 'outcome',
                'is_dead', 'age_band', 'gender', 'insurance_type',
            ],
            'numbers': {'survival_months': [6, 12, 24, 36, 60, 120]},
            'dates': ['last_contact_date', 'referral_date', 'decision_date', 'treatment_date'],
        },
        {
            'table': 'fct_team_survey_responses', 'future': 'is_future', 'source_system': 'team_surveys',
            'date': 'survey_date',
            'codes': ['facility_id', 'department_id', 'items_answered'],
            'numbers': {'score': [2, 3, 4, 5, 6]},
            'dates': [],
        },
    ]) }}
{%- endmacro %}

{% macro binned(number, edges) -%}
    {#- The label of the range in which a number lies, its lower edge included; null for null. -#}
    case
        when {{ number }} < {{ edges[0] }} then 'under {{ edges[0] }}'
        {%- for edge in edges[1:] %}
        when {{ number }} < {{ edge }} then '{{ edges[loop.index0] }} to under {{ edge }}'
        {%- endfor %}
        when {{ number }} >= {{ edges[-1] }} then '{{ edges[-1] }} or more'
    end
{%- endmacro %}

{% macro value_counts(fact, rows, condition='true') -%}
    {#-
      How often each value stands in each watched column of the rows, which have a `change`: a
      grouping set for each column, so that they are read once.
    -#}
    {%- set columns = fact.codes + (fact.numbers.keys() | list) + fact.dates -%}
    select
        '{{ fact.source_system }}' as source_system,
        '{{ fact.table }}' as table_name,
        case
            {%- for column in columns %}
            when grouping({{ column }}) = 0 then '{{ column }}'
            {%- endfor %}
        end as column_name,
        case
            {%- for column in columns %}
            when grouping({{ column }}) = 0 then coalesce(cast({{ column }} as string), 'missing')
            {%- endfor %}
        end as value,
        sum(change) as events
    from (
        select
            {%- for column in fact.codes %}
            facts.{{ column }},
            {%- endfor %}
            {%- for column, edges in fact.numbers.items() %}
            {{ binned('facts.' ~ column, edges) }} as {{ column }},
            {%- endfor %}
            {%- for column in fact.dates %}
            case when facts.{{ column }} is not null then 'present' end as {{ column }},
            {%- endfor %}
            facts.change
        from {{ rows }} as facts
        where {{ condition }}
    ) as watched
    group by grouping sets (
        {%- for column in columns %}
        ({{ column }}){{ ',' if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}
