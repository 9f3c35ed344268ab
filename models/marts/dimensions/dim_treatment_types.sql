with

treatments as (

    select * from {{ ref('stg_hospital_ops__treatments') }}
    where row_status = 'accepted'

),

final as (

    select
        'hospital_ops' as source_system,
        treatment_type,
        treatment_type as name
    from treatments
    group by treatment_type

)

select * from final
