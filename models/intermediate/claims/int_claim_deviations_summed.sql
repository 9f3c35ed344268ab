with

tallied as (

    select
        department_id,
        satisfaction_score,
        cast(sum(episodes) as bigint) as episodes
    from {{ ref('int_satisfaction_tallied') }}
    where satisfaction_score is not null
    group by department_id, satisfaction_score

),

ranked as (

    select
        department_id,
        satisfaction_score,
        episodes,
        {{ last_rank('episodes', ['department_id'], 'satisfaction_score') }} as last_rank,
        sum(episodes) over (partition by department_id) as responses
    from tallied

),

medians as (

    select
        department_id,
        -- scores have two decimals, halfway between two of them is a third
        cast(
            {{ tallied_quantile('satisfaction_score', 'last_rank', 'responses', 0.5) }}
            as decimal(7, 3)
        ) as median_score
    from ranked
    group by department_id

),

deviated as (

    select
        tallied.department_id,
        tallied.episodes,
        abs(tallied.satisfaction_score - medians.median_score) as deviation
    from tallied
    inner join medians
        on medians.department_id = tallied.department_id

),

final as (

    select
        case when grouping(department_id) = 1 then 'all' else department_id end as department_id,
        cast(sum(episodes) as bigint) as responses,
        cast(sum(deviation * episodes) as double) as deviation_sum,
        cast(sum(cast(deviation * deviation as decimal(12, 6)) * episodes) as double)
            as deviation_squares
    from deviated
    group by rollup(department_id)
    -- no total of nothing: engines differ in whether it is a row
    having count(*) > 0

)

select * from final
