{%- set powers = ['distance_sum', 'distance_squares', 'distance_cubes', 'distance_fourths'] -%}
{%- set sums = ['responses', 'score_sum', 'score_squares', 'top_box'] + powers -%}
{%- set arms = ['', 'other_'] -%}

with

summed as (

    select * from {{ ref('int_satisfaction_summed') }}

),

-- all other departments of the same facility are its total less the department
paired as (

    select
        {%- for name in sums %}
        summed.{{ name }},
        whole.{{ name }} - summed.{{ name }} as other_{{ name }},
        {%- endfor %}
        summed.department_id,
        summed.facility_id
    from summed
    inner join summed as whole
        on whole.facility_id = summed.facility_id
        and whole.department_id = 'all'
    where summed.department_id != 'all'

),

spread as (

    select
        {%- for arm in arms %}
        {{ safe_divide(arm ~ 'score_sum', arm ~ 'responses') }} as {{ arm }}mean,
        {{ variance_of_scores(arm) }} as {{ arm }}variance,
        {{ arm }}distance_sum / nullif({{ arm }}responses, 0) as {{ arm }}shift,
        {%- endfor %}
        paired.*
    from paired

),

shaped as (

    select
        {%- for arm in arms %}
        {{ kurtosis_of_sums(
            arm ~ 'responses', arm ~ 'variance', arm ~ 'distance_sum', arm ~ 'distance_squares',
            arm ~ 'distance_cubes', arm ~ 'distance_fourths'
        ) }} as {{ arm }}kurtosis,
        {{ arm }}distance_cubes / nullif({{ arm }}responses, 0)
        - 3 * {{ arm }}shift * {{ arm }}distance_squares / nullif({{ arm }}responses, 0)
        + 2 * power({{ arm }}shift, 3) as {{ arm }}third_moment,
        {{ relative_variance(arm ~ 'variance', arm ~ 'mean', 0, 10) }}
            as {{ arm }}relative_variance,
        -- how the logarithm of the room between the ends of the scale moves with the mean
        1 / nullif({{ arm }}mean, 0) - 1 / nullif(10 - {{ arm }}mean, 0) as {{ arm }}slope,
        {%- endfor %}
        spread.*
    from spread

),

final as (

    select
        {%- for arm in arms %}
        {{ arm }}responses,
        {{ arm }}mean,
        {{ arm }}variance,
        {{ arm }}top_box,
        {{ arm }}relative_variance,
        -- by the delta method; variance and mean of skewed scores move together
        greatest(
            {{ log_variance_error(arm ~ 'kurtosis', arm ~ 'responses') }}
            + {{ arm }}slope * {{ arm }}slope * {{ arm }}variance / {{ arm }}responses
            - 2 * {{ arm }}slope * {{ arm }}third_moment
            / ({{ arm }}responses * {{ arm }}variance), 0e0
        ) as {{ arm }}log_relative_error,
        {%- endfor %}
        department_id,
        facility_id
    from shaped

)

select * from final
