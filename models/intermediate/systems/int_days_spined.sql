with

-- a bill or treatment may be dated in a year without any appointment, a stay begin in the year
-- before the one in which it ended
events as (

    select first_event_date as first_date, last_event_date as last_date
    from {{ ref('int_systems_dated') }}
    union all
    select min(event_date) as first_date, max(event_date) as last_date
    from {{ ref('int_event_days_tallied') }}
    where is_event_date and source_system != 'cancer_registry'

),

-- whole calendar years around the data; a decade when there are no data
spans as (

    select
        cast(coalesce(date_trunc('year', min(first_date)), cast('2020-01-01' as date)) as date)
            as first_day,
        cast(coalesce(date_trunc('year', max(last_date)), cast('2029-01-01' as date)) as date)
            as last_year
    from events

),

numbered as (

    select numbers.n
    from {{ numbers(5) }} as numbers

),

final as (

    select {{ add_days('spans.first_day', 'numbered.n') }} as calendar_date
    from spans
    cross join numbered
    where
        numbered.n < {{ days_between('spans.first_day', 'spans.last_year') }} + 366
        and extract(year from {{ add_days('spans.first_day', 'numbered.n') }})
        <= extract(year from spans.last_year)

)

select * from final
