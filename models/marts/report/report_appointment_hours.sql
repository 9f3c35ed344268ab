with

final as (

    select
        facility_id,
        department_id,
        month,
        weekday_number,
        hour,
        due,
        attended,
        no_shows
    from {{ ref('int_appointment_hours_tallied') }}
    where hour is not null

)

select * from final
