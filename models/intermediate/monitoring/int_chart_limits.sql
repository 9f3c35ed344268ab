{{ config(materialized='table') }}

with

points as (

    select * from {{ ref('int_chart_points_ranged') }}

),

-- a baseline alone fixes the limits of its phase
centred as (

    select
        {{ chart_series() }},
        rebase_group,
        count(*) as points_in_group,
        max(abs(value)) as largest_value,
        2 * count(case when value = 0 then 1 end) >= count(*) as is_rare,
        {{ exact_sum('case when is_baseline then value end') }}
        / count(case when is_baseline then 1 end) as mean,
        {{ exact_sum('case when is_baseline then moving_range end') }}
        / nullif(count(case when is_baseline then moving_range end), 0) as mean_range,
        {{ safe_divide(
            'sum(case when is_baseline and is_proportion then numerator end)',
            'sum(case when is_baseline and is_proportion then denominator end)'
        ) }} as proportion
    from points
    group by {{ chart_series() }}, rebase_group

),

ranged as (

    select
        {{ chart_series('points') }},
        points.rebase_group,
        case
            when {{ keeps_range('points.moving_range', 'centred.mean_range') }} then moving_range
        end as kept_range,
        {{ proportion_z_score('points.value', 'points.denominator', 'centred.proportion') }}
            as z_score,
        {{ proportion_z_score(
            'points.last_value', 'points.last_denominator', 'centred.proportion'
        ) }} as last_z_score
    from points
    inner join centred
        on {{ same_series('centred', 'points') }}
        and centred.rebase_group = points.rebase_group
    where points.is_baseline

),

-- screened once; the mean above keeps all points
spread as (

    select
        {{ chart_series() }},
        rebase_group,
        {{ exact_sum('kept_range') }} / nullif(count(kept_range), 0) as mean_range,
        {{ exact_sum('abs(z_score - last_z_score)') }}
        / nullif(count(z_score - last_z_score), 0) as mean_z_range
    from ranged
    group by {{ chart_series() }}, rebase_group

),

final as (

    select
        {{ chart_series('centred') }},
        centred.rebase_group,
        centred.points_in_group,
        centred.largest_value,
        centred.is_rare,
        centred.mean,
        {{ limit_width('spread.mean_range') }} as width,
        centred.proportion,
        {{ laney_sigma('spread.mean_z_range') }} as sigma_z
    from centred
    inner join spread
        on {{ same_series('spread', 'centred') }}
        and spread.rebase_group = centred.rebase_group

)

select * from final
