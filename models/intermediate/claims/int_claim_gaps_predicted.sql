with

-- the difference at each facility between a department and all others there
facilities as (

    select
        department_id,
        mean - other_mean as gap,
        variance / responses + other_variance / other_responses as error_variance
    from {{ ref('int_claim_satisfaction_compared') }}
    where
        facility_id not in ('all', 'unknown')
        and responses >= {{ minimum_n('claim') }}
        and other_responses >= {{ minimum_n('claim') }}
        and variance > 0
        and other_variance > 0

),

summed as (

    select
        department_id,
        count(*) as facilities,
        count(case when gap < 0 then 1 end) as facilities_below,
        {{ exact_sum('1 / error_variance') }} as weights,
        {{ exact_sum('1 / (error_variance * error_variance)') }} as squared_weights,
        {{ exact_sum('gap / error_variance') }} as weighted_sum,
        {{ exact_sum('gap * gap / error_variance') }} as weighted_squares
    from facilities
    group by department_id

),

varied as (

    select
        summed.*,
        coalesce({{ tau_squared(
            'facilities', 'weights', 'squared_weights', 'weighted_sum', 'weighted_squares'
        ) }}, 0e0) as tau_squared
    from summed

),

pooled as (

    select
        varied.department_id,
        max(varied.facilities) as facilities,
        max(varied.facilities_below) as facilities_below,
        max(varied.tau_squared) as tau_squared,
        {{ exact_sum('1 / (facilities.error_variance + varied.tau_squared)') }} as weights,
        {{ exact_sum('facilities.gap / (facilities.error_variance + varied.tau_squared)') }}
            as weighted_sum
    from varied
    inner join facilities
        on facilities.department_id = varied.department_id
    group by varied.department_id

),

predicted as (

    select
        department_id,
        facilities,
        facilities_below,
        weighted_sum / weights as gap,
        {{ t_critical_95('(facilities - 2)') }} * sqrt(tau_squared + 1 / weights)
            as prediction_margin
    from pooled

),

final as (

    select
        department_id,
        facilities,
        facilities_below,
        case when facilities >= 3 then gap end as gap,
        -- of two facilities nobody can tell a third
        case when facilities >= 3 then gap - prediction_margin end as gap_low,
        case when facilities >= 3 then gap + prediction_margin end as gap_high
    from predicted

)

select * from final
