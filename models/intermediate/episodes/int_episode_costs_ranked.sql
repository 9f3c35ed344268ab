with

episodes as (

    select * from {{ ref('int_episodes_unpivoted') }}

),

tallied as (

    select * from {{ ref('int_episode_costs_tallied') }}

),

ranked as (

    select
        dimension,
        value,
        cost_bucket,
        costs_known,
        sum(costs_known) over (
            partition by dimension, value
            order by cost_bucket nulls last
            rows between unbounded preceding and current row
        ) as last_rank,
        sum(costs_known) over (partition by dimension, value) as n
    from tallied

),

-- the buckets that hold the median or one of its bounds
middle as (

    select
        dimension,
        value,
        cost_bucket,
        n,
        last_rank - costs_known as ranks_before
    from ranked
    where
        {{ holds_median('last_rank', 'costs_known', 'n') }}

),

costs_tallied as (

    select
        episodes.dimension,
        episodes.value,
        episodes.cost_bucket,
        episodes.cost,
        middle.n,
        middle.ranks_before,
        count(*) as costs
    from episodes
    inner join middle
        on middle.dimension = episodes.dimension
        and middle.value = episodes.value
        and middle.cost_bucket = episodes.cost_bucket
    group by
        episodes.dimension, episodes.value, episodes.cost_bucket, episodes.cost, middle.n,
        middle.ranks_before

),

final as (

    select
        dimension,
        value,
        cost,
        n,
        ranks_before + sum(costs) over (
            partition by dimension, value, cost_bucket
            order by cost nulls last
            rows between unbounded preceding and current row
        ) as last_rank
    from costs_tallied

)

select * from final
