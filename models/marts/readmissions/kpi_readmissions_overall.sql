{%- set alike = 'over (partition by definition, age_group, admission_type, diagnosis_group)' %}

with

stays as (

    select
        *,
        case
            when age_band = 'unknown' then 'unknown'
            when age_band < '15' then '00-14'
            when age_band < '45' then '15-44'
            when age_band < '65' then '45-64'
            when age_band < '85' then '65-84'
            else '85+'
        end as age_group
    from {{ ref('int_readmissions_classified') }}

),

-- what the whole network has among index stays of the same kind
expected as (

    select
        *,
        {{ safe_divide(
            'count(case when is_readmitted then 1 end) ' ~ alike,
            'count(case when is_index then 1 end) ' ~ alike,
        ) }} as expected_risk
    from stays

),

counted as (

    select
        definition,
        case when grouping(facility_id) = 1 then 'all' else facility_id end as facility_id,
        case when grouping(department_id) = 1 then 'all' else department_id end as department_id,
        {{ readmission_counts() }},
        coalesce({{ exact_sum('case when is_index then expected_risk end') }}, 0e0)
            as expected_readmissions
    from expected
    group by definition, cube(facility_id, department_id)

),

final as (

    select
        definition,
        facility_id,
        department_id,
        {{ readmission_count_columns() }},
        expected_readmissions,
        {%- set comparable = 'case when index_stays >= %s then expected_readmissions end'
            | format(minimum_n('risk_adjusted')) %}
        {{ safe_divide('readmissions', comparable) }} as observed_to_expected,
        {{ safe_divide(poisson_low('readmissions'), comparable) }} as observed_to_expected_low,
        {{ safe_divide(poisson_high('readmissions'), comparable) }} as observed_to_expected_high
    from counted

)

select * from final
