{{ config(
    materialized='incremental',
    unique_key=['facility_id', 'doctor_id', 'month', 'treatment_type']
) }}

with

treatments as (

    select * from {{ changes_of('fct_treatments') }}
    where not is_future

),

final as (

    select
        facility_id,
        doctor_id,
        {{ first_of_month('treatment_date') }} as month,
        treatment_type,
        {{ tallied_rows() }} as treatments,
        {{ tallied_rows('cost is not null') }} as costs_known,
        {{ tallied_total('cost') }} as total_cost,
        {{ tallied_total(square_of_money('cost'), places=4) }} as cost_squares
    from treatments
    group by facility_id, doctor_id, {{ first_of_month('treatment_date') }}, treatment_type

)

select * from final
