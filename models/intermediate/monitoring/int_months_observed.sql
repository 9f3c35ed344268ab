{#- Stored: every series is laid over these few months. -#}
{{ config(materialized='table') }}

{% set tables = [
    ('hospital_ops', 'appointments'), ('hospital_ops', 'slots'), ('hospital_ops', 'treatments'),
    ('hospital_ops', 'billing'), ('care_episodes', 'episodes'), ('cancer_registry', 'cases'),
] %}

with

systems as (

    select * from {{ ref('int_systems_dated') }}

),

dated as (

    select source_system, source_table, event_date
    from {{ ref('int_event_days_tallied') }}
    union all
    select 'hospital_ops' as source_system, 'slots' as source_table, slot_date as event_date
    from {{ ref('int_slots_filled') }}

),

-- what is dated after the as-of date does not show that the source spoke
spoken as (

    select
        dated.source_system,
        dated.source_table,
        {{ first_of_month('dated.event_date') }} as month
    from dated
    inner join systems
        on systems.source_system = dated.source_system
        and systems.as_of_date > dated.event_date
    group by
        dated.source_system,
        dated.source_table,
        {{ first_of_month('dated.event_date') }}

),

source_tables as (

    {% for system, table in tables -%}
    select
        '{{ system }}' as source_system,
        '{{ table }}' as source_table
    {% if not loop.last -%}
    union all
    {% endif -%}
    {% endfor %}
),

-- from the first month to the last before the as-of date, whatever lies between
spined as (

    select
        systems.source_system,
        source_tables.source_table,
        systems.observed_from,
        systems.as_of_date,
        {{ month_later('systems.observed_from', 'numbers.n') }} as month
    from systems
    inner join source_tables
        on source_tables.source_system = systems.source_system
    cross join {{ numbers(3) }} as numbers
    where {{ month_later('systems.observed_from', 'numbers.n') }} < systems.as_of_date

),

final as (

    select
        spined.source_system,
        spined.source_table,
        spined.month,
        spoken.month is not null as has_data,
        spined.month >= spined.observed_from
        and {{ month_later('spined.month', 1) }} <= spined.as_of_date as is_complete,
        {{ days_between(month_later('spined.month', 1), 'spined.as_of_date') }} as days_since_end
    from spined
    left join spoken
        on spoken.source_system = spined.source_system
        and spoken.source_table = spined.source_table
        and spoken.month = spined.month

)

select * from final
