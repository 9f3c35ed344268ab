with

final as (

    select
        facility_id,
        department_id,
        month,
        dimension,
        value,
        due,
        attended,
        no_shows
    from {{ ref('int_appointment_segments_tallied') }}

)

select * from final
