with

final as (

    select
        facility_id,
        month,
        payment_method,
        payment_status,
        bills,
        bills_with_amount,
        cast(billed_amount as decimal(18, 2)) as billed_amount,
        cast(paid_amount as decimal(18, 2)) as paid_amount
    from {{ ref('int_bills_tallied') }}

)

select * from final
