{#- half a case in every cell of a table with an empty one -#}
{%- set added = '(case when high = 0 or rest_high = 0 then 0.5e0 else 0e0 end)' -%}

with

seasons as (

    select * from {{ ref('kpi_costs_seasonal') }}
    where department_id != 'all'

),

-- a winter with enough costs to be seen
winter_years as (

    select
        department_id,
        {{ season_year('month') }} as season_year
    from {{ ref('int_department_costs_tallied') }}
    where {{ season('month', var('hemisphere')) }} = 'winter'
    group by department_id, {{ season_year('month') }}
    having sum(costs_known) >= {{ minimum_n('claim') }}

),

winters as (

    select
        department_id,
        count(*) as winters
    from winter_years
    group by department_id

),

paired as (

    select
        whole.department_id,
        coalesce(winters.winters, 0) as winters,
        ranks.p_value as rank_p_value,
        winter.geometric_mean_ratio,
        winter.geometric_mean_ratio_low,
        winter.geometric_mean_ratio_high,
        coalesce(winter.episodes_above_zero, 0) as episodes_above_zero,
        coalesce(winter.rest_episodes_above_zero, 0) as rest_episodes_above_zero,
        coalesce(winter.episodes, 0) as episodes,
        whole.episodes - coalesce(winter.episodes, 0) as rest_episodes,
        coalesce(winter.episodes_above_p95, 0) as high,
        whole.episodes_above_p95 - coalesce(winter.episodes_above_p95, 0) as rest_high
    from seasons as whole
    left join seasons as winter
        on winter.department_id = whole.department_id
        and winter.season = 'winter'
    left join winters
        on winters.department_id = whole.department_id
    left join {{ ref('int_claim_ranks_tested') }} as ranks
        on ranks.subject = whole.department_id
        and ranks.estimator = 'winter_cost_ratio'
    where whole.season = 'all'

),

corrected as (

    select
        paired.*,
        {{ added }} as added,
        high + {{ added }} as cell,
        nullif(episodes, 0) + 2 * {{ added }} as total,
        rest_high + {{ added }} as rest_cell,
        nullif(rest_episodes, 0) + 2 * {{ added }} as rest_total
    from paired

),

final as (

    select
        department_id,
        winters,
        rank_p_value,
        geometric_mean_ratio,
        geometric_mean_ratio_low,
        geometric_mean_ratio_high,
        episodes_above_zero,
        rest_episodes_above_zero,
        episodes,
        rest_episodes,
        high + rest_high as high_costs,
        added > 0 as is_corrected,
        cell / total / (rest_cell / rest_total) as risk_ratio,
        sqrt(1 / cell - 1 / total + 1 / rest_cell - 1 / rest_total) as log_error
    from corrected

)

select * from final
