{{ config(materialized='incremental', unique_key=['dimension', 'value', 'cost_bucket']) }}

{%- set dimensions = {} %}
{%- for dimension, value, tally in episode_dimensions() %}
{%- do dimensions.update({dimension: value}) %}
{%- endfor %}

with

episodes as (

    select
        {%- for dimension, value in dimensions.items() %}
        {{ value }} as {{ dimension }}_value,
        {%- endfor %}
        cost_bucket,
        change
    from (
        select
            *,
            {{ first_of_month('episode_date') }} as month,
            {{ cost_bucket('cost') }} as cost_bucket
        from {{ changes_of('fct_episodes') }} as changes
        where cost is not null and not is_future
    ) as dated

),

-- one read of the changes: a grouping set for each dimension
final as (

    select
        {{ dimension_and_value(dimensions) }},
        cost_bucket,
        cast(sum(change) as bigint) as costs_known
    from episodes
    -- sqlfluff's dialect does not know grouping sets, which DuckDB and Spark share
    group by cost_bucket, {{ dimension_sets(dimensions) }}  -- noqa: PRS

)

select * from final
