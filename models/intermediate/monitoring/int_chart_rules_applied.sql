{{ config(materialized='table') }}

{%- set run = trend_points() %}

with

points as (

    select * from {{ ref('int_chart_points_ranged') }}

),

limits as (

    select * from {{ ref('int_chart_limits') }}

),

placed as (

    select
        points.*,
        limits.points_in_group,
        limits.is_rare,
        limits.mean,
        limits.width,
        limits.proportion,
        limits.sigma_z,
        {{ distance_from_mean('points.value', 'limits.mean', 'limits.largest_value') }} as distance
    from points
    inner join limits
        on {{ same_series('limits', 'points') }}
        and limits.rebase_group = points.rebase_group

),

-- one point alone has no limits to be outside of
sided as (

    select
        *,
        sign(distance) as side,
        coalesce(abs(distance) > width, false) as is_outside_limits,
        coalesce(abs(distance) > 2 * width / 3 and abs(distance) <= width, false) as is_near_limit
    from placed

),

-- runs that end at this point
counted as (

    select
        *,
        sum(step) over ({{ points_back(run - 1) }}) as steps,
        sum(side) over ({{ points_back(run) }}) as sides,
        sum(side) over ({{ points_back(3) }}) as sides_of_three,
        sum(case when is_near_limit then 1 else 0 end) over ({{ points_back(3) }}) as near_of_three
    from sided

),

-- whether a run ends here or within its length ahead
flagged as (

    select
        *,
        max(case when steps = {{ run - 1 }} then 1 else 0 end) over ({{ points_ahead(run) }})
            as is_rising,
        max(case when steps = {{ 1 - run }} then 1 else 0 end) over ({{ points_ahead(run) }})
            as is_falling,
        max(case when abs(sides) = {{ run }} then 1 else 0 end) over ({{ points_ahead(run) }})
            as is_on_one_side,
        max(case when near_of_three >= 2 and abs(sides_of_three) = 3 then 1 else 0 end)
            over ({{ points_ahead(3) }}) as is_near_twice
    from counted

),

final as (

    select
        {{ chart_series() }},
        month,
        value,
        numerator,
        denominator,
        direction,
        is_proportion,
        target,
        rebase_reason,
        annotation,
        point,
        rebase_group,
        points_in_group,
        is_rare,
        moving_range,
        mean,
        width,
        {{ proportion_error('proportion', 'denominator') }} as proportion_error,
        proportion,
        sigma_z,
        side,
        is_outside_limits,
        is_near_limit,
        -- at a peak or a trough two trends meet, and the later one counts
        case
            when is_rising = 1 and is_falling = 1 then -step
            else is_rising - is_falling
        end as trend,
        is_near_twice = 1 and is_near_limit as is_two_of_three,
        is_on_one_side = 1 as is_shift
    from flagged

)

select * from final
