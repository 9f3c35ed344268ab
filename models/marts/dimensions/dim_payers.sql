with

patients as (

    select * from {{ ref('dim_patients') }}

),

final as (

    select
        source_system,
        payer_id,
        -- spellings that differ in case or punctuation only are one payer
        max(insurance) as name
    from patients
    group by source_system, payer_id

)

select * from final
