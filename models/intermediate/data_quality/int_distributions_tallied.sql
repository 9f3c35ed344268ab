{{ config(
    materialized='incremental',
    unique_key=['source_system', 'table_name', 'column_name', 'value']
) }}

with

counted as (

    -- sqlfluff's dialect does not know grouping sets, which DuckDB and Spark share
    {% for fact in watched_facts() %}  -- noqa: PRS
    {{ value_counts(fact, changes_of(fact.table), 'not (' ~ fact.future ~ ')') }}  -- noqa: PRS
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
