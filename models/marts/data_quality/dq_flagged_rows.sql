with

appointments as (

    select * from {{ ref('int_appointments_classified') }}

),

double_bookings as (

    select
        doctor_id,
        started_at
    from appointments
    where
        coalesce(status, 'scheduled') != 'cancelled'
        and started_at is not null
        and doctor_id != 'unknown'
    group by doctor_id, started_at
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
    from appointments
    where outcome = 'unresolved' and status = 'scheduled'
    union all
    select 'hospital_ops', 'appointments', source_file, row_number, 'outcome_recorded_early'
    from appointments
    where outcome = 'future' and status in ('attended', 'no_show')
    union all
    select
        'hospital_ops',
        'appointments',
        appointments.source_file,
        appointments.row_number,
        'double_booking'
    from appointments
    inner join double_bookings
        on double_bookings.doctor_id = appointments.doctor_id
        and double_bookings.started_at = appointments.started_at
    where coalesce(appointments.status, 'scheduled') != 'cancelled'
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
