{#- Stored: the report and a KPI share it. One choice of totals after the other: all of them at
    once, as a cube, are eight times the patients, and more than memory holds. -#}
{{ config(materialized='table') }}
{% set places = ['facility_id', 'department_id', 'month'] %}
{% set numbers = {
    'facility_id': 'facility_number', 'department_id': 'department_number', 'month': 'month'
} %}
{% set choices = [
    places, ['facility_id', 'department_id'], ['facility_id', 'month'], ['department_id', 'month'],
    ['facility_id'], ['department_id'], ['month'], [],
] %}

with

facilities as (

    select
        facility_id,
        cast(row_number() over (order by facility_id nulls last) as integer) as facility_number
    from {{ ref('int_patients_seen') }}
    group by facility_id

),

departments as (

    select
        department_id,
        cast(row_number() over (order by department_id nulls last) as integer)
            as department_number
    from {{ ref('int_patients_seen') }}
    group by department_id

),

-- numbers instead of names: so many rows with a patient each are sorted out in a third of the time
seen as (

    select
        case seen.source_system
            when 'hospital_ops' then 1
            when 'care_episodes' then 2
            else 3
        end as system_number,
        facilities.facility_number,
        departments.department_number,
        seen.month,
        seen.patient_key
    from {{ ref('int_patients_seen') }} as seen
    inner join facilities
        on facilities.facility_id = seen.facility_id
    inner join departments
        on departments.department_id = seen.department_id

),

-- one patient with events in two months, departments or facilities is one in their total
counted as (

    {% for kept in choices -%}
    {% set keys = ['system_number'] -%}
    {% for place in kept %}{% do keys.append(numbers[place]) %}{% endfor -%}
    select
        system_number,
        {%- for place, number in numbers.items() %}
        {{ number if place in kept else 'null as ' ~ number }},
        {%- endfor %}
        count(*) as patients
    from (
        select {{ keys | join(', ') }}, patient_key
        from seen
        group by {{ keys | join(', ') }}, patient_key
    ) as patients_once
    group by {{ keys | join(', ') }}
    {% if not loop.last -%}
    union all
    {% endif -%}
    {% endfor %}
),

final as (

    select
        case counted.system_number
            when 1 then 'hospital_ops'
            when 2 then 'care_episodes'
            else 'cancer_registry'
        end as source_system,
        coalesce(facilities.facility_id, 'all') as facility_id,
        coalesce(departments.department_id, 'all') as department_id,
        counted.month,
        counted.patients
    from counted
    left join facilities
        on facilities.facility_number = counted.facility_number
    left join departments
        on departments.department_number = counted.department_number

)

select * from final
