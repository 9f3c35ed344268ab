with

raw as (

    select * from {{ raw_table('hospital_ops', 'appointments') }}

),

hash_key as (

    select secret from {{ source('private', 'hash_key') }}

),

parsed as (

    select
        raw.*,
        {{ version_values('hospital_ops') }},
        {{ clean_id('raw.patient_id') }} as usable_patient_id,
        {{ clean_id('raw.doctor_id') }} as usable_doctor_id,
        {{ parse_date('raw.appointment_date', 'hospital_ops') }} as day,
        {{ parse_minute_of_day('raw.appointment_time') }} as minute_of_day,
        {{ parse_timestamp('raw.booked_at', 'hospital_ops') }} as booking_time,
        {{ parse_timestamp('raw.cancelled_at', 'hospital_ops') }} as cancellation_time,
        {{ parse_integer('raw.duration_minutes') }} as minutes,
        statuses.code as status_code,
        cancellers.code as canceller_code,
        reasons.code as reason_code
    from raw
    {{ version_join('hospital_ops') }}
    {{ code_join('statuses', 'hospital_ops', 'status', 'raw.status') }}
    {{ code_join('cancellers', 'hospital_ops', 'cancelled_by', 'raw.cancelled_by') }}
    {{ code_join('reasons', 'hospital_ops', 'reason_for_visit', 'raw.reason_for_visit') }}

),

ranged as (

    select
        parsed.*,
        case when cast(booking_time as date) <= day then {{ usable_date('booking_time') }} end
            as usable_booking_time,
        {{ usable_date('cancellation_time') }} as usable_cancellation_time,
        {{ known_name('reason_code', 'reason_for_visit') }} as reason_name,
        case when minutes between 1 and 1440 then minutes end as usable_minutes
    from parsed

),

judged as (

    select
        ranged.*,
        {{ reject_reason(
            'hospital_ops', 'appointments', ['appointment_id'], 'appointment_date', 'day'
        ) }} as reject_reason,
        {{ repairs([
            ('patient_id', 'patient_id', 'usable_patient_id', 'sentinel'),
            ('doctor_id', 'doctor_id', 'usable_doctor_id', 'sentinel'),
            ('appointment_time', 'appointment_time', 'minute_of_day', 'not_a_time'),
            ('reason_for_visit', 'reason_for_visit', 'reason_name', 'sentinel'),
            ('status', 'status', 'status_code', 'unmapped_code'),
            ('booked_at', 'booked_at', 'usable_booking_time',
                "case when cast(booking_time as date) > day then 'after_event' else "
                ~ date_problem('booked_at', 'hospital_ops', 'not_a_timestamp') ~ ' end'),
            ('cancelled_at', 'cancelled_at', 'usable_cancellation_time',
                date_problem('cancelled_at', 'hospital_ops', 'not_a_timestamp')),
            ('cancelled_by', 'cancelled_by', 'canceller_code', 'unmapped_code'),
            ('duration_minutes', 'duration_minutes', 'usable_minutes',
                number_problem('duration_minutes')),
        ]) }} as repairs
    from ranged

),

versioned as (

    select
        judged.*,
        {{ row_status('superseded_row is not null') }} as row_status
    from judged
    {{ superseded_join('hospital_ops', 'appointments', 'appointment_id', 'appointment_date') }}

),

final as (

    select
        {{ row_ending('versioned') }},
        {{ entity_key('hospital_ops', 'appointment', 'versioned.appointment_id') }}
            as appointment_key,
        {{ entity_key('hospital_ops', 'patient', 'versioned.usable_patient_id') }} as patient_key,
        versioned.usable_doctor_id as doctor_id,
        versioned.day as appointment_date,
        versioned.minute_of_day as appointment_minute,
        coalesce(versioned.reason_name, 'unknown') as reason,
        versioned.status_code as status,
        versioned.usable_booking_time as booked_at,
        versioned.usable_cancellation_time as cancelled_at,
        versioned.canceller_code as cancelled_by,
        versioned.usable_minutes as duration_minutes
    from versioned
    cross join hash_key

)

select * from final
