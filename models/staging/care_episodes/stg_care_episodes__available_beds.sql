with

raw as (

    select * from {{ raw_table('care_episodes', 'available_beds') }}

),

parsed as (

    select
        raw.*,
        {{ version_values('care_episodes') }},
        {{ parse_date('raw.date', 'care_episodes') }} as day,
        {{ parse_integer('raw.beds') }} as number_of_beds,
        {{ known_name('facility_words.code', 'raw.facility') }} as facility_name,
        {{ known_name('department_words.code', 'raw.department') }} as department_name
    from raw
    {{ version_join('care_episodes') }}
    {{ code_join('facility_words', 'care_episodes', 'facility', 'raw.facility') }}
    {{ code_join('department_words', 'care_episodes', 'department', 'raw.department') }}

),

ranged as (

    select
        parsed.*,
        case when number_of_beds between 0 and 100000 then number_of_beds end as usable_beds
    from parsed

),

judged as (

    select
        ranged.*,
        {{ reject_reason(
            'care_episodes', 'available_beds', ['facility', 'department', 'date'], 'date', 'day'
        ) }} as reject_reason,
        {{ repairs([
            ('facility', 'facility', 'facility_name', 'sentinel'),
            ('department', 'department', 'department_name', 'sentinel'),
            ('beds', 'beds', 'usable_beds',
                number_problem('beds')),
        ]) }} as repairs
    from ranged

),

versioned as (

    select
        judged.*,
        {{ row_status(recency(['facility_name', 'department_name', 'day']) ~ ' > 1') }}
            as row_status
    from judged

),

final as (

    select
        {{ row_ending('versioned') }},
        coalesce(versioned.facility_name, '') || chr(31) || coalesce(versioned.department_name, '')
            as ward,
        {{ conformed_id('facilities.facility_id', 'care_episodes', 'versioned.facility_name') }}
            as facility_id,
        coalesce(facilities.facility_name, versioned.facility_name, 'unknown') as facility_name,
        {{ conformed_id(
            'departments.department_id', 'care_episodes', 'versioned.department_name'
        ) }} as department_id,
        coalesce(departments.department_name, versioned.department_name, 'unknown')
            as department_name,
        versioned.day as bed_date,
        versioned.usable_beds as beds
    from versioned
    left join {{ ref('facility_aliases') }} as facilities
        on facilities.source_system = 'care_episodes'
        and facilities.source_name = versioned.facility_name
    left join {{ ref('department_aliases') }} as departments
        on departments.source_system = 'care_episodes'
        and departments.source_name = versioned.department_name

)

select * from final
