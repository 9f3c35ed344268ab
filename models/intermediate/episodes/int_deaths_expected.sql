with

separations as (

    select * from {{ ref('fct_episodes') }}
    where is_separation and not is_future

),

counted as (

    select
        facility_id,
        department_id,
        {{ first_of_month('separation_date') }} as month,
        age_band,
        gender,
        admission_type,
        diagnosis_group,
        count(*) as separations,
        count(is_death) as separations_with_disposition,
        count(case when is_death then 1 end) as deaths
    from separations
    group by
        facility_id, department_id, {{ first_of_month('separation_date') }}, age_band, gender,
        admission_type, diagnosis_group

),

-- indirect standardisation: the whole network's rate in each stratum is what is expected there
strata as (

    select
        age_band,
        gender,
        admission_type,
        diagnosis_group,
        {{ safe_divide('sum(deaths)', 'sum(separations_with_disposition)') }} as network_rate,
        count(distinct case when separations_with_disposition > 0 then facility_id end)
            as facilities
    from counted
    group by age_band, gender, admission_type, diagnosis_group

),

final as (

    select
        counted.facility_id,
        counted.department_id,
        counted.month,
        cast(sum(counted.separations) as bigint) as separations,
        cast(sum(counted.separations_with_disposition) as bigint) as separations_with_disposition,
        cast(sum(counted.deaths) as bigint) as deaths,
        coalesce(sum(counted.separations_with_disposition * strata.network_rate), 0)
            as expected_deaths,
        -- a stratum that one facility has alone says nothing about it: expected is observed
        cast(
            coalesce(
                sum(case when strata.facilities > 1 then counted.separations_with_disposition end),
                0
            ) as bigint
        ) as comparable_separations
    from counted
    inner join strata
        on strata.age_band = counted.age_band
        and strata.gender = counted.gender
        and strata.admission_type = counted.admission_type
        and strata.diagnosis_group = counted.diagnosis_group
    group by counted.facility_id, counted.department_id, counted.month

)

select * from final
