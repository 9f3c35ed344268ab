{{ config(materialized='table') }}

with

counted as (

    {% for fact in watched_facts() -%}
    {{ value_counts(fact, changes_of(fact.table), 'not (' ~ fact.future ~ ')') }}
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
        cast(sum(events) as bigint) as events
    from counted
    group by source_system, table_name, column_name, value

)

select * from final
