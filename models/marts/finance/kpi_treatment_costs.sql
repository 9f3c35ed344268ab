with

ranked as (

    select * from {{ ref('int_treatment_costs_ranked') }}

),

summed as (

    select
        source_system,
        treatment_type,
        cost_scope,
        count(*) as treatments,
        sum(cost) as total_cost,
        max(mean_cost) as mean_cost,
        case
            when count(*) > 1
                then sqrt(sum(power(cast(cost as double) - mean_cost, 2)) / (count(*) - 1))
        end as sd_cost,
        {{ safe_divide(
            'avg(power(cast(cost as double) - mean_cost, 3))',
            'power(avg(power(cast(cost as double) - mean_cost, 2)), 1.5e0)',
        ) }} as skewness,
        {{ quantile('cost', 0.5) }} as median_cost,
        max(case when cost_rank = {{ median_low_rank('n') }} then cost end) as median_cost_low,
        max(case when cost_rank = {{ median_high_rank('n') }} then cost end) as median_cost_high,
        {{ quantile('cost', 0.25) }} as p25_cost,
        {{ quantile('cost', 0.75) }} as p75_cost,
        {{ quantile('cost', 0.9) }} as p90_cost,
        {{ quantile('cost', 0.95) }} as p95_cost,
        min(cost) as minimum_cost,
        max(cost) as maximum_cost,
        avg(case when cost_rank > floor(n * 0.1) and cost_rank <= n - floor(n * 0.1)
            then cast(cost as double) end) as trimmed_mean_cost,
        -- the logarithm of nothing does not exist: null as soon as one treatment is free
        case when min(cost) > 0 then exp(avg(ln(nullif(cast(cost as double), 0)))) end
            as geometric_mean_cost
    from ranked
    group by source_system, treatment_type, cost_scope

),

-- Kitagawa: against types of equal volume and equal mean cost, what volume and what price make up
compared as (

    select
        source_system,
        cost_scope,
        sum(treatments) / cast(count(*) as double) as mean_treatments,
        {{ safe_divide('sum(total_cost)', 'sum(treatments)') }} as overall_mean_cost
    from summed
    where treatment_type != 'all'
    group by source_system, cost_scope

),

final as (

    select
        summed.source_system,
        summed.treatment_type,
        summed.cost_scope,
        summed.treatments,
        cast(summed.total_cost as decimal(18, 2)) as total_cost,
        summed.mean_cost,
        {{ mean_low('summed.mean_cost', 'summed.sd_cost', 'summed.treatments') }} as mean_cost_low,
        {{ mean_high('summed.mean_cost', 'summed.sd_cost', 'summed.treatments') }} as mean_cost_high,
        summed.sd_cost,
        summed.skewness,
        summed.median_cost,
        summed.median_cost_low,
        summed.median_cost_high,
        summed.p25_cost,
        summed.p75_cost,
        summed.p90_cost,
        summed.p95_cost,
        summed.minimum_cost,
        summed.maximum_cost,
        summed.trimmed_mean_cost,
        summed.geometric_mean_cost,
        case when summed.treatment_type != 'all' then
            (summed.treatments - compared.mean_treatments) * compared.overall_mean_cost
        end as volume_effect,
        case when summed.treatment_type != 'all' then
            summed.treatments * (summed.mean_cost - compared.overall_mean_cost)
        end as price_effect
    from summed
    left join compared
        on compared.source_system = summed.source_system
        and compared.cost_scope = summed.cost_scope

)

select * from final
