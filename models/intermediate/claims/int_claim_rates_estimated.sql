{% set kind = dbt.string_literal(dbt.escape_single_quotes("Cohen's h")) %}

with

counted as (

    select * from {{ ref('int_claim_rates_counted') }}

),

kpis as (

    select * from {{ ref('dim_kpis') }}

),

rated as (

    select
        counted.*,
        estimator = 'kpi_rate_difference' as is_difference,
        kpis.interval_method,
        'no months of ' || counted.kpi_id || coalesce(' of ' || counted.source_system, '')
        || ' for ' as no_months
    from counted
    left join kpis
        on kpis.kpi_id = counted.kpi_id

),

judged as (

    select
        rated.*,
        case
            when interval_method is null
            then 'no KPI ' || coalesce(kpi_id, 'is named') || ' in the catalogue'
            when interval_method != 'Wilson' then 'KPI ' || kpi_id || ' is no share of cases'
            when is_difference and subject is null then 'no subject is named'
            when own_trials is null
            then no_months || coalesce(subject, 'all') || ' in the data'
            when is_difference and other_trials is null
            then no_months || coalesce(comparator, 'all others') || ' in the data'
            when is_difference
            then {{ too_few('least(own_trials, other_trials)', 'cases in a group') }}
            else {{ too_few('own_trials', 'cases') }}
        end as why_not
    from rated

),

-- of what is no share of cases there is no root
tested as (

    select
        claim_id,
        part,
        is_difference,
        no_difference,
        {%- for name in ['own_events', 'own_trials', 'other_events', 'other_trials'] %}
        case when why_not is null then {{ name }} end as {{ name }},
        {%- endfor %}
        coalesce(own_trials, 0) + case when is_difference then coalesce(other_trials, 0) else 0 end
            as n,
        why_not
    from judged

),

shared as (

    select
        tested.*,
        {{ safe_divide('own_events', 'own_trials') }} as own_rate,
        {{ safe_divide('other_events', 'other_trials') }} as other_rate
    from tested

),

final as (

    select
        claim_id,
        part,
        case when is_difference then own_rate - other_rate else own_rate end as estimate,
        case
            when is_difference
            then {{ newcombe_low('own_events', 'own_trials', 'other_events', 'other_trials') }}
            else {{ wilson_low('own_events', 'own_trials') }}
        end as low,
        case
            when is_difference
            then {{ newcombe_high('own_events', 'own_trials', 'other_events', 'other_trials') }}
            else {{ wilson_high('own_events', 'own_trials') }}
        end as high,
        case when is_difference then 'Newcombe' else 'Wilson' end as interval_method,
        n,
        case
            when is_difference then {{ cohens_h('own_rate', 'other_rate') }}
            else {{ cohens_h('own_rate', 'least(greatest(no_difference, 0), 1)') }}
        end as effect_size,
        {{ kind }} as effect_size_kind,
        cast(1 as bigint) as comparisons,
        why_not is null as is_testable,
        why_not
    from shared

)

select * from final
