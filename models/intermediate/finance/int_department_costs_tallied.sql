{{ config(materialized='table') }}

with

episodes as (

    select * from {{ ref('fct_episodes') }}
    where not is_future

),

tallied as (

    select
        department_id,
        {{ first_of_month('episode_date') }} as month,
        cost,
        count(*) as episodes
    from episodes
    group by department_id, {{ first_of_month('episode_date') }}, cost

),

final as (

    select
        department_id,
        month,
        {{ season('month', var('hemisphere')) }} as season,
        cost,
        episodes
    from tallied

)

select * from final
