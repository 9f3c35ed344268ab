with

bills as (

    select * from {{ ref('fct_bills') }}
    where not is_future

),

counted as (

    select
        case when grouping(facility_id) = 1 then 'all' else facility_id end as facility_id,
        {{ first_of_month('bill_date') }} as month,
        {{ bill_sums() }}
    from bills
    group by {{ first_of_month('bill_date') }}, rollup(facility_id)

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
