with

episodes as (

    select
        'care_episodes' as source_system,
        treatment_type as treatment,
        facility_id,
        is_success
    from {{ ref('fct_episodes') }}
    where not is_future

),

cases as (

    select
        'cancer_registry' as source_system,
        treatment,
        facility_id,
        {{ has_responded('outcome') }} as is_success
    from {{ ref('fct_cancer_cases') }}
    where not is_future

),

stacked as (

    select * from episodes
    union all
    select * from cases

),

counted as (

    select
        source_system,
        {%- for name in ['treatment', 'facility_id'] %}
        case when grouping({{ name }}) = 1 then 'all' else {{ name }} end as {{ name }},
        {%- endfor %}
        count(*) as cases,
        count(is_success) as evaluable,
        count(case when is_success then 1 end) as successes
    from stacked
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
