with

costs as (

    select * from {{ ref('int_treatment_costs_ranked') }}
    where cost_scope = 'all' and cost is not null

),

-- ten bins to a factor of ten; what costs nothing has no logarithm and a bin of its own
binned as (

    select
        source_system,
        treatment_type,
        treatments,
        case
            -- log10(1000) may come out as 2.9999999999999996; a cent below an edge is far more off
            when cost > 0 then cast(floor(10 * log10(cast(cost as double)) + 1e-11) as bigint)
            else -1000
        end as bin
    from costs

),

counted as (

    select
        source_system,
        treatment_type,
        bin,
        cast(sum(treatments) as bigint) as treatments
    from binned
    group by source_system, treatment_type, bin

),

final as (

    select
        source_system,
        treatment_type,
        bin,
        case when bin > -1000 then power(10e0, bin / 10e0) else 0e0 end as lower_edge,
        case when bin > -1000 then power(10e0, (bin + 1) / 10e0) else 0e0 end as upper_edge,
        treatments,
        {{ safe_divide(
            'treatments', 'sum(treatments) over (partition by source_system, treatment_type)'
        ) }} as share
    from counted

)

select * from final
