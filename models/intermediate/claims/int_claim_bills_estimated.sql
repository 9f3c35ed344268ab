{% set kind = dbt.string_literal(dbt.escape_single_quotes("Cohen's h")) %}

with

claims as (

    {{ claims_of(['collected_after_90_days', 'billed_not_delivered']) }}

),

bills as (

    select * from {{ ref('fct_bills') }}
    where not is_future and billed_amount is not null

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
        bills.billed_amount - case
            when claims.estimator = 'collected_after_90_days' then bills.adjustment_amount else 0
        end as amount,
        case
            when claims.estimator = 'collected_after_90_days' then bills.paid_amount
            when bills.appointment_outcome in ('no_show', 'cancelled') then bills.billed_amount
            else 0
        end as event_amount
    from claims
    cross join bills
    left join systems
        on systems.source_system = 'hospital_ops'
    where
        claims.estimator = 'billed_not_delivered'
        or {{ days_between('bills.bill_date', 'systems.as_of_date') }} >= 90

),

summed as (

    select
        claims.claim_id,
        claims.part,
        claims.no_difference,
        count(weighed.amount) as n,
        cast(sum(weighed.event_amount) as double) as event_amount,
        cast(sum(weighed.amount) as double) as amount,
        cast(sum({{ square_of_money('weighed.amount') }}) as double) as squares
    from claims
    left join weighed
        on weighed.claim_id = claims.claim_id
        and weighed.part = claims.part
        and weighed.amount > 0
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
