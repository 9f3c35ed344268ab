{% set distances = ['distance_sum', 'distance_squares', 'distance_cubes', 'distance_fourths'] %}
{% set sums = ['responses', 'score_sum', 'score_squares'] + distances %}

with

summed as (

    select * from {{ ref('int_satisfaction_summed') }}

),

-- all other departments of the same facility are its total less the department
paired as (

    select
        {% for name in sums -%}
        case when summed.department_id != 'all' then whole.{{ name }} - summed.{{ name }} end
            as other_{{ name }},
        {% endfor -%}
        summed.*
    from summed
    inner join summed as whole
        on whole.facility_id = summed.facility_id
        and whole.department_id = 'all'

),

spread as (

    select
        paired.*,
        {{ variance_of_scores('') }} as variance,
        {{ variance_of_scores('other_') }} as other_variance
    from paired

),

shaped as (

    select
        spread.*,
        {{ kurtosis_of_sums(
            'responses', 'variance',
            'distance_sum', 'distance_squares', 'distance_cubes', 'distance_fourths'
        ) }} as kurtosis,
        {{ kurtosis_of_sums(
            'other_responses', 'other_variance', 'other_distance_sum', 'other_distance_squares',
            'other_distance_cubes', 'other_distance_fourths'
        ) }} as other_kurtosis
    from spread

),

-- a facility's mean weighs by its own variance: it needs some, and responses to know it
weighed as (

    select
        department_id,
        distance_sum / responses as mean_distance,
        responses / variance as weight
    from shaped
    where
        facility_id not in ('all', 'unknown')
        and responses >= {{ minimum_n('spread') }}
        and variance > 0

),

between_facilities as (

    select
        department_id,
        count(*) as facilities_compared,
        {{ exact_sum('weight') }} as weights,
        {{ exact_sum('weight * weight') }} as squared_weights,
        {{ exact_sum('weight * mean_distance') }} as weighted_sum,
        {{ exact_sum('weight * mean_distance * mean_distance') }} as weighted_squares
    from weighed
    group by department_id

),

final as (

    select
        shaped.department_id,
        shaped.facility_id,
        {{ satisfaction_columns() }},
        shaped.kurtosis,
        {{ sd_bound('sqrt(shaped.variance)', 'shaped.kurtosis', 'shaped.responses', '-') }}
            as sd_low,
        {{ sd_bound('sqrt(shaped.variance)', 'shaped.kurtosis', 'shaped.responses', '+') }}
            as sd_high,
        shaped.responses < 30 as has_few_responses,
        shaped.other_responses,
        sqrt(shaped.other_variance) as other_sd,
        sqrt(shaped.variance) / nullif(sqrt(shaped.other_variance), 0) as sd_ratio,
        {%- for name, sign in [('sd_ratio_low', '-'), ('sd_ratio_high', '+')] %}
        {{ sd_ratio_bound(
            'sqrt(shaped.variance)', 'shaped.kurtosis', 'shaped.responses',
            'sqrt(shaped.other_variance)', 'shaped.other_kurtosis', 'shaped.other_responses', sign
        ) }} as {{ name }},
        {%- endfor %}
        between_facilities.facilities_compared,
        {{ tau_squared(
            'between_facilities.facilities_compared', 'between_facilities.weights',
            'between_facilities.squared_weights', 'between_facilities.weighted_sum',
            'between_facilities.weighted_squares'
        ) }} as tau_squared
    from shaped
    left join between_facilities
        on between_facilities.department_id = shaped.department_id
        and shaped.facility_id = 'all'

)

select * from final
