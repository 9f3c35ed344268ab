with

slots as (

    select * from {{ ref('int_slots_filled') }}

),

counted as (

    select
        case when grouping(facility_id) = 1 then 'all' else facility_id end as facility_id,
        {{ first_of_month('slot_date') }} as month,
        count(*) as slots,
        count(case when is_held then 1 end) as held_slots,
        count(case when not is_held then 1 end) as available_slots,
        count(case when not is_held and is_booked then 1 end) as booked_slots,
        count(case when not is_held and is_attended then 1 end) as attended_slots
    from slots
    where is_past
    group by {{ first_of_month('slot_date') }}, rollup(facility_id)

),

final as (

    select
        facility_id,
        month,
        slots,
        held_slots,
        available_slots,
        booked_slots,
        attended_slots,
        {{ rate_columns('slot_utilisation_rate', 'booked_slots', 'available_slots') }},
        {{ rate_columns('attended_utilisation_rate', 'attended_slots', 'available_slots') }}
    from counted

)

select * from final
