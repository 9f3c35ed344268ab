{{ config(materialized='table') }}

with

asked as (

    select distinct subject as department_id
    from {{ ref('claims') }}
    where {{ of_this_data_set() }} and estimator = 'satisfaction_between_facilities'

),

-- as in kpi_satisfaction_overall: a mean weighs by its own variance and needs ten scores to know it
facilities as (

    select
        compared.department_id,
        compared.variance / compared.responses as error_variance,
        compared.mean - overall.mean_score as distance,
        overall.sd as department_sd,
        overall.facilities_compared
    from {{ ref('int_claim_satisfaction_compared') }} as compared
    inner join asked
        on asked.department_id = compared.department_id
    inner join {{ ref('kpi_satisfaction_overall') }} as overall
        on overall.department_id = compared.department_id
        and overall.facility_id = 'all'
    where
        compared.facility_id not in ('all', 'unknown')
        and compared.responses >= 10
        and compared.variance > 0
        and overall.facilities_compared > 1

),

-- candidates for the spread between facilities, in standard deviations of the scores: 0 to 10,
-- closest together near 0
weighed as (

    select
        facilities.department_id,
        facilities.distance,
        facilities.facilities_compared,
        numbered.n,
        1 / (
            facilities.error_variance
            + power(facilities.department_sd * 10 * power(numbered.n / 999e0, 2), 2)
        ) as weight
    from facilities
    cross join {{ numbers(3) }} as numbered

),

summed as (

    select
        department_id,
        n,
        max(facilities_compared) as facilities_compared,
        {{ exact_sum('weight') }} as weights,
        {{ exact_sum('weight * distance') }} as weighted_sum,
        {{ exact_sum('weight * distance * distance') }} as weighted_squares
    from weighed
    group by department_id, n

),

spread as (

    select
        department_id,
        n,
        facilities_compared,
        10 * power(n / 999e0, 2) as candidate,
        greatest(weighted_squares - weighted_sum * weighted_sum / weights, 0e0) as q
    from summed

),

tested as (

    select
        department_id,
        n,
        facilities_compared,
        candidate,
        {{ chi_square_upper_tail('q', '(facilities_compared - 1)') }} as tail
    from spread

),

followed as (

    select
        tested.*,
        lag(candidate) over (
            partition by department_id
            order by n nulls last
        ) as previous_candidate,
        lag(tail) over (
            partition by department_id
            order by n nulls last
        ) as previous_tail
    from tested

),

final as (

    select
        department_id,
        max(facilities_compared) as facilities,
        {%- for name, level in [('low', '0.025e0'), ('high', '0.975e0')] %}
        {{ crossing(level, 'candidate', 'tail', 'previous_candidate', 'previous_tail') }}
            as spread_{{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from followed
    group by department_id

)

select * from final
