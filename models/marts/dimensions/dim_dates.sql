with

days as (

    select calendar_date from {{ ref('int_days_spined') }}

),

final as (

    select
        calendar_date,
        {{ first_of_month('calendar_date') }} as month,
        cast(extract(year from calendar_date) as bigint) as year,
        cast(extract(quarter from calendar_date) as bigint) as quarter,
        {{ iso_year_week('calendar_date') }} as iso_year_week,
        {{ financial_year('calendar_date', var('financial_year_start_month')) }} as financial_year,
        {{ financial_quarter('calendar_date', var('financial_year_start_month')) }}
            as financial_quarter,
        {{ season('calendar_date', var('hemisphere')) }} as season,
        cast({{ season_year('calendar_date') }} as bigint) as season_year,
        {{ iso_weekday('calendar_date') }} as weekday_number,
        {{ weekday_name(iso_weekday('calendar_date')) }} as weekday,
        {{ iso_weekday('calendar_date') }} >= 6 as is_weekend
    from days

)

select * from final
