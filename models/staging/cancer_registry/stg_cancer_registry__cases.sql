{% set dates = ['last_contact_date', 'referral_date', 'decision_date', 'treatment_date'] %}
{% set codes = ['gender', 'stage', 'outcome', 'vital_status'] %}
{% set texts = ['cancer_type', 'treatment', 'region', 'hospital', 'insurance_type'] %}

with

raw as (

    select * from {{ raw_table('cancer_registry', 'cases') }}

),

hash_key as (

    select secret from {{ source('private', 'hash_key') }}

),

parsed as (

    select
        raw.*,
        {{ version_values('cancer_registry') }},
        {{ parse_date('raw.diagnosis_date', 'cancer_registry') }} as day,
        {%- for column in dates %}
        {{ parse_date('raw.' ~ column, 'cancer_registry') }} as {{ column }}_day,
        {%- endfor %}
        {%- for column in codes %}
        {{ column }}_words.code as {{ column }}_code,
        {%- endfor %}
        {%- for column in texts %}
        {{ known_name(column ~ '_words.code', 'raw.' ~ column) }} as {{ column }}_name,
        {%- endfor %}
        {{ parse_integer('raw.age') }} as years,
        {{ parse_number('raw.survival_months') }} as months
    from raw
    {{ version_join('cancer_registry') }}
    {{ code_joins('cancer_registry', codes + texts) }}

),

ranged as (

    select
        parsed.*,
        case when years between 0 and {{ largest_age() }} then years end as usable_years,
        case when months between 0 and 1200 then months end as usable_months,
        {%- for column in dates[1:] %}
        {{ usable_date(column ~ '_day') }} as usable_{{ column }},
        {%- endfor %}
        case when last_contact_date_day >= day then {{ usable_date('last_contact_date_day') }} end
            as usable_contact
    from parsed

),

judged as (

    select
        ranged.*,
        {{ reject_reason(
            'cancer_registry', 'cases', ['patient_id'], 'diagnosis_date', 'day'
        ) }} as reject_reason,
        {{ repairs([
            ('age', 'age', 'usable_years',
                number_problem('age')),
            ('gender', 'gender', 'gender_code', 'unmapped_code'),
            ('cancer_type', 'cancer_type', 'cancer_type_name', 'sentinel'),
            ('treatment', 'treatment', 'treatment_name', 'sentinel'),
            ('region', 'region', 'region_name', 'sentinel'),
            ('survival_months', 'survival_months', 'usable_months',
                number_problem('survival_months')),
            ('hospital', 'hospital', 'hospital_name', 'sentinel'),
            ('stage', 'stage', 'stage_code', 'unmapped_code'),
            ('insurance_type', 'insurance_type', 'insurance_type_name', 'sentinel'),
            ('outcome', 'outcome', 'outcome_code', 'unmapped_code'),
            ('vital_status', 'vital_status', 'vital_status_code', 'unmapped_code'),
            ('last_contact_date', 'last_contact_date', 'usable_contact',
                "case when last_contact_date_day < day then 'before_start' else "
                ~ date_problem('last_contact_date', 'cancer_registry', 'not_a_date') ~ ' end'),
            ('referral_date', 'referral_date', 'usable_referral_date',
                date_problem('referral_date', 'cancer_registry', 'not_a_date')),
            ('decision_date', 'decision_date', 'usable_decision_date',
                date_problem('decision_date', 'cancer_registry', 'not_a_date')),
            ('treatment_date', 'treatment_date', 'usable_treatment_date',
                date_problem('treatment_date', 'cancer_registry', 'not_a_date')),
        ]) }} as repairs
    from ranged

),

versioned as (

    select
        judged.*,
        {{ row_status('superseded_row is not null') }} as row_status
    from judged
    {{ superseded_join('cancer_registry', 'cases', 'patient_id', 'diagnosis_date') }}

),

final as (

    select
        {{ row_ending('versioned') }},
        {{ entity_key('cancer_registry', 'case', 'versioned.patient_id') }} as case_key,
        {{ entity_key('cancer_registry', 'patient', 'versioned.patient_id') }}
            as patient_key,
        versioned.usable_years as age_years,
        coalesce(versioned.gender_code, 'unknown') as gender,
        coalesce(versioned.cancer_type_name, 'unknown') as cancer_type,
        coalesce(versioned.treatment_name, 'unknown') as treatment,
        coalesce(versioned.region_name, 'unknown') as region,
        {{ conformed_id('facilities.facility_id', 'cancer_registry', 'versioned.hospital_name') }}
            as facility_id,
        coalesce(facilities.facility_name, versioned.hospital_name, 'unknown') as facility_name,
        coalesce(versioned.stage_code, 'unknown') as stage,
        coalesce(versioned.insurance_type_name, 'unknown') as insurance_type,
        coalesce(versioned.outcome_code, 'unknown') as outcome,
        versioned.vital_status_code as vital_status,
        versioned.day as diagnosis_date,
        cast(versioned.usable_months as double) as survival_months,
        versioned.usable_contact as last_contact_date,
        versioned.usable_referral_date as referral_date,
        versioned.usable_decision_date as decision_date,
        versioned.usable_treatment_date as treatment_date
    from versioned
    cross join hash_key
    left join {{ ref('facility_aliases') }} as facilities
        on facilities.source_system = 'cancer_registry'
        and facilities.source_name = versioned.hospital_name

)

select * from final
