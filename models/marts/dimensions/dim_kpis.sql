with

final as (

    select
        kpi_id,
        name,
        family,
        numerator,
        denominator,
        exclusions,
        grain,
        unit,
        direction,
        interval_method,
        source,
        cast(minimum_n as bigint) as minimum_n,
        cast(target as double) as target,
        mart
    from {{ ref('kpis') }}

)

select * from final
