with

claims as (

    {{ claims_of(['facility_caseload_ratio']) }}

),

facilities as (

    select * from {{ ref('kpi_facility_activity') }}
    where facility_id not in ('all', 'unknown') and doctors > 0

),

-- how far doctors of one facility differ beyond chance makes the facilities' counts less sure
spread as (

    select
        greatest(
            coalesce({{ safe_divide('sum(chi_square)', 'sum(degrees_of_freedom)') }}, 1e0), 1e0
        ) as phi
    from {{ ref('kpi_caseload_balance') }}
    where facility_id not in ('all', 'unknown')

),

compared as (

    select
        claims.claim_id,
        claims.part,
        claims.subject,
        sum(case when facilities.facility_id = claims.subject then due end) as own,
        sum(case when facilities.facility_id = claims.subject then doctors end) as own_doctors,
        sum(case when facilities.facility_id != claims.subject then due end) as rest,
        sum(case when facilities.facility_id != claims.subject then doctors end) as rest_doctors
    from claims
    left join facilities
        on claims.subject is not null
    group by claims.claim_id, claims.part, claims.subject

),

measured as (

    select
        compared.*,
        {{ safe_divide('own * rest_doctors', 'rest * own_doctors') }} as ratio,
        {{ z95() }} * sqrt(spread.phi * (1e0 / nullif(own, 0) + 1e0 / nullif(rest, 0)))
            as half_width,
        case
            when own is null
            then
                'no appointments of ' || coalesce(subject, 'a facility that is not named')
                || ' in the data'
            when rest is null then 'no other facility to compare with'
            else {{ too_few('least(own, rest)', 'appointments in a group') }}
        end as why_not
    from compared
    cross join spread

),

final as (

    select
        claim_id,
        part,
        ratio as estimate,
        ratio * exp(-half_width) as low,
        ratio * exp(half_width) as high,
        'Quasi-Poisson' as interval_method,
        cast(coalesce(own, 0) + coalesce(rest, 0) as bigint) as n,
        ln(nullif(ratio, 0)) as effect_size,
        'log ratio' as effect_size_kind,
        cast(1 as bigint) as comparisons,
        why_not is null as is_testable,
        why_not
    from measured

)

select * from final
