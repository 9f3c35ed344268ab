with

raw as (

    select * from {{ raw_table('hospital_ops', 'slots') }}

),

parsed as (

    select
        raw.*,
        {{ version_values('hospital_ops') }},
        {{ parse_timestamp('raw.start_at', 'hospital_ops') }} as slot_time,
        holds.code as held_code
    from raw
    {{ version_join('hospital_ops') }}
    {{ code_join('holds', 'hospital_ops', 'held', 'raw.held') }}

),

judged as (

    select
        parsed.*,
        {{ reject_reason(
            'hospital_ops', 'slots', ['doctor_id', 'start_at'], 'start_at', 'slot_time'
        ) }} as reject_reason,
        {{ repairs([('held', 'held', 'held_code', 'unmapped_code')]) }} as repairs
    from parsed

),

versioned as (

    select
        judged.*,
        {{ row_status(recency(['doctor_id', 'slot_time']) ~ ' > 1') }} as row_status
    from judged

),

final as (

    select
        {{ row_ending('versioned') }},
        doctor_id,
        slot_time as started_at,
        -- a slot that is not known to be held back counts as open to booking
        coalesce(held_code, 'false') = 'true' as is_held
    from versioned

)

select * from final
