{% set kind = dbt.string_literal(dbt.escape_single_quotes("Cohen's h")) %}

with

claims as (

    {{ claims_of(['collected_after_90_days', 'billed_not_delivered']) }}

),

days as (

    select * from {{ ref('int_bill_days_tallied') }}
    where not is_future

),

systems as (

    select * from {{ ref('int_systems_dated') }}
    where source_system = 'hospital_ops'

),

-- a bill of yesterday is not uncollected: both sides of the rate know bills of 90 days only
weighed as (

    select
        claims.claim_id,
        claims.part,
        days.collectable_bills as n,
        days.collected_amount as event_amount,
        days.collectable_amount as amount,
        days.collectable_squares as squares
    from claims
    cross join days
    left join systems
        on systems.source_system = 'hospital_ops'
    where
        claims.estimator = 'collected_after_90_days'
        and {{ days_between('days.bill_date', 'systems.as_of_date') }} >= 90
    union all
    select
        claims.claim_id,
        claims.part,
        days.charged_bills as n,
        days.billed_not_delivered_amount as event_amount,
        days.billed_amount as amount,
        days.billed_squares as squares
    from claims
    cross join days
    where claims.estimator = 'billed_not_delivered'

),

summed as (

    select
        claims.claim_id,
        claims.part,
        claims.no_difference,
        cast(coalesce(sum(weighed.n), 0) as bigint) as n,
        cast(sum(weighed.event_amount) as double) as event_amount,
        cast(sum(weighed.amount) as double) as amount,
        cast(sum(weighed.squares) as double) as squares
    from claims
    left join weighed
        on weighed.claim_id = claims.claim_id
        and weighed.part = claims.part
    group by claims.claim_id, claims.part, claims.no_difference

),

measured as (

    select
        summed.*,
        {{ safe_divide('event_amount', 'amount') }} as estimate,
        {{ effective_n('amount', 'squares') }} as effective
    from summed

),

bounded as (

    select
        measured.*,
        least(estimate, 1e0) * effective as x,
        {{ too_few('n', 'bills with an amount that are old enough') }} as why_not
    from measured

),

final as (

    select
        claim_id,
        part,
        estimate,
        {{ wilson_low('x', 'effective') }} as low,
        {{ wilson_high('x', 'effective') }} as high,
        'Wilson at the effective number of bills' as interval_method,
        n,
        {{ cohens_h('least(estimate, 1e0)', 'no_difference') }} as effect_size,
        {{ kind }} as effect_size_kind,
        cast(1 as bigint) as comparisons,
        why_not is null as is_testable,
        why_not
    from bounded

)

select * from final
