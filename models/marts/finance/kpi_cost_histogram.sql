with

costs as (

    select * from {{ ref('int_treatment_costs_tallied') }}
    where bin is not null

),

counted as (

    select
        source_system,
        case when grouping(treatment_type) = 1 then 'all' else treatment_type end
            as treatment_type,
        bin,
        cast(sum(treatments) as bigint) as treatments
    from costs
    group by source_system, bin, rollup(treatment_type)

),

final as (

    select
        source_system,
        treatment_type,
        bin,
        {{ cost_bin_edges('bin') }},
        treatments,
        {{ safe_divide(
            'treatments', 'sum(treatments) over (partition by source_system, treatment_type)'
        ) }} as share
    from counted

)

select * from final
