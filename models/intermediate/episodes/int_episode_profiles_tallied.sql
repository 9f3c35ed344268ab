{{ config(
    materialized='incremental',
    unique_key=['gender', 'age_band', 'insurance_type', 'region', 'treatment_type', 'cancer_stage']
) }}

with

episodes as (

    select * from {{ changes_of('fct_episodes') }} as changes
    where not is_future

),

final as (

    select
        gender,
        age_band,
        insurance_type,
        region,
        treatment_type,
        cancer_stage,
        {{ episode_sums() }},
        cast(sum(case when satisfaction_score >= 9 then change else 0 end) as bigint) as top_box,
        cast(
            sum(case when is_separation and is_death is not null then change else 0 end) as bigint
        ) as separations_with_disposition,
        cast(sum(case when is_separation and is_death then change else 0 end) as bigint) as deaths
    from episodes
    group by gender, age_band, insurance_type, region, treatment_type, cancer_stage

)

select * from final
