{{ config(materialized='table') }}

with

kpis as (

    select * from {{ ref('dim_kpis') }}

),

-- a month without a value gives no point
months as (

    select * from {{ ref('kpi_values_monthly') }}
    where value is not null

),

rebases as (

    select * from {{ ref('kpi_rebases') }}
    where {{ of_this_data_set() }}

),

annotations as (

    select * from {{ ref('kpi_annotations') }}
    where {{ of_this_data_set() }}

),

-- the latest change so far; one without a date speaks of the first phase
phases as (

    select
        {{ chart_series('months') }},
        months.month,
        rebases.rebase_date,
        rebases.baseline_points,
        rebases.reason,
        row_number() over (
            partition by {{ chart_series('months') }}, months.month
            order by
                rebases.rebase_date desc nulls last,
                {{ specificity('rebases') }} desc nulls last,
                rebases.data_set desc nulls last
        ) as recency
    from months
    inner join rebases
        on {{ speaks_of('rebases', 'months') }}
        and (rebases.rebase_date is null or rebases.rebase_date <= months.month)

),

targets as (

    select
        {{ chart_series('months') }},
        months.month,
        targets.target,
        row_number() over (
            partition by {{ chart_series('months') }}, months.month
            order by
                {{ specificity('targets') }} desc nulls last,
                targets.effective_from desc nulls last
        ) as recency
    from months
    inner join {{ ref('kpi_targets') }} as targets
        on {{ speaks_of('targets', 'months') }}
        and targets.effective_from <= months.month

),

annotated as (

    select
        {{ chart_series('months') }},
        months.month,
        min(annotation) || case
            when max(annotation) > min(annotation) then '; ' || max(annotation) else ''
        end as annotation
    from months
    inner join annotations
        on {{ speaks_of('annotations', 'months') }}
        and date_trunc('month', annotations.annotation_date) = date_trunc('month', months.month)
    group by {{ chart_series('months') }}, months.month

),

final as (

    select
        {{ chart_series('months') }},
        months.month,
        months.value,
        months.numerator,
        months.denominator,
        kpis.direction,
        kpis.unit = 'fraction' and kpis.interval_method = 'Wilson' as is_proportion,
        phases.rebase_date,
        case
            when baseline_points >= {{ minimum_baseline_points() }} then baseline_points
        end as baseline_points,
        phases.reason as rebase_reason,
        targets.target,
        annotated.annotation
    from months
    inner join kpis
        on kpis.kpi_id = months.kpi_id
    left join phases
        on {{ same_series('phases', 'months') }}
        and phases.month = months.month
        and phases.recency = 1
    left join targets
        on {{ same_series('targets', 'months') }}
        and targets.month = months.month
        and targets.recency = 1
    left join annotated
        on {{ same_series('annotated', 'months') }}
        and annotated.month = months.month

)

select * from final
