{#- Stored: the mart ranks and shares it, and each fact is to be read once. -#}
{{ config(materialized='table') }}

with

systems as (

    select * from {{ ref('int_systems_dated') }}

),

{% for fact in watched_facts() -%}
-- four whole weeks, so that each weekday weighs the same
{{ fact.table }}_newest as (

    select
        facts.*,
        1 as change
    from {{ ref(fact.table) }} as facts
    inner join systems
        on systems.source_system = '{{ fact.source_system }}'
        and facts.{{ fact.date }} >= {{ add_days('systems.as_of_date', -28) }}
        and facts.{{ fact.date }} < systems.as_of_date

),

{% endfor -%}
counted as (

    -- sqlfluff's dialect does not know grouping sets, which DuckDB and Spark share
    {% for fact in watched_facts() %}  -- noqa: PRS
    {{ value_counts(fact, fact.table ~ '_newest') }}  -- noqa: PRS
    {% if not loop.last -%}
    union all
    {% endif -%}
    {% endfor %}
),

final as (

    select
        source_system,
        table_name,
        column_name,
        value,
        cast(sum(events) as bigint) as newest_events
    from counted
    group by source_system, table_name, column_name, value

)

select * from final
