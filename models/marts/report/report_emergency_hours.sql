with

{{ observed_arrivals() }},

final as (

    select
        facility_id,
        {{ first_of_month('arrival_date') }} as month,
        weekday_number,
        hour,
        count(*) as visits
    from arrivals
    group by facility_id, {{ first_of_month('arrival_date') }}, weekday_number, hour

)

select * from final
