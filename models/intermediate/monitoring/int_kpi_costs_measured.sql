with

treatments as (

    select * from {{ ref('fct_treatments') }}
    where not is_future

),

-- ranks and quantiles come from the distinct costs, not from rows
tallied as (

    select
        case when grouping(facility_id) = 1 then 'all' else facility_id end as facility_id,
        {{ first_of_month('treatment_date') }} as month,
        cost,
        count(*) as treatments,
        count(cost) as measured
    from treatments
    group by {{ first_of_month('treatment_date') }}, cost, rollup(facility_id)

),

ranked as (

    select
        tallied.*,
        {{ last_rank('measured', ['facility_id', 'month'], 'cost') }} as last_rank,
        sum(measured) over (partition by facility_id, month) as n
    from tallied

),

final as (

    select
        facility_id,
        month,
        cast(max(n) as bigint) as treatments,
        cast(sum(treatments) - max(n) as bigint) as treatments_without_cost,
        cast(coalesce(sum(cost * measured), 0) as decimal(18, 2)) as total_cost,
        {{ tallied_quantile('cost', 'last_rank', 'n', 0.5) }} as median_cost,
        {{ tallied_value_at('cost', 'last_rank', median_low_rank('n')) }} as median_cost_low,
        {{ tallied_value_at('cost', 'last_rank', median_high_rank('n')) }} as median_cost_high
    from ranked
    group by facility_id, month

)

select * from final
