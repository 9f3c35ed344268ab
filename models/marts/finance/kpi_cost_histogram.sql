with

treatments as (

    select * from {{ ref('fct_treatments') }}
    where cost is not null and not is_future

),

-- ten bins to a factor of ten; what costs nothing has no logarithm and a bin of its own
binned as (

    select
        treatment_type,
        case
            -- log10(1000) may come out as 2.9999999999999996; a cent below an edge is far more off
            when cost > 0 then cast(floor(10 * log10(cast(cost as double)) + 1e-11) as bigint)
            else -1000
        end as bin
    from treatments

),

counted as (

    select
        case when grouping(treatment_type) = 1 then 'all' else treatment_type end
            as treatment_type,
        bin,
        count(*) as treatments
    from binned
    group by bin, rollup(treatment_type)

),

final as (

    select
        'hospital_ops' as source_system,
        treatment_type,
        bin,
        case when bin > -1000 then power(10e0, bin / 10e0) else 0e0 end as lower_edge,
        case when bin > -1000 then power(10e0, (bin + 1) / 10e0) else 0e0 end as upper_edge,
        treatments,
        {{ safe_divide('treatments', 'sum(treatments) over (partition by treatment_type)') }}
            as share
    from counted

)

select * from final
