with

results as (

    {{ treatment_results() }}

),

final as (

    select
        source_system,
        facility_id,
        department_id,
        month,
        treatment,
        {{ treatment_result_counts() }}
    from results
    group by source_system, facility_id, department_id, month, treatment

)

select * from final
