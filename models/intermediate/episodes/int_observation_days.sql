with

episodes as (

    select * from {{ ref('fct_episodes') }}
    where not is_future

),

systems as (

    select * from {{ ref('int_systems_dated') }}
    where source_system = 'care_episodes'

),

days as (

    select episode_date
    from episodes
    group by episode_date

),

months as (

    select month
    from {{ ref('dim_dates') }}
    group by month

),

-- a lone absurd date before the data makes no month of observation
counted as (

    select
        {{ first_of_month('days.episode_date') }} as month,
        count(*) as observation_days
    from days
    group by {{ first_of_month('days.episode_date') }}

),

final as (

    select
        systems.source_system,
        months.month,
        coalesce(counted.observation_days, 0) as observation_days
    from systems
    cross join months
    left join counted
        on counted.month = months.month
    where
        months.month >= {{ first_of_month('systems.observed_from') }}
        and months.month < systems.as_of_date

)

select * from final
