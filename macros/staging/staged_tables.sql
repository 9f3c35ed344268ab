{% macro staged_tables() -%}
    {#- Every raw table that has a staging model: (source system, raw table). -#}
    {{ return([
        ('hospital_ops', 'patients'),
        ('hospital_ops', 'doctors'),
        ('hospital_ops', 'appointments'),
        ('hospital_ops', 'treatments'),
        ('hospital_ops', 'billing'),
        ('hospital_ops', 'slots'),
    ]) }}
{%- endmacro %}

{% macro coded_columns() -%}
    {#- Every raw column whose words must all be in the code map: (system, table, column). -#}
    {{ return([
        ('hospital_ops', 'patients', 'gender'),
        ('hospital_ops', 'appointments', 'status'),
        ('hospital_ops', 'appointments', 'cancelled_by'),
        ('hospital_ops', 'billing', 'payment_method'),
        ('hospital_ops', 'billing', 'payment_status'),
        ('hospital_ops', 'slots', 'held'),
    ]) }}
{%- endmacro %}
