{% set dimensions = {
    'cancer_type': 'cancer_type', 'treatment': 'treatment', 'facility': 'facility_id',
    'outcome': 'outcome', 'gender': 'gender', 'age_band': 'age_band', 'region': 'region',
    'stage': 'stage', 'insurance_type': 'insurance_type',
} %}

with

cases as (

    select * from {{ ref('fct_cancer_cases') }}
    where not is_future

),

unpivoted as (

    {% for dimension, column in dimensions.items() -%}
    select
        '{{ dimension }}' as dimension,
        {{ column }} as value
    from cases
    {% if not loop.last -%}
    union all
    {% endif -%}
    {% endfor %}
),

counted as (

    select
        dimension,
        value,
        count(*) as cases
    from unpivoted
    group by dimension, value

),

totalled as (

    select
        counted.*,
        cast(sum(cases) over (partition by dimension) as bigint) as all_cases
    from counted

),

final as (

    select
        dimension,
        value,
        cases,
        all_cases,
        {{ rate_columns('share', 'cases', 'all_cases') }}
    from totalled

)

select * from final
