with

-- only events while both were at risk say anything
faced as (

    select
        a.group_by,
        a.strata,
        a.group_value,
        b.group_value as reference_value,
        a.events,
        a.events + b.events as all_events,
        a.at_risk + b.at_risk as all_at_risk,
        cast(a.at_risk as double) / (a.at_risk + b.at_risk) as share_at_risk
    from {{ ref('int_survival_event_times') }} as a
    inner join {{ ref('int_survival_event_times') }} as b
        on b.group_by = a.group_by
        and b.strata = a.strata
        and b.stratum = a.stratum
        and b.time_months = a.time_months
        and b.group_value > a.group_value
    where a.events + b.events > 0

),

final as (

    select
        group_by,
        strata,
        group_value,
        reference_value,
        {{ exact_sum('events - all_events * share_at_risk') }} as score,
        {{ exact_sum(
            'share_at_risk * (1 - share_at_risk)'
            ~ ' * all_events * (all_at_risk - all_events) / (all_at_risk - 1)'
        ) }} as variance
    from faced
    group by group_by, strata, group_value, reference_value

)

select * from final
