with

appointments as (

    select * from {{ changes_of('fct_appointments') }} as changes
    where outcome != 'future' and patient_key != {{ unknown_key() }}

),

episodes as (

    select * from {{ changes_of('fct_episodes') }} as changes
    where not is_future and patient_key != {{ unknown_key() }}

),

-- a registry names no department
cases as (

    select
        *,
        'unknown' as department_id
    from {{ changes_of('fct_cancer_cases') }} as changes
    where not is_future and patient_key != {{ unknown_key() }}

),

final as (

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
        patient_key,
        change
    from {{ events }}
    {% if not loop.last -%}
    union all
    {% endif -%}
    {% endfor %}
)

select * from final
