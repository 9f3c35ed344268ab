with

treatments as (

    select * from {{ ref('fct_treatments') }}
    where not is_future

),

doctors as (

    select * from {{ ref('dim_doctors') }}

),

counted as (

    select
        facility_id,
        doctor_id,
        {{ first_of_month('treatment_date') }} as month,
        treatment_type,
        count(*) as treatments,
        count(cost) as costs_known,
        sum(cost) as total_cost,
        sum({{ square_of_money('cost') }}) as cost_squares
    from treatments
    group by facility_id, doctor_id, {{ first_of_month('treatment_date') }}, treatment_type

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
        cast(coalesce(counted.total_cost, 0) as decimal(18, 2)) as total_cost,
        cast(coalesce(counted.cost_squares, 0) as double) as cost_squares
    from counted
    left join doctors
        on doctors.doctor_id = counted.doctor_id

)

select * from final
