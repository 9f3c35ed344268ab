{{ config(materialized='table') }}

{% set key = 'group_by, strata, stratum' %}

with

exits as (

    select
        {{ key }},
        group_value,
        group_number,
        number_of_groups,
        survival_months as time_months,
        count(*) as exits,
        count(case when is_dead then 1 end) as events
    from {{ ref('int_survival_compared') }}
    group by {{ key }}, group_value, group_number, number_of_groups, survival_months

),

members as (

    select distinct {{ key }}, group_value, group_number, number_of_groups
    from exits

),

event_times as (

    select distinct {{ key }}, time_months
    from exits
    where events > 0

),

-- every group of a stratum has a row at every event of the stratum
spined as (

    select
        members.*,
        event_times.time_months,
        0 as exits,
        0 as events
    from event_times
    inner join members
        on members.group_by = event_times.group_by
        and members.strata = event_times.strata
        and members.stratum = event_times.stratum

),

tallied as (

    select
        {{ key }},
        group_value,
        group_number,
        number_of_groups,
        time_months,
        sum(exits) as exits,
        cast(sum(events) as bigint) as events
    from (
        select {{ key }}, group_value, group_number, number_of_groups, time_months, exits, events
        from exits
        union all
        select {{ key }}, group_value, group_number, number_of_groups, time_months, exits, events
        from spined
    ) as times
    group by {{ key }}, group_value, group_number, number_of_groups, time_months

),

at_risk as (

    select
        tallied.*,
        cast(sum(exits) over (
            partition by {{ key }}, group_value
            order by time_months desc nulls last
            rows between unbounded preceding and current row
        ) as bigint) as at_risk
    from tallied

),

totalled as (

    select
        at_risk.*,
        cast(sum(at_risk) over (partition by {{ key }}, time_months) as bigint) as all_at_risk,
        cast(sum(events) over (partition by {{ key }}, time_months) as bigint) as all_events
    from at_risk

),

final as (

    select
        {{ key }},
        time_months,
        group_value,
        group_number,
        number_of_groups,
        at_risk,
        events,
        all_at_risk,
        all_events
    from totalled
    where all_events > 0 and at_risk > 0

)

select * from final
