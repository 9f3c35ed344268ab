{%- set cancer_groups = "('cancer', 'metastatic', 'chemotherapy', 'radiotherapy')" %}

with

stays as (

    select * from {{ ref('int_stays_sequenced') }}

),

systems as (

    select * from {{ ref('int_systems_dated') }}
    where source_system = 'care_episodes'

),

definitions as (

    select 'hwr_like' as definition, 30 as window_days
    union all
    select 'cancer_3188_like', 30
    union all
    select 'au_28d', 28

),

-- without these columns a definition cannot tell whom to leave out: then it has no index stay
recorded as (

    select
        count(case when disposition != 'unknown' then 1 end) > 0
        and count(case when diagnosis_group != 'unknown' then 1 end) > 0
        and count(case when admission_type != 'unknown' or is_planned is not null then 1 end) > 0
            as has_courses,
        count(has_cancer_diagnosis) > 0 as has_cancer_flags
    from stays

),

paired as (

    select
        stays.*,
        definitions.definition,
        definitions.window_days,
        recorded.has_courses
        and (definitions.definition != 'cancer_3188_like' or recorded.has_cancer_flags)
            as is_recorded,
        -- the last day of data is the day before the as-of date
        coalesce(
            {{ days_between('stays.separation_date', 'systems.as_of_date') }}
            > definitions.window_days,
            false
        ) as is_followed_up,
        case definitions.definition
            when 'hwr_like' then stays.hwr_return_number
            when 'cancer_3188_like' then stays.cancer_return_number
            else stays.au_return_number
        end as return_number
    from stays
    cross join definitions
    cross join recorded
    left join systems
        on systems.source_system = 'care_episodes'

),

final as (

    select
        definition,
        window_days,
        episode_key,
        patient_key,
        facility_id,
        department_id,
        admission_date,
        separation_date,
        age_band,
        admission_type,
        diagnosis_group,
        is_recorded,
        is_followed_up,
        return_number,
        case
            when patient_key < 0 then 'unknown_patient'
            when is_overlapping then 'overlapping'
            when separation_date is null then 'open'
            when not is_recorded then 'not_recorded'
            when disposition = 'died' then 'died'
            when is_transferred then 'transferred'
            when is_continued then 'continued'
            when definition != 'au_28d' and disposition = 'against_advice' then 'against_advice'
            when definition = 'cancer_3188_like' and not coalesce(is_adult, false)
            then 'not_adult'
            when
                definition = 'cancer_3188_like' and not coalesce(has_cancer_diagnosis, false)
                and diagnosis_group not in {{ cancer_groups }}
            then 'no_cancer'
            when
                (definition = 'hwr_like' and diagnosis_group in {{ cancer_groups }})
                or (definition = 'au_28d' and diagnosis_group = 'chemotherapy')
            then 'cancer_treatment'
            when definition != 'cancer_3188_like' and diagnosis_group = 'psychiatric'
            then 'psychiatric'
            when definition = 'hwr_like' and diagnosis_group = 'rehabilitation'
            then 'rehabilitation'
            when definition = 'au_28d' and diagnosis_group = 'dialysis' then 'dialysis'
            when not is_followed_up then 'follow_up'
        end as exclusion_reason
    from paired

)

select * from final
