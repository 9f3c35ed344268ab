{#- Stored: every fact and many marts ask for these few dates, and a view would read all raw files
    anew each time. -#}
{{ config(materialized='table') }}

{#- Days without any outcome that part one stretch from the next: appointments and episodes happen
    every week, while a small registry has quiet months and surveys come once a year. -#}
{% set longest_gaps = {
    'hospital_ops': 92, 'care_episodes': 92, 'cancer_registry': 732, 'team_surveys': 732,
} %}

with

events as (

    select * from {{ ref('int_events_dated') }}

),

outcome_days as (

    select * from events
    where outcomes > 0

),

gapped as (

    select
        source_system,
        event_date,
        outcomes,
        case source_system
            {%- for system, days in longest_gaps.items() %}
            when '{{ system }}' then {{ days }}
            {%- endfor %}
        end as longest_gap,
        {{ days_between(
            'lag(event_date) over (partition by source_system order by event_date nulls last)',
            'event_date'
        ) }} as days_since_last,
        {{ days_between(
            'event_date',
            'lead(event_date) over (partition by source_system order by event_date nulls last)'
        ) }} as days_to_next
    from outcome_days

),

stretched as (

    select
        source_system,
        event_date,
        outcomes,
        days_since_last,
        days_to_next,
        sum(case when days_since_last > longest_gap then 1 else 0 end) over (
            partition by source_system
            order by event_date nulls last
            rows between unbounded preceding and current row
        ) as stretch,
        sum(outcomes) over (partition by source_system) as all_outcomes
    from gapped

),

-- an absurd date must not move the as-of date: a stretch that far off the others counts when it
-- holds 1 % of the outcomes, and a lone day a year off them only when it holds most of them
credible as (

    select
        source_system,
        min(event_date) as first_outcome_date,
        max(event_date) as last_outcome_date
    from stretched
    group by source_system, stretch, all_outcomes
    having
        sum(outcomes) >= 0.01 * all_outcomes
        and (
            count(*) > 1
            or sum(outcomes) > 0.5 * all_outcomes
            or coalesce(least(max(days_since_last), max(days_to_next)), 0) <= 366
        )

),

covered as (

    select
        source_system,
        min(first_outcome_date) as first_outcome_date,
        max(last_outcome_date) as last_outcome_date
    from credible
    group by source_system

),

spans as (

    select
        source_system,
        min(event_date) as first_event_date,
        max(event_date) as last_event_date
    from events
    group by source_system

),

final as (

    select
        spans.source_system,
        spans.first_event_date,
        spans.last_event_date,
        -- where the data begin: periods and month series must not start at an absurd date either
        coalesce(covered.first_outcome_date, spans.first_event_date) as observed_from,
        coalesce(
            {{ as_of_setting('spans.source_system') }},
            {{ add_days('covered.last_outcome_date', 1) }},
            {{ add_days('spans.last_event_date', 1) }}
        ) as as_of_date
    from spans
    left join covered
        on covered.source_system = spans.source_system

)

select * from final
