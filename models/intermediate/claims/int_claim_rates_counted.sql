with

claims as (

    {{ claims_of(['kpi_rate', 'kpi_rate_difference']) }}

),

months as (

    select
        *,
        case when facility_id = 'all' then department_id else facility_id end as unit_id
    from {{ ref('kpi_values_monthly') }}
    where facility_id = 'all' or department_id = 'all'

),

-- a facility or a department over all of the other; `all` is the total
totals as (

    select
        kpi_id,
        source_system,
        unit_id,
        cast(sum(numerator) as bigint) as events,
        cast(sum(denominator) as bigint) as trials
    from months
    where denominator is not null
    group by kpi_id, source_system, unit_id

),

counted as (

    select
        {%- for name, unit in [
            ('own', "coalesce(claims.subject, 'all')"), ('other', 'claims.comparator'),
            ('all', "'all'"),
        ] %}
        sum(case when totals.unit_id = {{ unit }} then totals.events end) as {{ name }}_events,
        sum(case when totals.unit_id = {{ unit }} then totals.trials end) as {{ name }}_trials,
        {%- endfor %}
        claims.claim_id,
        claims.part
    from claims
    left join totals
        on totals.kpi_id = claims.kpi_id
        and totals.source_system = coalesce(claims.source_system, totals.source_system)
    group by claims.claim_id, claims.part

),

-- whoever is not named as the comparator: all but the subject
final as (

    select
        claims.claim_id,
        claims.part,
        claims.estimator,
        claims.source_system,
        claims.kpi_id,
        claims.subject,
        claims.comparator,
        claims.no_difference,
        cast(counted.own_events as bigint) as own_events,
        cast(counted.own_trials as bigint) as own_trials,
        cast(
            case
                when claims.comparator is not null then counted.other_events
                when claims.subject is not null then counted.all_events - counted.own_events
            end as bigint
        ) as other_events,
        cast(
            case
                when claims.comparator is not null then counted.other_trials
                when claims.subject is not null then counted.all_trials - counted.own_trials
            end as bigint
        ) as other_trials
    from claims
    inner join counted
        on counted.claim_id = claims.claim_id
        and counted.part = claims.part

)

select * from final
