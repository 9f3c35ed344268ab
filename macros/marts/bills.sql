{#- Sums and rates of bills, the same in every mart that shows them. -#}

{% macro bill_amount_names() -%}
    {{ return([
        'billed_amount', 'paid_amount', 'adjustment_amount', 'open_amount', 'pending_amount',
        'failed_amount', 'denied_amount', 'insurance_billed_amount', 'insurance_denied_amount',
        'billed_not_delivered_amount', 'paid_unmatched_amount',
    ]) }}
{%- endmacro %}

{% macro bill_sums() -%}
    {#-
      Over rows of fct_bills. A payment without a usable billed amount would raise the collection
      rate without being in its denominator: it is summed apart.
    -#}
    count(*) as bills,
        count(case when billed_amount is null then 1 end) as bills_without_amount,
        count(case when payment_status = 'failed' then 1 end) as failed_bills,
        count(case when payment_method = 'insurance' then 1 end) as insurance_bills,
        count(case when payment_method = 'insurance' and payment_status = 'denied' then 1 end)
            as denied_insurance_bills,
        sum(billed_amount) as billed_amount,
        sum(case when billed_amount is not null then paid_amount end) as paid_amount,
        sum(case when billed_amount is null then paid_amount end) as paid_unmatched_amount,
        sum(case when billed_amount is not null then adjustment_amount end) as adjustment_amount,
        sum({{ open_amount() }}) as open_amount,
        sum(case when payment_status = 'pending' then billed_amount end) as pending_amount,
        sum(case when payment_status = 'failed' then billed_amount end) as failed_amount,
        sum(case when payment_status = 'denied' then billed_amount end) as denied_amount,
        sum(case when payment_method = 'insurance' then billed_amount end)
            as insurance_billed_amount,
        sum(
            case
                when payment_method = 'insurance' and payment_status = 'denied' then billed_amount
            end
        ) as insurance_denied_amount,
        sum(case when appointment_outcome in ('no_show', 'cancelled') then billed_amount end)
            as billed_not_delivered_amount
{%- endmacro %}

{% macro payment_sums() -%}
    {#- What bill_sums says of bills and dollars, for marts that split bills more finely. -#}
    count(*) as bills,
        count(billed_amount) as bills_with_amount,
        sum(billed_amount) as billed_amount,
        sum(case when billed_amount is not null then paid_amount end) as paid_amount
{%- endmacro %}

{% macro open_amount(paid='paid_amount') -%}
    {#- What is still owed on a bill; failed and denied bills stay open until written off. -#}
    greatest(billed_amount - {{ paid }} - adjustment_amount, 0)
{%- endmacro %}

{% macro bill_sum_columns() -%}
    bills,
        bills_without_amount,
        failed_bills,
        insurance_bills,
        denied_insurance_bills
        {%- for name in bill_amount_names() %},
        cast(coalesce({{ name }}, 0) as decimal(18, 2)) as {{ name }}
        {%- endfor %}
{%- endmacro %}

{% macro bill_rates() -%}
    {{ safe_divide('coalesce(paid_amount, 0)', 'billed_amount') }} as collection_rate,
        {{ safe_divide(
            'coalesce(paid_amount, 0)', '(billed_amount - coalesce(adjustment_amount, 0))'
        ) }} as net_collection_rate,
        {{ rate_columns('failed_payment_rate', 'failed_bills', 'bills') }},
        {{ rate_columns('denial_rate', 'denied_insurance_bills', 'insurance_bills') }},
        {{ safe_divide('coalesce(insurance_denied_amount, 0)', 'insurance_billed_amount') }}
            as denial_rate_of_amount,
        {{ safe_divide('coalesce(billed_not_delivered_amount, 0)', 'billed_amount') }}
            as billed_not_delivered_rate
{%- endmacro %}
