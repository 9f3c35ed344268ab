{% set items = range(1, 8) %}

with

raw as (

    select * from {{ raw_table('team_surveys', 'responses') }}

),

hash_key as (

    select secret from {{ source('private', 'hash_key') }}

),

parsed as (

    select
        raw.*,
        {{ version_values('team_surveys') }},
        {{ parse_date('raw.survey_date', 'team_surveys') }} as day,
        {%- for item in items %}
        {{ parse_integer('raw.item_' ~ item) }} as number_{{ item }},
        {%- endfor %}
        {{ known_name('facility_words.code', 'raw.facility') }} as facility_text,
        {{ known_name('department_words.code', 'raw.department') }} as department_text
    from raw
    {{ version_join('team_surveys') }}
    {{ code_join('facility_words', 'team_surveys', 'facility', 'raw.facility') }}
    {{ code_join('department_words', 'team_surveys', 'department', 'raw.department') }}

),

ranged as (

    select
        {% for item in items -%}
        case when number_{{ item }} between 1 and 7 then number_{{ item }} end as answer_{{ item }},
        {% endfor -%}
        parsed.*
    from parsed

),

judged as (

    select
        ranged.*,
        {{ reject_reason(
            'team_surveys', 'responses', ['response_id'], 'survey_date', 'day'
        ) }} as reject_reason,
        {%- set notes = [
            ('facility', 'facility', 'facility_text', 'sentinel'),
            ('department', 'department', 'department_text', 'sentinel'),
        ] -%}
        {#- 3.5 is a number, but none of the seven answers -#}
        {%- for item in items -%}
        {%- do notes.append((
            'item_' ~ item, 'item_' ~ item, 'answer_' ~ item,
            'case when ' ~ parse_number('item_' ~ item)
            ~ " is null then 'not_a_number' else 'out_of_range' end",
        )) -%}
        {%- endfor %}
        {{ repairs(notes) }} as repairs
    from ranged

),

versioned as (

    select
        judged.*,
        {{ row_status(recency(['response_id']) ~ ' > 1') }} as row_status
    from judged

),

final as (

    select
        {{ row_ending('versioned') }},
        {{ entity_key('team_surveys', 'response', 'versioned.response_id') }}
            as response_key,
        {{ conformed_id('facilities.facility_id', 'team_surveys', 'versioned.facility_text') }}
            as facility_id,
        coalesce(facilities.facility_name, versioned.facility_text, 'unknown') as facility_name,
        {{ conformed_id('departments.department_id', 'team_surveys', 'versioned.department_text') }}
            as department_id,
        coalesce(departments.department_name, versioned.department_text, 'unknown')
            as department_name,
        {%- for item in items %}
        versioned.answer_{{ item }} as item_{{ item }},
        {%- endfor %}
        versioned.day as survey_date
    from versioned
    cross join hash_key
    left join {{ ref('facility_aliases') }} as facilities
        on facilities.source_system = 'team_surveys'
        and facilities.source_name = versioned.facility_text
    left join {{ ref('department_aliases') }} as departments
        on departments.source_system = 'team_surveys'
        and departments.source_name = versioned.department_text

)

select * from final
