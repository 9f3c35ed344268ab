{#- Episodes with each value typed; the raw texts stay beside them. -#}

{% macro typed_episodes() -%}
    {#-
      The raw episodes, each value typed and each word coded, as a relation: all of them, or in an
      increment of the model that it stands in those of the new files.
    -#}
    {%- set times = ['admitted_at', 'discharged_at', 'arrived_at', 'seen_at', 'departed_at'] -%}
    {%- set booleans = ['treatment_success', 'readmission_30d', 'is_planned', 'any_cancer_diagnosis'] -%}
    {%- set codes = [
        'patient_gender', 'length_of_stay_unit', 'admission_type', 'disposition', 'cancer_stage',
        'visit_end_status',
    ] -%}
    {%- set texts = ['facility', 'department', 'treatment_type', 'insurance_type', 'region'] -%}
    (
        with

        raw as (

            select * from {{ raw_table('care_episodes', 'episodes') }}

        ),

        parsed as (

            select
                raw.*,
                {{ version_values('care_episodes') }},
                {{ clean_id('raw.patient_id') }} as usable_patient_id,
                {{ parse_date('raw.date', 'care_episodes') }} as day,
                {%- for column in times %}
                {{ parse_timestamp('raw.' ~ column, 'care_episodes') }} as {{ column }}_time,
                {%- endfor %}
                {%- for column in booleans %}
                {{ parse_boolean('raw.' ~ column) }} as {{ column }}_value,
                {%- endfor %}
                {%- for column in codes %}
                {{ column }}_words.code as {{ column }}_code,
                {%- endfor %}
                {%- for column in texts %}
                {{ known_name(column ~ '_words.code', 'raw.' ~ column) }} as {{ column }}_name,
                {%- endfor %}
                {{ known_name('cast(null as string)', 'raw.diagnosis_group') }} as diagnosis_name,
                experience_words.code as experience_code,
                {{ parse_integer('raw.patient_age') }} as age,
                {{ parse_number('raw.length_of_stay') }} as stay,
                {{ parse_amount('raw.treatment_cost') }} as dollars,
                {{ parse_number('raw.patient_satisfaction') }} as score,
                {{ parse_integer('raw.leave_days') }} as away,
                {{ parse_integer('raw.triage_category') }} as triage,
                {{ parse_integer('raw.year') }} as stated_year,
                {{ parse_integer('raw.month') }} as stated_month
            from raw
            {{ version_join('care_episodes') }}
            {{ code_joins('care_episodes', codes + texts) }}
            {{ code_join(
                'experience_words', 'care_episodes', 'patient_satisfaction', 'raw.patient_satisfaction'
            ) }}

        ),

        final as (

            select
                parsed.*,
                case when age between 0 and {{ largest_age() }} then age end as usable_age,
                case when stay between 0 and 3660 then stay end as usable_stay,
                case when dollars between 0 and {{ largest_amount() }} then dollars end as usable_cost,
                case when score between 0 and 10 then score end as usable_score,
                case when triage between 1 and 5 then triage end as usable_triage,
                -- an end before its beginning cannot be used; the beginning can
                {%- for end, start in [
                    ('discharged_at', 'admitted_at'), ('seen_at', 'arrived_at'), ('departed_at', 'arrived_at'),
                ] %}
                case
                    when {{ start }}_time > {{ end }}_time then null
                    else {{ usable_date(end ~ '_time') }}
                end as usable_{{ end }},
                {%- endfor %}
                {{ usable_date('admitted_at_time') }} as usable_admitted_at,
                {{ usable_date('arrived_at_time') }} as usable_arrived_at,
                case when away between 0 and coalesce(
                    {{ days_between('admitted_at_time', 'discharged_at_time') }}, 3660
                ) then away end as usable_leave_days,
                -- the extract's own number, or what makes an episode one where it has none
                coalesce(
                    {{ clean_id('episode_id') }},
                    patient_id || '|' || cast(day as string) || '|'
                    || coalesce(department_name, '') || '|' || coalesce(treatment_type_name, '')
                ) as natural_key
            from parsed

        )

        select * from final
    )
{%- endmacro %}
