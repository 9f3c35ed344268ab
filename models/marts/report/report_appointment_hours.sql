with

appointments as (

    select * from {{ ref('fct_appointments') }}
    where outcome != 'future' and appointment_hour is not null

),

final as (

    select
        facility_id,
        department_id,
        {{ first_of_month('appointment_date') }} as month,
        {{ iso_weekday('appointment_date') }} as weekday_number,
        appointment_hour as hour,
        count(*) as due,
        count(case when outcome = 'attended' then 1 end) as attended,
        count(case when outcome = 'no_show' then 1 end) as no_shows
    from appointments
    group by
        facility_id, department_id, {{ first_of_month('appointment_date') }},
        {{ iso_weekday('appointment_date') }}, appointment_hour

)

select * from final
