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
{% for pass in [1, 2, 3] -%}
pass_{{ pass }} as (

    select
        *,
        patient_key >= 0 and coalesce(
            admitted_at < max(
                {%- if loop.first %}discharged_at{% else -%}
                case when not is_flagged_{{ pass - 1 }} then discharged_at end
                {%- endif -%}
            ) {{ earlier_stays }},
            false
        ) as is_flagged_{{ pass }}
    from {{ 'stays' if loop.first else 'pass_' ~ (pass - 1) }}

),

{% endfor -%}
final as (

    select
        episode_key,
        patient_key,
        facility_id,
        department_id,
        admitted_at,
        discharged_at,
        cast(admitted_at as date) as admission_date,
        separation_date,
        admission_type,
        is_planned,
        disposition,
        diagnosis_group,
        has_cancer_diagnosis,
        age_band,
        is_adult,
        is_flagged_3 as is_overlapping
    from pass_3

)

select * from final
