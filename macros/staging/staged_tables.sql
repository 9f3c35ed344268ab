{% macro staged_tables() -%}
    {#- Every raw table that has a staging model: (source system, raw table). -#}
    {{ return([
        ('hospital_ops', 'patients'),
        ('hospital_ops', 'doctors'),
        ('hospital_ops', 'appointments'),
        ('hospital_ops', 'treatments'),
        ('hospital_ops', 'billing'),
        ('hospital_ops', 'slots'),
        ('care_episodes', 'episodes'),
        ('care_episodes', 'available_beds'),
        ('cancer_registry', 'cases'),
        ('team_surveys', 'responses'),
    ]) }}
{%- endmacro %}

{% macro coded_columns() -%}
    {#- Every raw column whose words must all be in the code map: (system, table, column). -#}
    {%- set statuses = [] -%}
    {%- for system, table in staged_tables() -%}
        {%- do statuses.append((system, table, 'record_status')) -%}
    {%- endfor -%}
    {{ return(statuses + [
        ('hospital_ops', 'patients', 'gender'),
        ('hospital_ops', 'appointments', 'status'),
        ('hospital_ops', 'appointments', 'cancelled_by'),
        ('hospital_ops', 'billing', 'payment_method'),
        ('hospital_ops', 'billing', 'payment_status'),
        ('hospital_ops', 'slots', 'held'),
        ('care_episodes', 'episodes', 'patient_gender'),
        ('care_episodes', 'episodes', 'length_of_stay_unit'),
        ('care_episodes', 'episodes', 'admission_type'),
        ('care_episodes', 'episodes', 'disposition'),
        ('care_episodes', 'episodes', 'cancer_stage'),
        ('care_episodes', 'episodes', 'visit_end_status'),
        ('cancer_registry', 'cases', 'gender'),
        ('cancer_registry', 'cases', 'stage'),
        ('cancer_registry', 'cases', 'outcome'),
        ('cancer_registry', 'cases', 'vital_status'),
    ]) }}
{%- endmacro %}
