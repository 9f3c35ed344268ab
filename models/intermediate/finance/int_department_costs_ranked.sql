{{ config(materialized='table') }}

with

tallied as (

    select
        *,
        {{ season('month', var('hemisphere')) }} as season
    from {{ ref('int_department_costs_tallied') }}
    where cost_bucket is not null

),

-- by season and the whole time, and by month
totalled as (

    select
        case when grouping(department_id) = 1 then 'all' else department_id end as department_id,
        case when grouping(season) = 1 then 'all' else season end as season,
        cast(null as date) as month,
        cost_bucket,
        cast(sum(costs_known) as bigint) as costs
    from tallied
    group by cost_bucket, cube(department_id, season)
    union all
    select
        case when grouping(department_id) = 1 then 'all' else department_id end,
        season,
        month,
        cost_bucket,
        cast(sum(costs_known) as bigint)
    from tallied
    group by cost_bucket, season, month, rollup(department_id)

),

ranked as (

    select
        totalled.*,
        {{ last_rank('costs', ['department_id', 'season', 'month'], 'cost_bucket') }} as last_rank,
        sum(costs) over (partition by department_id, season, month) as n
    from totalled

),

-- the buckets that hold the costs asked for
asked as (

    select
        department_id,
        season,
        month,
        cost_bucket,
        cast(n as bigint) as n,
        cast(last_rank - costs as bigint) as ranks_before
    from ranked
    where
        ({{ holds_median('last_rank', 'costs', 'n') }})
        or (
            month is null
            and ({{ holds_quantiles('last_rank', 'costs', 'n', [0.25, 0.75, 0.9, 0.95]) }})
        )

),

episodes as (

    select
        department_id,
        {{ first_of_month('episode_date') }} as month,
        {{ season('episode_date', var('hemisphere')) }} as season,
        {{ cost_bucket('cost') }} as cost_bucket,
        cost
    from {{ ref('fct_episodes') }}
    where cost is not null and not is_future

),

counted as (

    select
        asked.department_id,
        asked.season,
        asked.month,
        asked.cost_bucket,
        asked.n,
        asked.ranks_before,
        episodes.cost,
        count(*) as costs
    from episodes
    inner join asked
        on asked.cost_bucket = episodes.cost_bucket
        and asked.department_id in (episodes.department_id, 'all')
        and asked.season in (episodes.season, 'all')
        and coalesce(asked.month, episodes.month) = episodes.month
    group by
        asked.department_id, asked.season, asked.month, asked.cost_bucket, asked.n,
        asked.ranks_before, episodes.cost

),

final as (

    select
        department_id,
        season,
        month,
        cost,
        n,
        cast(ranks_before + {{ last_rank(
            'costs', ['department_id', 'season', 'month', 'cost_bucket'], 'cost'
        ) }} as bigint) as last_rank
    from counted

)

select * from final
