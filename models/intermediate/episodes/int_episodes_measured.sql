with

episodes as (

    select * from {{ ref('stg_care_episodes__episodes') }}
    where row_status = 'accepted'

),

systems as (

    select * from {{ ref('int_systems_dated') }}
    where source_system = 'care_episodes'

),

-- without these columns an extract cannot say which episodes are stays or emergency visits
extracts as (

    select
        max(case when column_name = 'admitted_at' and is_present then 1 else 0 end) = 1
            as has_admissions,
        max(case when column_name = 'arrived_at' and is_present then 1 else 0 end) = 1
            as has_arrivals
    from {{ source('raw', 'columns') }}
    where source_system = 'care_episodes' and source_table = 'episodes'

),

placed as (

    select
        episodes.*,
        coalesce(episodes.episode_date >= systems.as_of_date, false) as is_future,
        coalesce(extracts.has_admissions, false) as has_admissions,
        case
            when not coalesce(extracts.has_admissions, false) then episodes.episode_date
            when episodes.admitted_at is not null then cast(episodes.discharged_at as date)
        end as ended_on,
        systems.as_of_date,
        case
            when coalesce(extracts.has_arrivals, false) then episodes.arrived_at is not null
            else episodes.department_id = 'emergency'
        end as is_emergency_visit,
        coalesce(episodes.length_of_stay_unit, {{ default_stay_unit('episodes.department_name') }})
            as stay_unit,
        {{ days_between('episodes.admitted_at', 'episodes.discharged_at') }} as nights
    from episodes
    cross join extracts
    left join systems
        on systems.source_system = 'care_episodes'

),

final as (

    select
        placed.*,
        -- a stay that ends on or after the as-of date is still open
        case
            when not placed.is_future and coalesce(placed.ended_on < placed.as_of_date, true)
            then placed.ended_on
        end as separation_date,
        case
            when placed.stay_unit = 'hours' then placed.length_of_stay_recorded / 24e0
            else placed.length_of_stay_recorded
        end as length_of_stay_days,
        -- AIHW: days between, less leave; a patient admitted and separated on one day stays one
        case
            when placed.nights is not null
            then greatest(placed.nights - coalesce(placed.leave_days, 0), 1)
        end as length_of_stay_aihw_days,
        placed.nights as length_of_stay_nights,
        {{ seconds_between('placed.admitted_at', 'placed.discharged_at') }} / 3600e0
            as length_of_stay_hours,
        placed.nights = 0 as is_same_day,
        placed.age_years >= 18 as is_adult,
        case when placed.disposition != 'unknown' then placed.disposition = 'died' end as is_death,
        {{ minutes_between('placed.arrived_at', 'placed.seen_at') }} as wait_minutes,
        {{ minutes_between('placed.arrived_at', 'placed.departed_at') }} as emergency_stay_minutes
    from placed

)

select * from final
