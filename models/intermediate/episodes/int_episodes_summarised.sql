{{ config(materialized='table') }}

with

tallied as (

    select * from {{ ref('int_episodes_tallied') }}

),

costs as (

    select * from {{ ref('int_episode_costs_ranked') }}

),

summed as (

    select
        {%- for name in episode_sum_names() %}
        sum({{ name }}) as {{ name }},
        {%- endfor %}
        dimension,
        value
    from tallied
    group by dimension, value

),

medians as (

    select
        dimension,
        value,
        {{ tallied_spread('cost', 'last_rank', 'n', []) }}
    from costs
    group by dimension, value

),

final as (

    select
        summed.dimension,
        summed.value,
        {%- for name in episode_sum_names() %}
        {% if 'total' in name or 'squares' in name -%}
        summed.{{ name }},
        {%- else -%}
        cast(summed.{{ name }} as bigint) as {{ name }},
        {%- endif %}
        {%- endfor %}
        cast(sum(summed.episodes) over (partition by summed.dimension) as bigint) as all_episodes,
        medians.median_cost,
        medians.median_cost_low,
        medians.median_cost_high
    from summed
    left join medians
        on medians.dimension = summed.dimension
        and medians.value = summed.value

)

select * from final
