{{ config(materialized='table') }}

with

observed as (

    select
        group_by,
        group_value,
        survival_months as time_months,
        count(case when is_dead then 1 end) as events,
        count(case when not is_dead then 1 end) as censored
    from {{ ref('int_survival_times') }}
    where survival_months is not null and is_dead is not null
    group by group_by, group_value, survival_months

),

followed as (

    select
        group_by,
        group_value,
        max(time_months) as last_time
    from observed
    group by group_by, group_value

),

-- the start and each full year are rows also where nothing happened, to read numbers at risk off
yearly as (

    select
        followed.group_by,
        followed.group_value,
        cast(12 * numbered.n as double) as time_months,
        0 as events,
        0 as censored
    from followed
    cross join {{ numbers(3) }} as numbered
    where 12 * numbered.n <= followed.last_time

),

tallied as (

    select
        group_by,
        group_value,
        time_months,
        cast(sum(events) as bigint) as events,
        cast(sum(censored) as bigint) as censored
    from (
        select * from observed
        union all
        select * from yearly
    ) as times
    group by group_by, group_value, time_months

),

final as (

    select
        group_by,
        group_value,
        time_months,
        -- still at risk at a time: all who leave at it or later
        cast(sum(events + censored) over (
            partition by group_by, group_value
            order by time_months desc nulls last
            rows between unbounded preceding and current row
        ) as bigint) as at_risk,
        events,
        censored,
        events + censored > 0 as is_observed_time
    from tallied

)

select * from final
