{#- Stored: a few rows of many marts that two models and the tests read. -#}
{{ config(materialized='table') }}

{#- A further family is one more name. -#}
{% set families = [
    ref('int_kpi_values_appointments'),
    ref('int_kpi_values_patient_flow'),
    ref('int_kpi_values_readmissions'),
    ref('int_kpi_values_emergency'),
    ref('int_kpi_values_cancer'),
    ref('int_kpi_values_finance'),
    ref('int_kpi_values_experience'),
] %}

with

final as (

    {% for family in families -%}
    select * from {{ family }}
    {% if not loop.last -%}
    union all
    {% endif -%}
    {% endfor %}
)

select * from final
