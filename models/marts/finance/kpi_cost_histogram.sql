with

costs as (

    select * from {{ ref('int_treatment_costs_ranked') }}
    where cost_scope = 'all' and cost is not null

),

binned as (

    select
        source_system,
        treatment_type,
        treatments,
        {{ cost_bin('cost') }} as bin
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
        {{ cost_bin_edges('bin') }},
        treatments,
        {{ safe_divide(
            'treatments', 'sum(treatments) over (partition by source_system, treatment_type)'
        ) }} as share
    from counted

)

select * from final
