{{ config(materialized='incremental', unique_key=['facility_id', 'bill_date', 'is_future']) }}

{#- A bill that counts in what is collected: something is left of it after the adjustment. -#}
{% set net_amount = '(billed_amount - adjustment_amount)' %}
{% set is_collectable = net_amount ~ ' > 0' %}

with

bills as (

    select * from {{ changes_of('fct_bills') }}

),

final as (

    select
        facility_id,
        bill_date,
        is_future,
        {{ tallied_rows() }} as bills,
        {{ tallied_total('billed_amount') }} as billed_amount,
        {{ tallied_total('adjustment_amount', 'billed_amount is not null') }}
            as adjustment_amount,
        {{ tallied_rows(open_amount() ~ ' > 0') }} as open_bills,
        {{ tallied_total(open_amount()) }} as open_amount,
        {{ tallied_rows('billed_amount > 0') }} as charged_bills,
        {{ tallied_total(square_of_money('billed_amount'), places=4) }} as billed_squares,
        {{ tallied_total('billed_amount', "appointment_outcome in ('no_show', 'cancelled')") }}
            as billed_not_delivered_amount,
        {{ tallied_rows(is_collectable) }} as collectable_bills,
        {{ tallied_total(net_amount, is_collectable) }} as collectable_amount,
        {{ tallied_total(square_of_money(net_amount), is_collectable, places=4) }}
            as collectable_squares,
        {{ tallied_total('paid_amount', is_collectable) }} as collected_amount
    from bills
    group by facility_id, bill_date, is_future

)

select * from final
