with

-- nobody knows whether somebody unknown has been here before
attended as (

    select * from {{ ref('fct_appointments') }}
    where outcome = 'attended' and patient_key != {{ unknown_key() }}

),

first_days as (

    select
        patient_key,
        min(appointment_date) as first_date
    from attended
    group by patient_key

),

ordered as (

    select
        attended.patient_key,
        attended.appointment_key,
        attended.facility_id,
        attended.department_id,
        attended.doctor_id,
        attended.appointment_date,
        row_number() over (
            partition by attended.patient_key
            order by attended.appointment_key nulls last
        ) as position_on_day
    from attended
    inner join first_days
        on first_days.patient_key = attended.patient_key
        and first_days.first_date = attended.appointment_date

),

final as (

    select
        patient_key,
        appointment_key,
        facility_id,
        department_id,
        doctor_id,
        appointment_date
    from ordered
    where position_on_day = 1

)

select * from final
