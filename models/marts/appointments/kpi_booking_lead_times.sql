with

-- lead times are whole days: ranks and quantiles come from the few distinct values, not from rows
tallied as (

    select * from {{ ref('int_lead_days_tallied') }}

),

totalled as (

    select
        case when grouping(facility_id) = 1 then 'all' else facility_id end as facility_id,
        month,
        lead_days,
        cast(sum(due) as bigint) as appointments
    from tallied
    group by month, lead_days, rollup(facility_id)

),

ranked as (

    select
        facility_id,
        month,
        lead_days,
        appointments,
        sum(appointments) over (
            partition by facility_id, month
            order by lead_days nulls last
            rows between unbounded preceding and current row
        ) as last_rank,
        sum(case when lead_days is not null then appointments else 0 end) over (
            partition by facility_id, month
        ) as known
    from totalled

),

counted as (

    select
        facility_id,
        month,
        max(known) as appointments,
        sum(case when lead_days is null then appointments else 0 end) as without_lead_time,
        {{ tallied_quantile('lead_days', 'last_rank', 'known', 0.5) }} as median_lead_days,
        min(case when last_rank >= {{ median_low_rank('known') }} then lead_days end)
            as median_lead_days_low,
        min(case when last_rank >= {{ median_high_rank('known') }} then lead_days end)
            as median_lead_days_high,
        {{ tallied_quantile('lead_days', 'last_rank', 'known', 0.9) }} as p90_lead_days
    from ranked
    group by facility_id, month

),

final as (

    select
        facility_id,
        month,
        cast(appointments as bigint) as appointments,
        cast(without_lead_time as bigint) as without_lead_time,
        median_lead_days,
        median_lead_days_low,
        median_lead_days_high,
        p90_lead_days
    from counted

)

select * from final
