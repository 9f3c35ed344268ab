with

tallied as (

    select * from {{ ref('int_treatment_months_tallied') }}

),

grouped as (

    select
        case when grouping(facility_id) = 1 then 'all' else facility_id end as facility_id,
        month,
        cost_range,
        cast(sum(treatments) as bigint) as treatments,
        sum(case when cost_range is not null then treatments else 0 end) as measured,
        sum(total_cost) as total_cost
    from tallied
    group by month, cost_range, rollup(facility_id)

),

ranked as (

    select
        grouped.*,
        {{ last_rank('measured', ['facility_id', 'month'], 'cost_range') }} as last_rank,
        sum(measured) over (partition by facility_id, month) as n
    from grouped

),

final as (

    select
        facility_id,
        month,
        cost_range,
        treatments,
        cast(measured as bigint) as measured,
        total_cost,
        cast(last_rank as bigint) as last_rank,
        cast(n as bigint) as n,
        -- where the median or a bound of it lies
        cost_range is not null
        and {{ median_low_rank('n') }} <= last_rank
        and {{ median_high_rank('n') }} > last_rank - measured as is_read
    from ranked

)

select * from final
