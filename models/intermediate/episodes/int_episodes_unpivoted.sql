with

episodes as (

    select * from {{ ref('fct_episodes') }}
    where not is_future

),

-- buckets half a per cent wide: medians of any number of costs are found by counting buckets
-- first, then ranking within the few that hold the middle
measured as (

    select
        department_id,
        facility_id,
        gender,
        age_band,
        insurance_type,
        treatment_type,
        region,
        cancer_stage,
        {{ first_of_month('episode_date') }} as month,
        cost,
        {{ cost_bucket('cost') }} as cost_bucket,
        satisfaction_score,
        is_readmitted_30d,
        is_success,
        length_of_stay_recorded,
        length_of_stay_days,
        case when is_separation then length_of_stay_aihw_days end as aihw_days
    from episodes

),

-- one read of the fact for all dimensions
final as (

    select
        case dimensions.n
            {%- for dimension, value in episode_dimensions() %}
            when {{ loop.index0 }} then '{{ dimension }}'
            {%- endfor %}
        end as dimension,
        case dimensions.n
            {%- for dimension, value in episode_dimensions() %}
            when {{ loop.index0 }} then {{ value }}
            {%- endfor %}
        end as value,
        measured.cost,
        measured.cost_bucket,
        measured.satisfaction_score,
        measured.is_readmitted_30d,
        measured.is_success,
        measured.length_of_stay_recorded,
        measured.length_of_stay_days,
        measured.aihw_days
    from measured
    cross join {{ numbers(1) }} as dimensions
    where dimensions.n < {{ episode_dimensions() | length }}

)

select * from final
