{% set typed = ref('stg_care_episodes__episodes_typed') %}
{% set newly_typed = typed_episodes() if is_incremental() or not execute %}
with

typed as (

    select * from {{ newly_typed if is_incremental() else typed }}

),

hash_key as (

    select secret from {{ source('private', 'hash_key') }}

),

judged as (

    select
        typed.*,
        {{ reject_reason(
            'care_episodes', 'episodes', ['episode_id'], 'date', 'day', 'patient_id'
        ) }} as reject_reason,
        {{ repairs([
            ('patient_id', 'patient_id', 'usable_patient_id', 'sentinel'),
            ('facility', 'facility', 'facility_name', 'sentinel'),
            ('department', 'department', 'department_name', 'sentinel'),
            ('treatment_type', 'treatment_type', 'treatment_type_name', 'sentinel'),
            ('patient_age', 'patient_age', 'usable_age', number_problem('patient_age')),
            ('patient_gender', 'patient_gender', 'patient_gender_code', 'unmapped_code'),
            ('length_of_stay', 'length_of_stay', 'usable_stay', number_problem('length_of_stay')),
            ('treatment_cost', 'treatment_cost', 'usable_cost', number_problem('treatment_cost')),
            ('treatment_success', 'treatment_success', 'treatment_success_value', 'unmapped_code'),
            ('patient_satisfaction', 'patient_satisfaction',
                'coalesce(cast(usable_score as string), experience_code)',
                number_problem('patient_satisfaction')),
            ('readmission_30d', 'readmission_30d', 'readmission_30d_value', 'unmapped_code'),
            ('insurance_type', 'insurance_type', 'insurance_type_name', 'sentinel'),
            ('admitted_at', 'admitted_at', 'usable_admitted_at',
                date_problem('admitted_at', 'care_episodes', 'not_a_timestamp')),
            ('discharged_at', 'discharged_at', 'usable_discharged_at',
                end_problem('discharged_at', 'admitted_at', 'care_episodes')),
            ('leave_days', 'leave_days', 'usable_leave_days', number_problem('leave_days')),
            ('admission_type', 'admission_type', 'admission_type_code', 'unmapped_code'),
            ('is_planned', 'is_planned', 'is_planned_value', 'unmapped_code'),
            ('disposition', 'disposition', 'disposition_code', 'unmapped_code'),
            ('diagnosis_group', 'diagnosis_group', 'diagnosis_name', 'sentinel'),
            ('any_cancer_diagnosis', 'any_cancer_diagnosis', 'any_cancer_diagnosis_value',
                'unmapped_code'),
            ('cancer_stage', 'cancer_stage', 'cancer_stage_code', 'unmapped_code'),
            ('triage_category', 'triage_category', 'usable_triage',
                number_problem('triage_category')),
            ('arrived_at', 'arrived_at', 'usable_arrived_at',
                date_problem('arrived_at', 'care_episodes', 'not_a_timestamp')),
            ('seen_at', 'seen_at', 'usable_seen_at',
                end_problem('seen_at', 'arrived_at', 'care_episodes')),
            ('departed_at', 'departed_at', 'usable_departed_at',
                end_problem('departed_at', 'arrived_at', 'care_episodes')),
            ('visit_end_status', 'visit_end_status', 'visit_end_status_code', 'unmapped_code'),
            ('length_of_stay_unit', 'length_of_stay_unit', 'length_of_stay_unit_code',
                'unmapped_code'),
            ('region', 'region', 'region_name', 'sentinel'),
        ]) }} as repairs
    from typed

),

versioned as (

    select
        judged.*,
        {{ row_status('superseded_row is not null') }} as row_status
    from judged
    {{ superseded_join('care_episodes', 'episodes', 'episode_id', 'date', typed, 'patient_id') }}

),

final as (

    select
        {{ row_ending('versioned') }},
        {{ entity_key('care_episodes', 'episode', 'versioned.natural_key') }} as episode_key,
        {{ entity_key('care_episodes', 'patient', 'versioned.usable_patient_id') }} as patient_key,
        {{ conformed_id('facilities.facility_id', 'care_episodes', 'versioned.facility_name') }}
            as facility_id,
        coalesce(facilities.facility_name, versioned.facility_name, 'unknown') as facility_name,
        {{ conformed_id(
            'departments.department_id', 'care_episodes', 'versioned.department_name'
        ) }} as department_id,
        coalesce(departments.department_name, versioned.department_name, 'unknown')
            as department_name,
        coalesce(versioned.treatment_type_name, 'unknown') as treatment_type,
        versioned.day as episode_date,
        versioned.usable_age as age_years,
        coalesce(versioned.patient_gender_code, 'unknown') as gender,
        cast(versioned.usable_stay as double) as length_of_stay_recorded,
        versioned.length_of_stay_unit_code as length_of_stay_unit,
        versioned.usable_cost as cost,
        versioned.treatment_success_value as is_success,
        cast(versioned.usable_score as decimal(6, 2)) as satisfaction_score,
        versioned.experience_code as experience_answer,
        versioned.readmission_30d_value as is_readmitted_30d,
        coalesce(versioned.insurance_type_name, 'unknown') as insurance_type,
        coalesce(versioned.region_name, 'unknown') as region,
        versioned.usable_admitted_at as admitted_at,
        versioned.usable_discharged_at as discharged_at,
        versioned.usable_leave_days as leave_days,
        coalesce(versioned.admission_type_code, 'unknown') as admission_type,
        versioned.is_planned_value as is_planned,
        coalesce(versioned.disposition_code, 'unknown') as disposition,
        coalesce({{ readable_id('versioned.diagnosis_name') }}, 'unknown') as diagnosis_group,
        versioned.any_cancer_diagnosis_value as has_cancer_diagnosis,
        coalesce(versioned.cancer_stage_code, 'unknown') as cancer_stage,
        versioned.usable_triage as triage_category,
        versioned.usable_arrived_at as arrived_at,
        versioned.usable_seen_at as seen_at,
        versioned.usable_departed_at as departed_at,
        coalesce(versioned.visit_end_status_code, 'unknown') as visit_end_status,
        coalesce(
            versioned.stated_year != extract(year from versioned.day)
            or versioned.stated_month != extract(month from versioned.day),
            false
        ) as has_period_mismatch
    from versioned
    cross join hash_key
    left join {{ ref('facility_aliases') }} as facilities
        on facilities.source_system = 'care_episodes'
        and facilities.source_name = versioned.facility_name
    left join {{ ref('department_aliases') }} as departments
        on departments.source_system = 'care_episodes'
        and departments.source_name = versioned.department_name

)

select * from final
