with

results as (

    {{ treatment_results() }}

),

counted as (

    select
        source_system,
        {%- for name in ['treatment', 'facility_id'] %}
        case when grouping({{ name }}) = 1 then 'all' else {{ name }} end as {{ name }},
        {%- endfor %}
        {{ treatment_result_counts() }}
    from results
    group by source_system, cube(treatment, facility_id)

),

final as (

    select
        source_system,
        treatment,
        facility_id,
        cases,
        evaluable,
        cases - evaluable as not_evaluable,
        successes,
        {{ rate_columns('success_rate', 'successes', 'evaluable') }}
    from counted

)

select * from final
