with

counted as (

    select * from {{ ref('int_treatments_tallied') }}

),

doctors as (

    select * from {{ ref('dim_doctors') }}

),

final as (

    select
        counted.facility_id,
        coalesce(doctors.department_id, 'unknown') as department_id,
        counted.doctor_id,
        counted.month,
        counted.treatment_type,
        counted.treatments,
        counted.costs_known,
        cast(counted.total_cost as decimal(18, 2)) as total_cost,
        cast(counted.cost_squares as double) as cost_squares
    from counted
    left join doctors
        on doctors.doctor_id = counted.doctor_id

)

select * from final
