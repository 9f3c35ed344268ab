{% set groupings = {
    'region': 'stage_and_cancer_type',
    'cancer_type': 'stage',
    'insurance_type': 'stage_and_cancer_type',
    'stage': 'cancer_type',
} %}
{% set stratum_of = {
    'stage': 'stage',
    'cancer_type': 'cancer_type',
    'stage_and_cancer_type': "stage || ' / ' || cancer_type",
} %}

with

cases as (

    select
        case_key,
        region,
        cancer_type,
        insurance_type,
        stage,
        -- times that differ by rounding errors only are one time: a millionth of a month is seconds
        round(survival_months, 6) as survival_months,
        is_dead
    from {{ ref('fct_cancer_cases') }}
    where not is_future

),

final as (

    select
        'all' as group_by,
        'all' as group_value,
        case_key,
        survival_months,
        is_dead,
        'none' as strata,
        'all' as stratum
    from cases
    {%- for grouping, strata in groupings.items() %}
    union all
    select
        '{{ grouping }}' as group_by,
        {{ grouping }} as group_value,
        case_key,
        survival_months,
        is_dead,
        '{{ strata }}' as strata,
        {{ stratum_of[strata] }} as stratum
    from cases
    {%- endfor %}

)

select * from final
