{#- One choice of totals after the other: all of them at once, as a cube, are eight times the
    patients, and more than memory holds. -#}
{% set places = ['facility_id', 'department_id', 'period'] %}
{% set choices = [
    places, ['facility_id', 'department_id'], ['facility_id', 'period'],
    ['department_id', 'period'], ['facility_id'], ['department_id'], ['period'], [],
] %}

with

seen as (

    select * from {{ ref('int_patients_seen') }}

),

-- one patient with events in two months, departments or facilities is one in their total
final as (

    {% for kept in choices -%}
    {% set keys = (['source_system'] + kept) | join(', ') -%}
    select
        source_system,
        {%- for place in places %}
        {{ place if place in kept else "'all' as " ~ place }},
        {%- endfor %}
        count(*) as patients
    from (
        select {{ keys }}, patient_key
        from seen
        group by {{ keys }}, patient_key
    ) as patients_once
    group by {{ keys }}
    {% if not loop.last -%}
    union all
    {% endif -%}
    {% endfor %}
)

select * from final
