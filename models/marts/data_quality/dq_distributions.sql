with

tallied as (

    select
        tallied.*,
        coalesce(newest.newest_events, 0) as newest_events
    from {{ ref('int_distributions_tallied') }} as tallied
    left join {{ ref('int_distributions_newest') }} as newest
        on newest.table_name = tallied.table_name
        and newest.column_name = tallied.column_name
        and newest.value = tallied.value

),

ranked as (

    select
        *,
        row_number() over (
            partition by table_name, column_name
            order by events desc nulls last, value asc nulls last
        ) as commonness
    from tallied

),

folded as (

    select
        source_system,
        table_name,
        column_name,
        case
            when commonness <= 50 or value = 'missing' then value
            else 'other'
        end as value,
        events,
        newest_events
    from ranked

),

scoped as (

    select source_system, table_name, column_name, 'all' as scope, value, events
    from folded
    union all
    select source_system, table_name, column_name, 'newest', value, newest_events
    from folded

),

counted as (

    select
        source_system,
        table_name,
        column_name,
        scope,
        value,
        cast(sum(events) as bigint) as events
    from scoped
    group by source_system, table_name, column_name, scope, value
    having sum(events) > 0

),

totalled as (

    select
        table_name,
        column_name,
        scope,
        sum(events) as all_events
    from counted
    group by table_name, column_name, scope

),

final as (

    select
        counted.source_system,
        counted.table_name,
        counted.column_name,
        counted.scope,
        counted.value,
        counted.events,
        {{ safe_divide('counted.events', 'totalled.all_events') }} as share
    from counted
    inner join totalled
        on totalled.table_name = counted.table_name
        and totalled.column_name = counted.column_name
        and totalled.scope = counted.scope

)

select * from final
