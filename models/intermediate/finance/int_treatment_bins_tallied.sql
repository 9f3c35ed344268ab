{#- Built as a whole: a doctor's department is no part of the treatments, and may change. -#}
{{ config(materialized='table') }}

with

treatments as (

    select * from {{ changes_of('fct_treatments') }}
    where not is_future and cost is not null

),

doctors as (

    select * from {{ ref('dim_doctors') }}

),

-- by doctor first, so that few rows are left to join
binned as (

    select
        facility_id,
        doctor_id,
        {{ first_of_month('treatment_date') }} as month,
        treatment_type,
        {{ cost_bin('cost') }} as bin,
        {{ tallied_rows() }} as treatments
    from treatments
    group by
        facility_id, doctor_id, {{ first_of_month('treatment_date') }}, treatment_type,
        {{ cost_bin('cost') }}

),

final as (

    select
        binned.facility_id,
        coalesce(doctors.department_id, 'unknown') as department_id,
        binned.month,
        binned.treatment_type,
        binned.bin,
        cast(sum(binned.treatments) as bigint) as treatments
    from binned
    left join doctors
        on doctors.doctor_id = binned.doctor_id
    group by
        binned.facility_id, coalesce(doctors.department_id, 'unknown'), binned.month,
        binned.treatment_type, binned.bin

)

select * from final
