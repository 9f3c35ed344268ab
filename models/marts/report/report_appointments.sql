with

appointments as (

    select * from {{ ref('fct_appointments') }}
    where outcome != 'future'

),

counted as (

    select
        facility_id,
        department_id,
        doctor_id,
        {{ first_of_month('appointment_date') }} as month,
        {{ outcome_counts() }},
        count(
            case when outcome = 'attended' and patient_key != {{ unknown_key() }} then 1 end
        ) as attended_by_known,
        count(lead_days) as lead_known,
        sum(lead_days) as lead_days
    from appointments
    group by facility_id, department_id, doctor_id, {{ first_of_month('appointment_date') }}

),

-- nobody knows whether somebody unknown has been here before
attended_in_order as (

    select
        facility_id,
        department_id,
        doctor_id,
        {{ first_of_month('appointment_date') }} as month,
        row_number() over (
            partition by patient_key
            order by appointment_date nulls last, appointment_key nulls last
        ) as visit_number
    from appointments
    where outcome = 'attended' and patient_key != {{ unknown_key() }}

),

firsts as (

    select
        facility_id,
        department_id,
        doctor_id,
        month,
        count(*) as first_attendances
    from attended_in_order
    where visit_number = 1
    group by facility_id, department_id, doctor_id, month

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
        cast(coalesce(counted.lead_days, 0) as bigint) as lead_days
    from counted
    left join firsts
        on firsts.facility_id = counted.facility_id
        and firsts.department_id = counted.department_id
        and firsts.doctor_id = counted.doctor_id
        and firsts.month = counted.month

)

select * from final
