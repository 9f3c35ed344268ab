with

treatments as (

    select * from {{ ref('fct_treatments') }}
    where not is_future

),

episodes as (

    select * from {{ ref('fct_episodes') }}
    where not is_future

),

final as (

    select
        'hospital_ops' as source_system,
        treatment_key,
        facility_id,
        treatment_type,
        cost,
        appointment_outcome = 'attended' as is_attended
    from treatments
    union all
    -- nobody recorded whether an episode's appointments were kept
    select
        'care_episodes' as source_system,
        episode_key as treatment_key,
        facility_id,
        treatment_type,
        cost,
        false as is_attended
    from episodes

)

select * from final
