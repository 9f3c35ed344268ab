{% macro patients_at_facilities() -%}
    {#- Every known patient once at each facility seen, booked or registered at. -#}
    {%- for fact, condition in {
        'fct_appointments': 'true', 'fct_episodes': 'not is_future',
        'fct_cancer_cases': 'not is_future',
    }.items() %}
    {{- 'union all\n    ' if not loop.first -}}
    select
        facility_id,
        patient_key
    from {{ ref(fact) }}
    where patient_key != {{ unknown_key() }} and {{ condition }}
    group by facility_id, patient_key
    {% endfor -%}
{%- endmacro %}
