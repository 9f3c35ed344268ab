with

rules as (

    select * from {{ ref('int_chart_rules_applied') }}

),

named as (

    select
        *,
        mean - width as lower_limit,
        mean + width as upper_limit,
        {{ special_cause('side', 'is_outside_limits', 'trend', 'is_two_of_three', 'is_shift') }}
            as special_cause,
        max(point) over (partition by {{ chart_series() }}) as points
    from rules

),

typed as (

    select
        *,
        {{ point_type('special_cause', 'direction') }} as point_type,
        {{ chart_assurance('target', 'lower_limit', 'upper_limit', 'direction') }} as assurance
    from named

),

-- the last point speaks for the series
latest as (

    select
        {{ chart_series() }},
        point_type as variation,
        assurance
    from typed
    where point = points

),

final as (

    select
        {{ chart_series('typed') }},
        typed.month,
        typed.value,
        typed.numerator,
        typed.denominator,
        cast(typed.point as bigint) as point,
        cast(typed.rebase_group as bigint) as rebase_group,
        cast(typed.points_in_group as bigint) as points_in_group,
        typed.mean,
        typed.moving_range,
        typed.lower_limit,
        typed.upper_limit,
        typed.mean - 2 * typed.width / 3 as near_lower,
        typed.mean + 2 * typed.width / 3 as near_upper,
        typed.is_outside_limits,
        typed.trend != 0 as is_trend,
        typed.is_two_of_three,
        typed.is_shift,
        typed.special_cause,
        typed.point_type,
        latest.variation,
        latest.assurance,
        typed.points_in_group <= {{ minimum_n('control_chart') }} as is_trial_limits,
        typed.is_rare,
        typed.points_in_group > {{ minimum_n('control_chart') }} and not typed.is_rare
            as is_reportable,
        typed.target,
        typed.direction,
        typed.rebase_reason,
        {{ proportion_limit('typed.proportion', 'typed.proportion_error', '-') }} as p_lower,
        {{ proportion_limit('typed.proportion', 'typed.proportion_error', '+') }} as p_upper,
        typed.sigma_z,
        {{ proportion_limit('typed.proportion', 'typed.proportion_error', '-', 'typed.sigma_z') }}
            as p_prime_lower,
        {{ proportion_limit('typed.proportion', 'typed.proportion_error', '+', 'typed.sigma_z') }}
            as p_prime_upper,
        typed.annotation
    from typed
    inner join latest
        on {{ same_series('latest', 'typed') }}

)

select * from final
