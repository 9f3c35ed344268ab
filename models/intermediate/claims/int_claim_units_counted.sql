with

facilities as (

    select * from {{ ref('kpi_facility_activity') }}
    where facility_id not in ('all', 'unknown')

),

-- who came or left within the period has fewer appointments for that reason alone
doctors as (

    select * from {{ ref('kpi_doctor_caseload') }}
    where doctor_id != 'unknown' and is_full_period

),

payments as (

    select * from {{ ref('kpi_payment_mix') }}
    where
        facility_id = 'all'
        and payment_status = 'all'
        and payment_method not in ('all', 'unknown')

),

final as (

    select 'facility' as unit_kind, facility_id as unit_id, due as cases from facilities
    where due > 0
    union all
    select 'doctor' as unit_kind, doctor_id as unit_id, due as cases from doctors
    union all
    select 'payment' as unit_kind, payment_method as unit_id, bills as cases from payments

)

select * from final
