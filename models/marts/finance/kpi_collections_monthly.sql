with

bills as (

    select * from {{ ref('int_bills_tallied') }}

),

counted as (

    select
        case when grouping(facility_id) = 1 then 'all' else facility_id end as facility_id,
        month,
        {{ bill_sums() }}
    from bills
    group by month, rollup(facility_id)

),

final as (

    select
        facility_id,
        month,
        {{ bill_sum_columns() }},
        {{ bill_rates() }}
    from counted

)

select * from final
