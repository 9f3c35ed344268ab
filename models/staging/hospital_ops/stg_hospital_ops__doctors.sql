with

raw as (

    select * from {{ raw_table('hospital_ops', 'doctors') }}

),

parsed as (

    select
        raw.*,
        {{ version_values('hospital_ops') }},
        {{ parse_integer('raw.years_experience') }} as experience,
        {{ known_name('branches.code', 'raw.hospital_branch') }} as branch_name,
        {{ known_name('specialties.code', 'raw.specialization') }} as specialty_name
    from raw
    {{ version_join('hospital_ops') }}
    {{ code_join('branches', 'hospital_ops', 'hospital_branch', 'raw.hospital_branch') }}
    {{ code_join('specialties', 'hospital_ops', 'specialization', 'raw.specialization') }}

),

ranged as (

    select
        parsed.*,
        case when experience between 0 and 80 then experience end as plausible_experience
    from parsed

),

judged as (

    select
        ranged.*,
        {{ reject_reason('hospital_ops', 'doctors', ['doctor_id']) }} as reject_reason,
        {{ repairs([
            ('specialization', 'specialization', 'specialty_name', 'sentinel'),
            ('years_experience', 'years_experience', 'plausible_experience',
                number_problem('years_experience')),
            ('hospital_branch', 'hospital_branch', 'branch_name', 'sentinel'),
        ]) }} as repairs
    from ranged

),

versioned as (

    select
        judged.*,
        {{ row_status(recency(['doctor_id']) ~ ' > 1') }} as row_status
    from judged

),

final as (

    select
        {{ row_ending('versioned') }},
        versioned.doctor_id,
        coalesce(versioned.specialty_name, 'unknown') as specialization,
        versioned.plausible_experience as years_experience,
        {{ conformed_id('facilities.facility_id', 'hospital_ops', 'versioned.branch_name') }}
            as facility_id,
        coalesce(facilities.facility_name, versioned.branch_name, 'unknown') as facility_name,
        {{ conformed_id('departments.department_id', 'hospital_ops', 'versioned.specialty_name') }}
            as department_id,
        coalesce(departments.department_name, versioned.specialty_name, 'unknown')
            as department_name
    from versioned
    left join {{ ref('facility_aliases') }} as facilities
        on facilities.source_system = 'hospital_ops'
        and facilities.source_name = versioned.branch_name
    left join {{ ref('department_aliases') }} as departments
        on departments.source_system = 'hospital_ops'
        and departments.source_name = versioned.specialty_name

)

select * from final
