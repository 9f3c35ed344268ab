{{ config(materialized='incremental', unique_key=['facility_id', 'department_id', 'month']) }}

with

visits as (

    select
        *,
        {{ first_of_month('coalesce(cast(arrived_at as date), episode_date)') }} as month
    from {{ changes_of('fct_episodes') }} as changes
    where is_emergency_visit and not is_future

),

final as (

    select
        facility_id,
        department_id,
        month,
        cast(sum(change) as bigint) as visits
    from visits
    group by facility_id, department_id, month

)

select * from final
