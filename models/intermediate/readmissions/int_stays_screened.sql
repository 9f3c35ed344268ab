{#- the key is hashed with a secret: it decides only when times and places are the same -#}
{%- set earlier_stays = 'over (partition by patient_key'
    ~ ' order by admitted_at nulls last, discharged_at nulls last, facility_id nulls last,'
    ~ ' department_id nulls last, episode_key nulls last'
    ~ ' rows between unbounded preceding and 1 preceding)' %}

with

stays as (

    select * from {{ ref('fct_episodes') }}
    where admitted_at is not null and not is_future

),

-- An overlapping stay begins before an earlier kept one has ended; which are kept is what is
-- asked. The first pass lets every earlier stay block and flags too many, the second lets only
-- stays unflagged so far block and flags too few, and so on: after an odd number of passes the
-- kept stays never overlap. An open stay does not block.
pass_1 as (

    select
        episode_key,
        patient_key,
        facility_id,
        department_id,
        admitted_at,
        discharged_at,
        coalesce(admitted_at < max(discharged_at) {{ earlier_stays }}, false) as is_flagged_1
    from stays
    where patient_key >= 0

),

-- what nothing overlaps in the first pass, nothing overlaps in a later one
doubtful as (

    select * from pass_1
    where
        patient_key in (
            select overlapping.patient_key from pass_1 as overlapping
            where overlapping.is_flagged_1
        )

),

{% for pass in [2, 3] -%}
pass_{{ pass }} as (

    select
        *,
        coalesce(
            admitted_at < max(case when not is_flagged_{{ pass - 1 }} then discharged_at end)
                {{ earlier_stays }},
            false
        ) as is_flagged_{{ pass }}
    from {{ 'doubtful' if loop.first else 'pass_' ~ (pass - 1) }}

),

{% endfor -%}
final as (

    select
        stays.episode_key,
        stays.patient_key,
        stays.facility_id,
        stays.department_id,
        stays.admitted_at,
        stays.discharged_at,
        cast(stays.admitted_at as date) as admission_date,
        stays.separation_date,
        stays.admission_type,
        stays.is_planned,
        stays.disposition,
        stays.diagnosis_group,
        stays.has_cancer_diagnosis,
        stays.age_band,
        stays.is_adult,
        coalesce(pass_3.is_flagged_3, false) as is_overlapping
    from stays
    left join pass_3
        on pass_3.episode_key = stays.episode_key

)

select * from final
