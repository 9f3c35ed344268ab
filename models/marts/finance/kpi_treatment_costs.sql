with

sums as (

    select * from {{ ref('int_treatment_costs_summed') }}

),

ranked as (

    select * from {{ ref('int_treatment_costs_ranked') }}
    where facility_id = 'all'

),

ordered as (

    select
        source_system,
        treatment_type,
        cost_scope,
        {{ tallied_quantile('cost', 'last_rank', 'n', 0.5) }} as median_cost,
        {{ tallied_value_at('cost', 'last_rank', median_low_rank('n')) }} as median_cost_low,
        {{ tallied_value_at('cost', 'last_rank', median_high_rank('n')) }} as median_cost_high,
        {{ tallied_quantile('cost', 'last_rank', 'n', 0.25) }} as p25_cost,
        {{ tallied_quantile('cost', 'last_rank', 'n', 0.75) }} as p75_cost,
        {{ tallied_quantile('cost', 'last_rank', 'n', 0.9) }} as p90_cost,
        {{ tallied_quantile('cost', 'last_rank', 'n', 0.95) }} as p95_cost,
        {{ tallied_value_at('cost', 'last_rank', '1') }} as minimum_cost,
        {{ tallied_value_at('cost', 'last_rank', 'n') }} as maximum_cost,
        {{ order_free(trimmed_mean_of_totals(
            'cost', 'treatments', 'total_cost', 'last_rank', 'n', 0.1
        )) }} as trimmed_mean_cost
    from ranked
    group by source_system, treatment_type, cost_scope

),

summed as (

    select
        sums.source_system,
        sums.treatment_type,
        sums.cost_scope,
        sums.treatments,
        sums.treatments_without_cost,
        sums.total_cost,
        sums.mean_cost,
        {{ order_free('sums.sd_cost') }} as sd_cost,
        -- equal values leave nothing but rounding errors to divide
        {{ order_free(
            'case when ordered.maximum_cost > ordered.minimum_cost then sums.skewness end'
        ) }} as skewness,
        {%- for name in [
            'median_cost', 'median_cost_low', 'median_cost_high', 'p25_cost', 'p75_cost', 'p90_cost',
            'p95_cost', 'minimum_cost', 'maximum_cost', 'trimmed_mean_cost',
        ] %}
        ordered.{{ name }},
        {%- endfor %}
        -- the logarithm of nothing does not exist: null as soon as one treatment is free
        {{ order_free('case when ordered.minimum_cost > 0 then exp(sums.mean_log_cost) end') }}
            as geometric_mean_cost
    from sums
    inner join ordered
        on ordered.source_system = sums.source_system
        and ordered.treatment_type = sums.treatment_type
        and ordered.cost_scope = sums.cost_scope

),

-- Kitagawa: against types of equal volume and equal mean cost, what volume and what price make up
compared as (

    select
        source_system,
        cost_scope,
        {{ safe_divide('sum(treatments)', 'count(*)') }} as mean_treatments,
        {{ safe_divide('sum(total_cost)', 'sum(treatments)') }} as overall_mean_cost
    from summed
    where treatment_type != 'all' and treatments > 0
    group by source_system, cost_scope

),

final as (

    select
        summed.source_system,
        summed.treatment_type,
        summed.cost_scope,
        summed.treatments,
        summed.treatments_without_cost,
        cast(summed.total_cost as decimal(18, 2)) as total_cost,
        summed.mean_cost,
        {{ mean_low('summed.mean_cost', 'summed.sd_cost', 'summed.treatments') }}
            as mean_cost_low,
        {{ mean_high('summed.mean_cost', 'summed.sd_cost', 'summed.treatments') }}
            as mean_cost_high,
        {%- for name in [
            'sd_cost', 'skewness', 'median_cost', 'median_cost_low', 'median_cost_high', 'p25_cost',
            'p75_cost', 'p90_cost', 'p95_cost', 'minimum_cost', 'maximum_cost', 'trimmed_mean_cost',
            'geometric_mean_cost',
        ] %}
        summed.{{ name }},
        {%- endfor %}
        case
            when summed.treatment_type != 'all' and summed.treatments > 0
            then {{ kitagawa_volume(
                'summed.treatments', 'compared.mean_treatments', 'compared.overall_mean_cost'
            ) }}
        end as volume_effect,
        case
            when summed.treatment_type != 'all'
            then {{ kitagawa_price(
                'summed.treatments', 'summed.mean_cost', 'compared.overall_mean_cost'
            ) }}
        end as price_effect
    from summed
    left join compared
        on compared.source_system = summed.source_system
        and compared.cost_scope = summed.cost_scope

)

select * from final
