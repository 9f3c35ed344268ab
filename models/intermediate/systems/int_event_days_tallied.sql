{{ config(
    materialized='incremental',
    unique_key=['source_system', 'source_table', 'date_column', 'event_date', 'is_event_date']
) }}

{#- Every date of a fact that shows that its table was not silent on that day; first of them the
    one that dates the event. -#}
{% set facts = [
    ('hospital_ops', 'appointments', 'fct_appointments', ['appointment_date']),
    ('hospital_ops', 'treatments', 'fct_treatments', ['treatment_date']),
    ('hospital_ops', 'billing', 'fct_bills', ['bill_date']),
    (
        'care_episodes', 'episodes', 'fct_episodes',
        ['episode_date', 'separation_date', 'departed_at'],
    ),
    (
        'cancer_registry', 'cases', 'fct_cancer_cases',
        ['diagnosis_date', 'referral_date', 'decision_date', 'treatment_date'],
    ),
] %}

with

{% for _, table, fact, _ in facts -%}
{{ table }} as (

    select * from {{ changes_of(fact) }}

),

{% endfor -%}
final as (

    {% for system, table, _, dates in facts -%}
    {% set table_loop = loop -%}
    {% for column in dates -%}
    select
        '{{ system }}' as source_system,
        '{{ table }}' as source_table,
        '{{ column }}' as date_column,
        {{ loop.first | string | lower }} as is_event_date,
        cast({{ column }} as date) as event_date,
        {{ tallied_rows() }} as events
    from {{ table }}
    where {{ column }} is not null
    group by cast({{ column }} as date)
    {% if not (loop.last and table_loop.last) -%}
    union all
    {% endif -%}
    {% endfor -%}
    {% endfor %}
)

select * from final
