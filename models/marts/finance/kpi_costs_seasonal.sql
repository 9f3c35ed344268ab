with

counted as (

    select
        department_id,
        {{ season('month', var('hemisphere')) }} as season,
        above_p95,
        above_overall_p95
    from {{ ref('int_costs_above_counted') }}

),

summed as (

    select * from {{ ref('int_seasonal_costs_summed') }}

),

-- the rest of the year is the whole year less the season
paired as (

    select
        summed.*,
        whole.p95_cost as department_p95_cost,
        case when summed.season != 'all' then whole.log_n - summed.log_n end as rest_n,
        whole.log_sum - summed.log_sum as rest_sum,
        whole.log_squares - summed.log_squares as rest_squares
    from summed
    inner join summed as whole
        on whole.department_id = summed.department_id
        and whole.season = 'all'

),

logged as (

    select
        paired.*,
        log_sum / nullif(log_n, 0) as log_mean,
        {{ variance_of_doubles('log_n', 'log_sum', 'log_squares') }} as log_variance,
        rest_sum / nullif(rest_n, 0) as rest_mean,
        {{ variance_of_doubles('rest_n', 'rest_sum', 'rest_squares') }} as rest_variance
    from paired

),

compared as (

    select
        logged.*,
        log_mean - rest_mean as difference,
        {{ welch_error('log_variance', 'log_n', 'rest_variance', 'rest_n') }} as error,
        {{ welch_df('log_variance', 'log_n', 'rest_variance', 'rest_n') }} as df
    from logged

),

-- those of all departments together are above the percentile of all
high as (

    select
        case when grouping(department_id) = 1 then 'all' else department_id end as department_id,
        case when grouping(season) = 1 then 'all' else season end as season,
        cast(
            case
                when grouping(department_id) = 1 then sum(above_overall_p95)
                else sum(above_p95)
            end as bigint
        ) as episodes_above_p95
    from counted
    group by cube(department_id, season)
    having count(*) > 0

),

final as (

    select
        compared.department_id,
        compared.season,
        compared.episodes,
        compared.episodes_without_cost,
        compared.total_cost,
        compared.mean_cost,
        {{ mean_low('compared.mean_cost', 'compared.sd_cost', 'compared.episodes') }}
            as mean_cost_low,
        {{ mean_high('compared.mean_cost', 'compared.sd_cost', 'compared.episodes') }}
            as mean_cost_high,
        {%- for name in [
            'sd_cost', 'skewness', 'median_cost', 'median_cost_low', 'median_cost_high', 'p25_cost',
            'p75_cost', 'p90_cost', 'p95_cost',
        ] %}
        compared.{{ name }},
        {%- endfor %}
        compared.log_n as episodes_above_zero,
        exp(compared.log_mean) as geometric_mean_cost,
        exp({{ mean_low('compared.log_mean', 'sqrt(compared.log_variance)', 'compared.log_n') }})
            as geometric_mean_cost_low,
        exp({{ mean_high('compared.log_mean', 'sqrt(compared.log_variance)', 'compared.log_n') }})
            as geometric_mean_cost_high,
        compared.rest_n as rest_episodes_above_zero,
        exp(compared.rest_mean) as rest_geometric_mean_cost,
        exp(compared.difference) as geometric_mean_ratio,
        exp({{ welch_low('compared.difference', 'compared.error', 'compared.df') }})
            as geometric_mean_ratio_low,
        exp({{ welch_high('compared.difference', 'compared.error', 'compared.df') }})
            as geometric_mean_ratio_high,
        compared.df as ratio_degrees_of_freedom,
        compared.department_p95_cost,
        coalesce(high.episodes_above_p95, 0) as episodes_above_p95,
        {{ rate_columns(
            'share_above_p95', 'coalesce(high.episodes_above_p95, 0)', 'compared.episodes'
        ) }}
    from compared
    left join high
        on high.department_id = compared.department_id
        and high.season = compared.season

)

select * from final
