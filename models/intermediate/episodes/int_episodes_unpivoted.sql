with

episodes as (

    select
        *,
        {{ first_of_month('episode_date') }} as month,
        {{ cost_bucket('cost') }} as cost_bucket
    from {{ ref('fct_episodes') }}
    where cost is not null and not is_future

),

-- one read of the fact for all dimensions
final as (

    select
        case dimensions.n
            {%- for dimension, value, tally in episode_dimensions() %}
            when {{ loop.index0 }} then '{{ dimension }}'
            {%- endfor %}
        end as dimension,
        case dimensions.n
            {%- for dimension, value, tally in episode_dimensions() %}
            when {{ loop.index0 }} then {{ value }}
            {%- endfor %}
        end as value,
        episodes.cost,
        episodes.cost_bucket
    from episodes
    cross join {{ numbers(1) }} as dimensions
    where dimensions.n < {{ episode_dimensions() | length }}

)

select * from final
