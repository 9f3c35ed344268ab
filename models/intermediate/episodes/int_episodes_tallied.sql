{{ config(materialized='table') }}

with

episodes as (

    select * from {{ ref('int_episodes_unpivoted') }}

),

final as (

    select
        dimension,
        value,
        cost_bucket,
        {{ episode_sums() }}
    from episodes
    group by dimension, value, cost_bucket

)

select * from final
