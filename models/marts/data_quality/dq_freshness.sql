with

files as (

    select
        source_system,
        source_table,
        count(*) as files,
        cast(min(modified_at) as date) as oldest_file_date,
        cast(max(modified_at) as date) as newest_file_date
    from {{ source('raw', 'files') }}
    group by source_system, source_table

),

staged as (

    {% for system, table in staged_tables() -%}
    select '{{ system }}' as source_system, '{{ table }}' as source_table
    {{ 'union all' if not loop.last }}
    {% endfor %}

),

systems as (

    select * from {{ ref('int_systems_dated') }}

),

events as (

    select source_system, source_table, event_date
    from {{ ref('int_event_days_tallied') }}
    where is_event_date
    union all
    select 'care_episodes', 'available_beds', bed_date
    from {{ ref('int_beds_available') }}
    union all
    select 'team_surveys', 'responses', survey_date
    from {{ ref('fct_team_survey_responses') }}

),

-- what is booked ahead says nothing about how recent the extract is
last_events as (

    select
        events.source_system,
        events.source_table,
        max(events.event_date) as last_event_date
    from events
    inner join systems
        on systems.source_system = events.source_system
        and systems.as_of_date > events.event_date
    group by events.source_system, events.source_table

),

final as (

    select
        staged.source_system,
        staged.source_table,
        coalesce(files.files, 0) as files,
        files.oldest_file_date,
        files.newest_file_date,
        last_events.last_event_date,
        systems.as_of_date,
        {{ days_between('last_events.last_event_date', 'systems.as_of_date') }} as days_to_as_of
    from staged
    left join files
        on files.source_system = staged.source_system
        and files.source_table = staged.source_table
    left join last_events
        on last_events.source_system = staged.source_system
        and last_events.source_table = staged.source_table
    left join systems
        on systems.source_system = staged.source_system

)

select * from final
