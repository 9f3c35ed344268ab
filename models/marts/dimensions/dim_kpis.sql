with

kpis as (

    select * from {{ ref('kpis') }}

),

minimums as (

    select * from {{ ref('minimum_n_rules') }}

),

-- the target of the whole network; those of facilities and departments are with their charts
targets as (

    select
        kpi_id,
        target,
        row_number() over (partition by kpi_id order by effective_from desc nulls last) as recency
    from {{ ref('kpi_targets') }}
    where
        facility_id = 'all'
        and department_id = 'all'
        and effective_from < (
            select max(systems.as_of_date) from {{ ref('int_systems_dated') }} as systems
        )

),

final as (

    select
        kpis.kpi_id,
        kpis.name,
        kpis.family,
        kpis.numerator,
        kpis.denominator,
        kpis.exclusions,
        kpis.grain,
        kpis.unit,
        kpis.direction,
        kpis.interval_method,
        kpis.source,
        minimums.minimum_n,
        minimums.counted as minimum_n_counted,
        targets.target,
        kpis.settles_after_days,
        kpis.definition_version,
        kpis.mart
    from kpis
    inner join minimums
        on minimums.rule_id = kpis.minimum_n_rule
    left join targets
        on targets.kpi_id = kpis.kpi_id
        and targets.recency = 1

)

select * from final
