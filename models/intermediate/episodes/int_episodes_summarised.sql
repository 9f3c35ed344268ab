{{ config(materialized='table') }}

with

costs as (

    select * from {{ ref('int_episode_costs_ranked') }}

),

-- no dimension is lost in its tally: each adds up to all episodes
summed as (

    {% for dimension, value, tally in episode_dimensions() -%}
    select
        '{{ dimension }}' as dimension,
        {%- for name in episode_sum_names() %}
        sum({{ name }}) as {{ name }},
        {%- endfor %}
        {{ value }} as value
    from {{ ref(tally) }}
    group by {{ value }}
    {% if not loop.last -%}
    union all
    {% endif -%}
    {% endfor %}
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
        {%- for name in episode_sum_names() if 'stay_' not in name %}
        {% if 'total' in name or 'squares' in name -%}
        summed.{{ name }},
        {%- else -%}
        cast(summed.{{ name }} as bigint) as {{ name }},
        {%- endif %}
        {%- endfor %}
        cast(summed.total_stay_recorded as double) as total_stay_recorded,
        {{ recorded_stay_days('summed.total_stay_recorded', 'summed.total_stay_hours') }}
            as total_stay_days,
        {{ recorded_stay_days(
            'summed.stay_recorded_squares', 'summed.stay_hours_squares', 576
        ) }} as stay_days_squares,
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
