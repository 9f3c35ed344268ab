{#- Stored: every series is laid over these few months. -#}
{{ config(materialized='table') }}

{#- Tables with the dates of which any one shows that the table was not silent in the month. -#}
{% set tables = [
    ('hospital_ops', 'appointments', ref('fct_appointments'), ['appointment_date']),
    ('hospital_ops', 'slots', ref('int_slots_filled'), ['slot_date']),
    ('hospital_ops', 'treatments', ref('fct_treatments'), ['treatment_date']),
    ('hospital_ops', 'billing', ref('fct_bills'), ['bill_date']),
    (
        'care_episodes', 'episodes', ref('fct_episodes'),
        ['episode_date', 'separation_date', 'departed_at'],
    ),
    (
        'cancer_registry', 'cases', ref('fct_cancer_cases'),
        ['diagnosis_date', 'referral_date', 'decision_date', 'treatment_date'],
    ),
] %}

with

systems as (

    select * from {{ ref('int_systems_dated') }}

),

dated as (

    {% for system, table, relation, dates in tables -%}
    {% set table_loop = loop -%}
    {% for column in dates -%}
    select
        '{{ system }}' as source_system,
        '{{ table }}' as source_table,
        cast({{ column }} as date) as event_date
    from {{ relation }}
    {% if not (loop.last and table_loop.last) -%}
    union all
    {% endif -%}
    {% endfor -%}
    {% endfor %}
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

    {% for system, table, _, _ in tables -%}
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
