with

bills as (

    select * from {{ ref('fct_bills') }}

),

systems as (

    select max(as_of_date) as as_of_date
    from {{ ref('int_systems_dated') }}
    where source_system = 'hospital_ops'

),

-- without an as-of date nothing is known to lie in the future
due as (

    select bills.*
    from bills
    cross join systems
    where coalesce(bills.bill_date < systems.as_of_date, true)

),

counted as (

    select
        case when grouping(facility_id) = 1 then 'all' else facility_id end as facility_id,
        {{ first_of_month('bill_date') }} as month,
        {{ bill_sums() }}
    from due
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
