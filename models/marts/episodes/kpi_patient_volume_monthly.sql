with

tallied as (

    select * from {{ ref('int_episodes_tallied') }}

),

patients as (

    select * from {{ ref('int_patients_counted') }}
    where source_system = 'care_episodes' and month is not null

),

observed as (

    select * from {{ ref('int_observation_days') }}
    where source_system = 'care_episodes'

),

totalled as (

    select
        case when grouping(facility_id) = 1 then 'all' else facility_id end as facility_id,
        case when grouping(department_id) = 1 then 'all' else department_id end as department_id,
        month,
        cast(sum(episodes) as bigint) as episodes
    from tallied
    group by month, cube(facility_id, department_id)

),

counted as (

    select
        totalled.*,
        coalesce(patients.patients, 0) as distinct_patients
    from totalled
    left join patients
        on patients.facility_id = totalled.facility_id
        and patients.department_id = totalled.department_id
        and patients.month = totalled.month

),

places as (

    select
        facility_id,
        department_id
    from counted
    group by facility_id, department_id

),

-- a month without episodes is 0, so that no month is missing from a series; a lone absurd date
-- long before the data gets its own row but no empty months after it
spined as (

    select
        places.facility_id,
        places.department_id,
        observed.month
    from places
    cross join observed
    where observed.month <= (select max(counted.month) from counted)

),

filled as (

    select
        coalesce(spined.facility_id, counted.facility_id) as facility_id,
        coalesce(spined.department_id, counted.department_id) as department_id,
        coalesce(spined.month, counted.month) as month,
        coalesce(counted.episodes, 0) as episodes,
        coalesce(counted.distinct_patients, 0) as distinct_patients
    from spined
    full join counted
        on counted.facility_id = spined.facility_id
        and counted.department_id = spined.department_id
        and counted.month = spined.month

),

final as (

    select
        filled.facility_id,
        filled.department_id,
        filled.month,
        filled.episodes,
        filled.distinct_patients,
        observed.observation_days,
        {{ safe_divide('filled.episodes', 'observed.observation_days') }}
            as episodes_per_observation_day,
        {{ safe_divide(poisson_low('filled.episodes'), 'observed.observation_days') }}
            as episodes_per_observation_day_low,
        {{ safe_divide(poisson_high('filled.episodes'), 'observed.observation_days') }}
            as episodes_per_observation_day_high
    from filled
    left join observed
        on observed.month = filled.month

)

select * from final
