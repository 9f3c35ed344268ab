{{ config(materialized='table') }}

with

stays as (

    select * from {{ ref('int_index_stays_judged') }}

),

returns as (

    select * from {{ ref('int_stays_sequenced') }}

),

episodes as (

    select * from {{ ref('fct_episodes') }}
    where not is_future

),

returned as (

    select
        stays.*,
        stays.exclusion_reason is null as is_index,
        returns.episode_key as return_key,
        {{ days_between('stays.separation_date', 'returns.admission_date') }} as days_to_return
    from stays
    left join returns
        on returns.patient_key = stays.patient_key
        and returns.stay_number = stays.return_number

),

outcomes as (

    select
        *,
        is_index and coalesce(days_to_return <= window_days, false) as is_readmitted
    from returned

),

final as (

    select
        definition,
        episode_key,
        facility_id,
        department_id,
        {{ first_of_month('coalesce(separation_date, admission_date)') }} as month,
        age_band,
        admission_type,
        diagnosis_group,
        is_index,
        exclusion_reason,
        is_readmitted,
        case when is_readmitted then days_to_return end as days_to_readmission,
        case when is_readmitted then return_key end as readmission_key
    from outcomes
    union all
    -- the flag as it came, of every episode
    select
        'as_recorded',
        episode_key,
        facility_id,
        department_id,
        {{ first_of_month('coalesce(separation_date, episode_date)') }},
        age_band,
        admission_type,
        diagnosis_group,
        is_readmitted_30d is not null,
        case when is_readmitted_30d is null then 'flag_missing' end,
        coalesce(is_readmitted_30d, false),
        cast(null as bigint),
        cast(null as bigint)
    from episodes

)

select * from final
