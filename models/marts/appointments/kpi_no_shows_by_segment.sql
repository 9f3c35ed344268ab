with

segments as (

    select * from {{ ref('int_appointment_segments_tallied') }}

),

hours as (

    select * from {{ ref('int_appointment_hours_tallied') }}

),

stacked as (

    select dimension, value, attended, no_shows from segments
    union all
    select 'weekday', {{ weekday_name('weekday_number') }}, attended, no_shows from hours
    union all
    select
        'hour',
        coalesce(lpad(cast(hour as string), 2, '0'), 'unknown'),
        attended,
        no_shows
    from hours

),

-- a value whose appointments were all cancelled or left open has no rate and no row
counted as (

    select
        dimension,
        value,
        {{ sums_of(['attended', 'no_shows']) }}
    from stacked
    group by dimension, value
    having sum(attended + no_shows) > 0

),

final as (

    select
        dimension,
        value,
        attended,
        no_shows,
        {{ rate_columns('no_show_rate', 'no_shows', '(attended + no_shows)') }}
    from counted

)

select * from final
