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
      Over rows of int_bills_tallied. A payment without a usable billed amount would raise the
      collection rate without being in its denominator: it is summed apart.
    -#}
    {%- set is_insured = "payment_method = 'insurance'" -%}
    {%- set is_denied = "payment_status = 'denied'" -%}
    cast(sum(bills) as bigint) as bills,
        cast(sum(bills - bills_with_amount) as bigint) as bills_without_amount,
        {{ bills_where("payment_status = 'failed'") }} as failed_bills,
        {{ bills_where(is_insured) }} as insurance_bills,
        {{ bills_where(is_insured ~ ' and ' ~ is_denied) }} as denied_insurance_bills,
        {%- for name in [
            'billed_amount', 'paid_amount', 'paid_unmatched_amount', 'adjustment_amount',
            'open_amount', 'billed_not_delivered_amount',
        ] %}
        sum({{ name }}) as {{ name }},
        {%- endfor %}
        {%- for status in ['pending', 'failed', 'denied'] %}
        sum(case when payment_status = '{{ status }}' then billed_amount end)
            as {{ status }}_amount,
        {%- endfor %}
        sum(case when {{ is_insured }} then billed_amount end) as insurance_billed_amount,
        sum(case when {{ is_insured }} and {{ is_denied }} then billed_amount end)
            as insurance_denied_amount
{%- endmacro %}

{% macro bills_where(condition) -%}
    cast(sum(case when {{ condition }} then bills else 0 end) as bigint)
{%- endmacro %}

{% macro payment_sums() -%}
    {#- What bill_sums says of bills and dollars, for marts that split bills more finely. -#}
    cast(sum(bills) as bigint) as bills,
        cast(sum(bills_with_amount) as bigint) as bills_with_amount,
        sum(billed_amount) as billed_amount,
        sum(paid_amount) as paid_amount
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
