with

counted as (

    select * from {{ ref('int_equity_groups_counted') }}

),

kpis as (

    select * from {{ ref('dim_kpis') }}

),

-- every pair once: the group whose name comes first against the other
paired as (

    select
        groups.kpi_id,
        groups.source_system,
        groups.dimension,
        groups.group_value,
        others.group_value as reference_value,
        groups.numerator,
        groups.denominator,
        others.numerator as reference_numerator,
        others.denominator as reference_denominator,
        groups.denominator >= kpis.minimum_n and others.denominator >= kpis.minimum_n
            as is_reportable
    from counted as groups
    inner join counted as others
        on others.kpi_id = groups.kpi_id
        and others.source_system = groups.source_system
        and others.dimension = groups.dimension
        and others.group_value > groups.group_value
    inner join kpis
        on kpis.kpi_id = groups.kpi_id

),

compared as (

    select
        *,
        count(case when is_reportable then 1 end) over (
            partition by kpi_id, source_system, dimension
        ) as comparisons
    from paired

),

-- what is below the minimum is counted and not rated
rated as (

    select
        *,
        case when is_reportable then numerator end as x1,
        case when is_reportable then reference_numerator end as x0,
        case when is_reportable then {{ bonferroni_z('nullif(comparisons, 0)') }} end as z
    from compared

),

bounded as (

    select
        *,
        {{ rate_columns('rate', 'x1', 'denominator') }},
        {{ rate_columns('reference_rate', 'x0', 'reference_denominator') }},
        {{ newcombe_columns('difference', 'x1', 'denominator', 'x0', 'reference_denominator') }},
        {{ newcombe_columns(
            'adjusted', 'x1', 'denominator', 'x0', 'reference_denominator', z='z'
        ) }}
    from rated

),

final as (

    select
        kpi_id,
        source_system,
        dimension,
        group_value,
        reference_value,
        numerator,
        denominator,
        rate,
        rate_low,
        rate_high,
        reference_numerator,
        reference_denominator,
        reference_rate,
        reference_rate_low,
        reference_rate_high,
        difference,
        difference_low,
        difference_high,
        comparisons,
        adjusted_low,
        adjusted_high,
        is_reportable,
        case
            when not is_reportable then 'not_compared'
            when adjusted_low > 0 then 'higher'
            when adjusted_high < 0 then 'lower'
            else 'consistent_with_chance'
        end as verdict
    from bounded

)

select * from final
