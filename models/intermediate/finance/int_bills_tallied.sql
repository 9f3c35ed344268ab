{{ config(
    materialized='incremental',
    unique_key=['facility_id', 'month', 'payment_method', 'payment_status']
) }}

with

bills as (

    select * from {{ changes_of('fct_bills') }}
    where not is_future

),

final as (

    select
        facility_id,
        {{ first_of_month('bill_date') }} as month,
        payment_method,
        payment_status,
        {{ tallied_rows() }} as bills,
        {{ tallied_rows('billed_amount is not null') }} as bills_with_amount,
        {{ tallied_total('billed_amount') }} as billed_amount,
        {{ tallied_total('paid_amount', 'billed_amount is not null') }} as paid_amount,
        {{ tallied_total('paid_amount', 'billed_amount is null') }} as paid_unmatched_amount,
        {{ tallied_total('adjustment_amount', 'billed_amount is not null') }}
            as adjustment_amount,
        {{ tallied_total(open_amount()) }} as open_amount,
        {{ tallied_total('billed_amount', "appointment_outcome in ('no_show', 'cancelled')") }}
            as billed_not_delivered_amount
    from bills
    group by facility_id, {{ first_of_month('bill_date') }}, payment_method, payment_status

)

select * from final
