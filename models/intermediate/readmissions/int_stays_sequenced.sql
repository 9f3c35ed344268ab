{{ config(materialized='table') }}

{%- set in_order = 'partition by patient_key, lone_key'
    ~ ' order by admitted_at nulls last, discharged_at nulls last, facility_id nulls last,'
    ~ ' department_id nulls last, episode_key nulls last' %}
{%- set later_stays = in_order ~ ' rows between 1 following and unbounded following' %}

with

-- a stay that is quarantined or of an unknown patient stands alone, linked to no other
stays as (

    select
        *,
        case when is_overlapping or patient_key < 0 then episode_key end as lone_key,
        -- what is not known to be planned is unplanned
        not coalesce(is_planned, admission_type = 'elective') as is_unplanned
    from {{ ref('int_stays_screened') }}

),

linked as (

    select
        *,
        {%- for name in [
            'episode_key', 'admission_date', 'facility_id', 'diagnosis_group', 'is_unplanned'
        ] %}
        lead({{ name }}) over ({{ in_order }}) as next_{{ name }},
        {%- endfor %}
        row_number() over ({{ in_order }}) as stay_number
    from stays

),

-- what is unknown is neither the same facility or condition nor another one
moved as (

    select
        *,
        coalesce(
            next_facility_id != facility_id
            and next_facility_id != 'unknown' and facility_id != 'unknown'
            and {{ days_between('separation_date', 'next_admission_date') }} <= 1,
            false
        ) as is_moved,
        coalesce(
            next_facility_id = facility_id and facility_id != 'unknown'
            and next_diagnosis_group = diagnosis_group and diagnosis_group != 'unknown'
            and next_admission_date = separation_date,
            false
        ) as is_continued
    from linked

),

-- a transfer in, and the next part of one stay, are no return from any earlier stay
arrived as (

    select
        *,
        coalesce(lag(is_moved or is_continued) over ({{ in_order }}), false) as is_follow_on
    from moved

),

final as (

    select
        episode_key,
        patient_key,
        facility_id,
        department_id,
        admission_date,
        separation_date,
        admission_type,
        is_planned,
        disposition,
        diagnosis_group,
        has_cancer_diagnosis,
        age_band,
        is_adult,
        is_overlapping,
        case when lone_key is null then stay_number end as stay_number,
        next_episode_key,
        next_admission_date,
        next_facility_id,
        next_diagnosis_group,
        is_moved or disposition = 'transfer_acute' as is_transferred,
        is_continued,
        is_follow_on,
        case when next_is_unplanned then stay_number + 1 end as hwr_return_number,
        min(
            case
                when
                    not is_follow_on
                    and {{ came_as(['emergency', 'urgent']) }}
                    and diagnosis_group not in ('metastatic', 'chemotherapy', 'radiotherapy')
                then stay_number
            end
        ) over ({{ later_stays }}) as cancer_return_number,
        min(
            case when not is_follow_on and {{ came_as(['emergency']) }} then stay_number end
        ) over ({{ later_stays }}) as au_return_number
    from arrived

)

select * from final
