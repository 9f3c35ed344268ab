with

patients as (

    select * from {{ ref('stg_hospital_ops__patients') }}
    where row_status = 'accepted'

),

final as (

    select
        'hospital_ops' as source_system,
        {{ slug('insurance') }} as payer_id,
        max(insurance) as name
    from patients
    group by {{ slug('insurance') }}

)

select * from final
