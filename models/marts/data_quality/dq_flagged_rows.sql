with

appointments as (

    select * from {{ ref('stg_hospital_ops__appointments') }}
    where row_status = 'accepted'

),

-- few of the outcomes say something of the row that they came from
outcomes as (

    select
        appointments.source_file,
        appointments.row_number,
        appointments.status,
        facts.outcome
    from appointments
    inner join {{ ref('fct_appointments') }} as facts
        on facts.appointment_key = appointments.appointment_key
    where facts.outcome in ('unresolved', 'future')

),

booked as (

    select * from appointments
    where coalesce(status, 'scheduled') != 'cancelled'

),

double_bookings as (

    select
        doctor_id,
        appointment_date,
        appointment_minute
    from booked
    where doctor_id is not null and appointment_minute is not null
    group by doctor_id, appointment_date, appointment_minute
    having count(*) > 1

),

treatments as (

    select
        staged.source_file,
        staged.row_number
    from {{ ref('stg_hospital_ops__treatments') }} as staged
    inner join {{ ref('fct_treatments') }} as treatments
        on treatments.treatment_key = staged.treatment_key
    where
        staged.row_status = 'accepted'
        and treatments.appointment_outcome in ('no_show', 'cancelled')

),

bills as (

    select
        staged.source_file,
        staged.row_number
    from {{ ref('stg_hospital_ops__billing') }} as staged
    inner join {{ ref('fct_bills') }} as bills
        on bills.bill_key = staged.bill_key
    where
        staged.row_status = 'accepted'
        and bills.payment_status = 'paid'
        and bills.appointment_outcome in ('no_show', 'cancelled')

),

patients as (

    select * from {{ ref('stg_hospital_ops__patients') }}
    where row_status = 'accepted'

),

-- one e-mail on several records is a sign, not a proof, of one person: never merged
shared_emails as (

    select email_key
    from patients
    where email_key is not null
    group by email_key
    having count(*) > 1

),

final as (

    select
        'hospital_ops' as source_system,
        'appointments' as source_table,
        source_file,
        row_number,
        'outcome_not_recorded' as reason
    from outcomes
    where outcome = 'unresolved' and status = 'scheduled'
    union all
    select 'hospital_ops', 'appointments', source_file, row_number, 'outcome_recorded_early'
    from outcomes
    where outcome = 'future' and status in ('attended', 'no_show')
    union all
    select
        'hospital_ops', 'appointments', booked.source_file, booked.row_number, 'double_booking'
    from booked
    inner join double_bookings
        on double_bookings.doctor_id = booked.doctor_id
        and double_bookings.appointment_date = booked.appointment_date
        and double_bookings.appointment_minute = booked.appointment_minute
    -- an id of no known doctor may be anybody's
    inner join {{ ref('dim_doctors') }} as doctors
        on doctors.doctor_id = booked.doctor_id
    union all
    select 'hospital_ops', 'treatments', source_file, row_number, 'treatment_without_attendance'
    from treatments
    union all
    select 'hospital_ops', 'billing', source_file, row_number, 'paid_without_attendance'
    from bills
    union all
    select
        'hospital_ops', 'patients', patients.source_file, patients.row_number, 'shared_email'
    from patients
    inner join shared_emails
        on shared_emails.email_key = patients.email_key
    union all
    select source_system, source_table, source_file, row_number, reason
    from {{ ref('int_care_rows_flagged') }}

)

select * from final
