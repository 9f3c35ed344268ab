with

treatments as (

    select
        'hospital_ops' as source_system,
        treatment_type
    from {{ ref('stg_hospital_ops__treatments') }}
    where row_status = 'accepted'
    union all
    select
        'care_episodes',
        treatment_type
    from {{ ref('fct_episodes') }}
    union all
    select
        'cancer_registry',
        treatment
    from {{ ref('fct_cancer_cases') }}

),

final as (

    select
        source_system,
        treatment_type,
        treatment_type as name
    from treatments
    group by source_system, treatment_type

)

select * from final
