with

raw as (

    select * from {{ raw_table('hospital_ops', 'patients') }}

),

hash_key as (

    select secret from {{ source('private', 'hash_key') }}

),

parsed as (

    select
        raw.*,
        {{ version_values('hospital_ops') }},
        {{ parse_date('raw.date_of_birth', 'hospital_ops') }} as birth_day,
        {{ parse_date('raw.registration_date', 'hospital_ops') }} as registration_day,
        genders.code as gender_code,
        insurers.code as insurer_code,
        regions.code as region_code
    from raw
    {{ version_join('hospital_ops') }}
    {{ code_join('genders', 'hospital_ops', 'gender', 'raw.gender') }}
    {{ code_join('insurers', 'hospital_ops', 'insurance_provider', 'raw.insurance_provider') }}
    {{ code_join('regions', 'hospital_ops', 'region', 'raw.region') }}

),

ranged as (

    select
        parsed.*,
        -- a birth after the registration, or more than 120 years before it, is an entry error
        case
            when
                coalesce({{ days_between('birth_day', 'registration_day') }}, 0)
                between 0 and 43830
            then {{ usable_date('birth_day', earliest_birth()) }}
        end as plausible_birth_day,
        {{ usable_date('registration_day', earliest_birth()) }} as plausible_registration_day
    from parsed

),

judged as (

    select
        ranged.*,
        {{ reject_reason('hospital_ops', 'patients', ['patient_id']) }} as reject_reason,
        {{ repairs([
            ('gender', 'gender', 'gender_code', 'unmapped_code'),
            ('date_of_birth', 'date_of_birth', 'plausible_birth_day',
                date_problem('date_of_birth', 'hospital_ops', 'not_a_date')),
            ('registration_date', 'registration_date', 'plausible_registration_day',
                date_problem('registration_date', 'hospital_ops', 'not_a_date')),
            ('insurance_provider', 'insurance_provider',
                known_name('insurer_code', 'insurance_provider'), 'sentinel'),
            ('region', 'region', known_name('region_code', 'region'), 'sentinel'),
        ]) }} as repairs
    from ranged

),

versioned as (

    select
        judged.*,
        {{ row_status('superseded_row is not null') }} as row_status
    from judged
    {{ superseded_join('hospital_ops', 'patients', 'patient_id') }}

),

final as (

    select
        {{ row_ending('versioned') }},
        versioned.patient_id,
        {{ entity_key('hospital_ops', 'patient', 'versioned.patient_id') }} as patient_key,
        coalesce(versioned.gender_code, 'unknown') as gender,
        versioned.plausible_birth_day as date_of_birth,
        versioned.plausible_registration_day as registration_date,
        coalesce(
            {{ known_name('versioned.insurer_code', 'versioned.insurance_provider') }}, 'unknown'
        ) as insurance,
        coalesce({{ known_name('versioned.region_code', 'versioned.region') }}, 'unknown')
            as region,
        {{ entity_key('hospital_ops', 'email', clean_text('lower(versioned.email)')) }} as email_key
    from versioned
    cross join hash_key

)

select * from final
