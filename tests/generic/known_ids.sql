{% test known_ids(model, columns) %}
    {#- Ids that the table of their kind does not have; `all` is a total. One node for all columns. -#}
    {%- set homes = {
        'facility_id': ref('dim_facilities'), 'department_id': ref('dim_departments'),
        'doctor_id': ref('dim_doctors'), 'treatment_type': ref('dim_treatment_types'),
        'treatment': ref('dim_treatment_types'),
    } -%}
    {%- for column in columns %}
    {%- set field = 'treatment_type' if column == 'treatment' else column %}
    select
        '{{ column }}' as column_name,
        ours.{{ column }} as id
    from {{ model }} as ours
    left join {{ homes[column] }} as home
        on home.{{ field }} = ours.{{ column }}
    where home.{{ field }} is null and ours.{{ column }} != 'all'
    {{ 'union all' if not loop.last }}
    {%- endfor %}
{% endtest %}
