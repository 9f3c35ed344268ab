{#- Stored: the mart ranks and shares it, and each fact is to be read once. -#}
{{ config(materialized='table') }}

with

systems as (

    select * from {{ ref('int_systems_dated') }}

),

{% for fact in watched_facts() -%}
{%- set columns = fact.codes + (fact.numbers.keys() | list) + fact.dates -%}
-- the newest: four whole weeks, so that each weekday weighs the same
{{ fact.table }}_watched as (

    select
        {% for column in fact.codes -%}
        facts.{{ column }},
        {% endfor -%}
        {% for column, edges in fact.numbers.items() -%}
        {{ binned('facts.' ~ column, edges) }} as {{ column }},
        {% endfor -%}
        {% for column in fact.dates -%}
        case when facts.{{ column }} is not null then 'present' end as {{ column }},
        {% endfor -%}
        facts.{{ fact.date }} >= {{ add_days('systems.as_of_date', -28) }} as is_newest
    from {{ ref(fact.table) }} as facts
    inner join systems
        on systems.source_system = '{{ fact.source_system }}'
        and facts.{{ fact.date }} < systems.as_of_date

),

{{ fact.table }}_tallied as (

    select
        case
            {%- for column in columns %}
            when grouping({{ column }}) = 0 then '{{ column }}'
            {%- endfor %}
        end as column_name,
        case
            {%- for column in columns %}
            when grouping({{ column }}) = 0 then coalesce(cast({{ column }} as string), 'missing')
            {%- endfor %}
        end as value,
        count(*) as events,
        count(case when is_newest then 1 end) as newest_events
    from {{ fact.table }}_watched
    -- sqlfluff's dialect does not know grouping sets, which DuckDB and Spark share
    group by grouping sets (  -- noqa: PRS
        {%- for column in columns %}
        ({{ column }}){{ ',' if not loop.last }}
        {%- endfor %}
    )

),

{% endfor -%}
final as (

    {% for fact in watched_facts() -%}
    select
        '{{ fact.source_system }}' as source_system,
        '{{ fact.table }}' as table_name,
        column_name,
        value,
        sum(events) as events,
        sum(newest_events) as newest_events
    from {{ fact.table }}_tallied
    group by column_name, value
    {% if not loop.last %}union all
    {% endif -%}
    {%- endfor %}
)

select * from final
