with

changes as (

    select * from {{ ref('int_bed_changes_tallied') }}

),

systems as (

    select * from {{ ref('int_systems_dated') }}
    where source_system = 'care_episodes'

),

-- who was in before the data begin is in on their first day
summed as (

    select
        changes.facility_id,
        changes.department_id,
        greatest(changes.change_date, systems.observed_from) as change_date,
        sum(changes.occupied) as occupied,
        sum(changes.long_stays) as long_stays,
        sum(case when changes.change_date >= systems.observed_from then changes.same_day end)
            as same_day
    from changes
    inner join systems
        on systems.as_of_date > changes.change_date
    group by
        changes.facility_id, changes.department_id,
        greatest(changes.change_date, systems.observed_from)

),

places as (

    select
        facility_id,
        department_id
    from summed
    group by facility_id, department_id

),

spined as (

    select
        places.facility_id,
        places.department_id,
        dim_dates.calendar_date as census_date
    from places
    cross join systems
    inner join {{ ref('dim_dates') }} as dim_dates
        on dim_dates.calendar_date >= systems.observed_from
        and dim_dates.calendar_date < systems.as_of_date

),

final as (

    select
        spined.facility_id,
        spined.department_id,
        spined.census_date,
        {%- for name in ['occupied', 'long_stays'] %}
        cast(
            sum(coalesce(summed.{{ name }}, 0)) over (
                partition by spined.facility_id, spined.department_id
                order by spined.census_date nulls last
                rows between unbounded preceding and current row
            ) as bigint
        ) as {{ name }},
        {%- endfor %}
        cast(coalesce(summed.same_day, 0) as bigint) as same_day_only
    from spined
    left join summed
        on summed.facility_id = spined.facility_id
        and summed.department_id = spined.department_id
        and summed.change_date = spined.census_date

)

select * from final
