{{ config(
    materialized='incremental',
    unique_key=['facility_id', 'department_id', 'treatment_type', 'month']
) }}

with

episodes as (

    select * from {{ changes_of('fct_episodes') }} as changes
    where not is_future

),

final as (

    select
        facility_id,
        department_id,
        treatment_type,
        {{ first_of_month('episode_date') }} as month,
        {{ episode_sums() }}
    from episodes
    group by facility_id, department_id, treatment_type, {{ first_of_month('episode_date') }}

)

select * from final
