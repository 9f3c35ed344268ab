{{ config(materialized='incremental', unique_key=['facility_id', 'department_id', 'change_date']) }}

with

-- a stay that went somewhere without a usable time of separation ended nobody knows when: as an
-- open stay it would fill a bed for ever
stays as (

    select
        *,
        cast(admitted_at as date) as admission_date,
        {{ add_days('cast(admitted_at as date)', 21) }} as long_from
    from {{ changes_of('fct_episodes') }} as changes
    where
        admitted_at is not null
        and not is_future
        and (discharged_at is not null or disposition = 'unknown')

),

-- what a stay changes on which day: in on the day of admission, out on the day of separation (at
-- midnight itself it was still in for the night before), long from its 21st day on
days as (

    select
        facility_id,
        department_id,
        admission_date as change_date,
        change,
        1 as occupied,
        0 as long_stays,
        case when separation_date = admission_date then 1 else 0 end as same_day
    from stays
    union all
    select facility_id, department_id, separation_date, change, -1, 0, 0
    from stays
    where separation_date is not null
    union all
    select facility_id, department_id, long_from, change, 0, 1, 0
    from stays
    where separation_date is null or separation_date > long_from
    union all
    select facility_id, department_id, separation_date, change, 0, -1, 0
    from stays
    where separation_date > long_from

),

final as (

    select
        facility_id,
        department_id,
        change_date,
        cast(sum(change) as bigint) as changes,
        cast(sum(change * occupied) as bigint) as occupied,
        cast(sum(change * long_stays) as bigint) as long_stays,
        cast(sum(change * same_day) as bigint) as same_day
    from days
    group by facility_id, department_id, change_date

)

select * from final
