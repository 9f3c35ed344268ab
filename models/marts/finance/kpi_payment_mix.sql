{% set all_or = 'case when grouping({0}) = 1 then \'all\' else {0} end as {0}' %}

with

bills as (

    select * from {{ ref('int_bills_tallied') }}

),

counted as (

    select
        {{ all_or.format('facility_id') }},
        {{ all_or.format('payment_method') }},
        {{ all_or.format('payment_status') }},
        {{ payment_sums() }}
    from bills
    group by cube(facility_id, payment_method, payment_status)
    -- the total over no bills at all would be a row
    having count(*) > 0

),

totals as (

    select
        facility_id,
        bills as facility_bills,
        billed_amount as facility_billed_amount
    from counted
    where payment_method = 'all' and payment_status = 'all'

),

final as (

    select
        counted.facility_id,
        counted.payment_method,
        counted.payment_status,
        counted.bills,
        cast(coalesce(counted.billed_amount, 0) as decimal(18, 2)) as billed_amount,
        cast(coalesce(counted.paid_amount, 0) as decimal(18, 2)) as paid_amount,
        totals.facility_bills,
        {{ rate_columns('share_of_bills', 'counted.bills', 'totals.facility_bills') }},
        {{ safe_divide('coalesce(counted.billed_amount, 0)', 'totals.facility_billed_amount') }}
            as share_of_amount
    from counted
    inner join totals
        on totals.facility_id = counted.facility_id

)

select * from final
