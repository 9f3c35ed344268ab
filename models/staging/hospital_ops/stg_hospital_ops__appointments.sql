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
        {{ parse_date('raw.appointment_date', 'hospital_ops') }} as day,
        {{ parse_minute_of_day('raw.appointment_time') }} as minute_of_day,
        {{ parse_timestamp('raw.booked_at', 'hospital_ops') }} as booking_time,
        {{ parse_timestamp('raw.cancelled_at', 'hospital_ops') }} as cancellation_time,
        {{ parse_integer('raw.duration_minutes') }} as minutes,
        statuses.code as status_code,
        cancellers.code as canceller_code,
        reasons.code as reason_code
    from raw
    {{ code_join('statuses', 'hospital_ops', 'status', 'raw.status') }}
    {{ code_join('cancellers', 'hospital_ops', 'cancelled_by', 'raw.cancelled_by') }}
    {{ code_join('reasons', 'hospital_ops', 'reason_for_visit', 'raw.reason_for_visit') }}

),

ranged as (

    select
        parsed.*,
        case when cast(booking_time as date) <= day then booking_time end as usable_booking_time,
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
            ('patient_id', 'patient_id', clean_text('patient_id'), 'sentinel'),
            ('doctor_id', 'doctor_id', clean_text('doctor_id'), 'sentinel'),
            ('appointment_time', 'appointment_time', 'minute_of_day', 'not_a_time'),
            ('reason_for_visit', 'reason_for_visit',
                known_name('reason_code', 'reason_for_visit'), 'sentinel'),
            ('status', 'status', 'status_code', 'unmapped_code'),
            ('booked_at', 'booked_at', 'usable_booking_time',
                "case when booking_time is null then 'not_a_timestamp' else 'after_event' end"),
            ('cancelled_at', 'cancelled_at', 'cancellation_time', 'not_a_timestamp'),
            ('cancelled_by', 'cancelled_by', 'canceller_code', 'unmapped_code'),
            ('duration_minutes', 'duration_minutes', 'usable_minutes',
                "case when minutes is null then 'not_a_number' else 'out_of_range' end"),
        ]) }} as repairs
    from ranged

),

versioned as (

    select
        judged.*,
        {{ row_status(['trim(appointment_id)']) }} as row_status
    from judged

),

final as (

    select
        versioned.source_file,
        versioned.row_number,
        versioned.row_status,
        versioned.reject_reason,
        case when versioned.row_status = 'accepted' then versioned.repairs end as repairs,
        {{ entity_key('hospital_ops', 'appointment', 'trim(versioned.appointment_id)') }}
            as appointment_key,
        {{ entity_key('hospital_ops', 'patient', clean_text('versioned.patient_id')) }}
            as patient_key,
        {{ clean_text('versioned.doctor_id') }} as doctor_id,
        versioned.day as appointment_date,
        versioned.minute_of_day as appointment_minute,
        coalesce(
            {{ known_name('versioned.reason_code', 'versioned.reason_for_visit') }}, 'unknown'
        ) as reason,
        versioned.status_code as status,
        versioned.usable_booking_time as booked_at,
        versioned.cancellation_time as cancelled_at,
        versioned.canceller_code as cancelled_by,
        versioned.usable_minutes as duration_minutes
    from versioned
    cross join hash_key

)

select * from final
