{{ config(materialized='incremental', unique_key=['source_system', 'treatment_type']) }}

with

treatments as (

    select * from {{ changes_of('fct_treatments') }}

),

episodes as (

    select * from {{ changes_of('fct_episodes') }}

),

cases as (

    select * from {{ changes_of('fct_cancer_cases') }}

),

stacked as (

    select
        'hospital_ops' as source_system,
        treatment_type,
        change
    from treatments
    union all
    select
        'care_episodes',
        treatment_type,
        change
    from episodes
    union all
    select
        'cancer_registry',
        treatment,
        change
    from cases

),

final as (

    select
        source_system,
        treatment_type,
        {{ tallied_rows() }} as events
    from stacked
    group by source_system, treatment_type

)

select * from final
