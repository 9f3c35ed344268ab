{{ config(materialized='table') }}

with

appointments as (

    select * from {{ ref('fct_appointments') }}
    where outcome != 'future' and patient_key != {{ unknown_key() }}

),

episodes as (

    select * from {{ ref('fct_episodes') }}
    where not is_future and patient_key != {{ unknown_key() }}

),

-- a registry names no department
cases as (

    select
        *,
        'unknown' as department_id
    from {{ ref('fct_cancer_cases') }}
    where not is_future and patient_key != {{ unknown_key() }}

),

stacked as (

    {% for system, events, day in [
        ('hospital_ops', 'appointments', 'appointment_date'),
        ('care_episodes', 'episodes', 'episode_date'),
        ('cancer_registry', 'cases', 'diagnosis_date'),
    ] -%}
    select
        '{{ system }}' as source_system,
        facility_id,
        department_id,
        {{ first_of_month(day) }} as month,
        patient_key
    from {{ events }}
    {% if not loop.last -%}
    union all
    {% endif -%}
    {% endfor %}
),

final as (

    select
        source_system,
        facility_id,
        department_id,
        substr(cast(month as string), 1, 7) as period,
        patient_key
    from stacked
    group by source_system, facility_id, department_id, month, patient_key

)

select * from final
