with

counted as (

    select * from {{ ref('int_appointments_tallied') }}
    where due > 0

),

attendances as (

    select * from {{ ref('int_first_attendances_found') }}

),

firsts as (

    select
        facility_id,
        department_id,
        doctor_id,
        {{ first_of_month('appointment_date') }} as month,
        count(*) as first_attendances
    from attendances
    group by facility_id, department_id, doctor_id, {{ first_of_month('appointment_date') }}

),

final as (

    select
        counted.facility_id,
        counted.department_id,
        counted.doctor_id,
        counted.month,
        counted.due,
        counted.attended,
        counted.no_shows,
        counted.cancelled,
        counted.unresolved,
        counted.attended_by_known,
        coalesce(firsts.first_attendances, 0) as first_attendances,
        counted.lead_known,
        counted.lead_days
    from counted
    left join firsts
        on firsts.facility_id = counted.facility_id
        and firsts.department_id = counted.department_id
        and firsts.doctor_id = counted.doctor_id
        and firsts.month = counted.month

)

select * from final
