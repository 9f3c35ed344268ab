with

counted as (

    select * from {{ ref('int_patients_counted') }}

),

final as (

    select
        source_system,
        facility_id,
        department_id,
        coalesce(substr(cast(month as string), 1, 7), 'all') as period,
        patients
    from counted

)

select * from final
