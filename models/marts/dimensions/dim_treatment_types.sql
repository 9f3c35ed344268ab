with

treatments as (

    select * from {{ ref('int_treatment_types_tallied') }}

),

final as (

    select
        source_system,
        treatment_type,
        treatment_type as name
    from treatments

)

select * from final
