{% set window_days = var('receivable_window_days') %}
{% set net_billed = 'window_billed_amount - coalesce(window_adjustment_amount, 0)' %}

with

days as (

    select * from {{ ref('int_bill_days_tallied') }}

),

bills as (

    select * from {{ ref('fct_bills') }}

),

systems as (

    select
        as_of_date,
        {{ add_days('as_of_date', -1) }} as snapshot_date,
        {{ add_days('as_of_date', '-1 * ' ~ window_days) }} as window_from
    from {{ ref('int_systems_dated') }}
    where source_system = 'hospital_ops'

),

counted_days as (

    select
        facility_id,
        bill_date,
        open_bills,
        open_amount,
        billed_amount,
        adjustment_amount
    from days
    union all
    -- what was paid after the snapshot was still open on it: the few such bills are added again
    select
        bills.facility_id,
        bills.bill_date,
        case when {{ open_amount('0') }} > 0 then 1 else 0 end
        - case when {{ open_amount() }} > 0 then 1 else 0 end as open_bills,
        {{ open_amount('0') }} - {{ open_amount() }} as open_amount,
        0 as billed_amount,
        0 as adjustment_amount
    from bills
    inner join systems
        on systems.as_of_date <= bills.paid_date

),

aged as (

    select
        counted_days.*,
        {{ days_between('counted_days.bill_date', 'systems.snapshot_date') }} as age_days,
        counted_days.bill_date >= systems.window_from as is_in_window
    from counted_days
    inner join systems
        on systems.as_of_date > counted_days.bill_date

),

counted as (

    select
        case when grouping(facility_id) = 1 then 'all' else facility_id end as facility_id,
        cast(sum(open_bills) as bigint) as open_bills,
        sum(open_amount) as open_amount,
        sum(case when age_days <= 30 then open_amount end) as open_0_30_days_amount,
        sum(case when age_days between 31 and 60 then open_amount end) as open_31_60_days_amount,
        sum(case when age_days between 61 and 90 then open_amount end) as open_61_90_days_amount,
        sum(case when age_days > 90 then open_amount end) as open_over_90_days_amount,
        sum(case when is_in_window then billed_amount end) as window_billed_amount,
        sum(case when is_in_window then adjustment_amount end) as window_adjustment_amount
    from aged
    group by rollup(facility_id)
    -- the total over no bills at all would be a row
    having count(*) > 0

),

final as (

    select
        counted.facility_id,
        systems.snapshot_date,
        counted.open_bills,
        {%- for name in [
            'open_amount', 'open_0_30_days_amount', 'open_31_60_days_amount',
            'open_61_90_days_amount', 'open_over_90_days_amount', 'window_billed_amount',
            'window_adjustment_amount',
        ] %}
        cast(coalesce(counted.{{ name }}, 0) as decimal(18, 2)) as {{ name }},
        {%- endfor %}
        cast({{ window_days }} as bigint) as window_days,
        {{ safe_divide('coalesce(counted.window_billed_amount, 0)', window_days) }}
            as average_daily_billed_amount,
        {{ safe_divide('coalesce(' ~ net_billed ~ ', 0)', window_days) }}
            as average_daily_net_billed_amount,
        {{ safe_divide('coalesce(counted.open_amount, 0) * ' ~ window_days, net_billed) }}
            as days_in_receivable,
        {{ safe_divide('coalesce(counted.open_over_90_days_amount, 0)', 'counted.open_amount') }}
            as over_90_days_rate
    from counted
    cross join systems

)

select * from final
