{{ config(materialized='incremental', unique_key=['facility_id', 'month', 'cost_range']) }}

with

treatments as (

    select * from {{ changes_of('fct_treatments') }}
    where not is_future

),

final as (

    select
        facility_id,
        {{ first_of_month('treatment_date') }} as month,
        {{ cost_range('cost', fineness=1) }} as cost_range,
        {{ tallied_rows() }} as treatments,
        {{ tallied_total('cost') }} as total_cost
    from treatments
    group by
        facility_id, {{ first_of_month('treatment_date') }}, {{ cost_range('cost', fineness=1) }}

)

select * from final
