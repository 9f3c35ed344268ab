with

bills as (

    select * from {{ ref('fct_bills') }}
    where not is_future

),

counted as (

    select
        facility_id,
        {{ first_of_month('bill_date') }} as month,
        payment_method,
        payment_status,
        {{ payment_sums() }}
    from bills
    group by facility_id, {{ first_of_month('bill_date') }}, payment_method, payment_status

),

final as (

    select
        facility_id,
        month,
        payment_method,
        payment_status,
        bills,
        bills_with_amount,
        cast(coalesce(billed_amount, 0) as decimal(18, 2)) as billed_amount,
        cast(coalesce(paid_amount, 0) as decimal(18, 2)) as paid_amount
    from counted

)

select * from final
