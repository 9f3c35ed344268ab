{{ config(
    materialized='incremental',
    unique_key=['facility_id', 'department_id', 'month', 'length_of_stay_aihw_days', 'is_same_day']
) }}

with

separations as (

    select * from {{ changes_of('fct_episodes') }} as changes
    where is_separation and not is_future

),

final as (

    select
        facility_id,
        department_id,
        {{ first_of_month('separation_date') }} as month,
        length_of_stay_aihw_days,
        is_same_day,
        cast(sum(change) as bigint) as separations,
        cast(sum(case when is_death is not null then change else 0 end) as bigint)
            as separations_with_disposition,
        cast(sum(case when is_death then change else 0 end) as bigint) as deaths,
        cast(
            sum(case when length_of_stay_aihw_days is not null then change else 0 end) as bigint
        ) as stays_measured,
        cast(sum(change * coalesce(length_of_stay_nights, 0)) as bigint) as nights,
        -- hours are a whole number of seconds
        cast(
            sum(change * coalesce(cast(round(length_of_stay_hours * 3600, 0) as bigint), 0))
            as bigint
        ) as stay_seconds,
        {{ recorded_stay_sums() }}
    from separations
    group by
        facility_id, department_id, {{ first_of_month('separation_date') }},
        length_of_stay_aihw_days, is_same_day

)

select * from final
