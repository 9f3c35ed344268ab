{{ config(materialized='incremental', unique_key=['facility_id', 'patient_key']) }}

with

appointments as (

    select * from {{ changes_of('fct_appointments') }}
    where patient_key != {{ unknown_key() }}

),

final as (

    select
        facility_id,
        patient_key,
        {{ tallied_rows() }} as appointments
    from appointments
    group by facility_id, patient_key

)

select * from final
