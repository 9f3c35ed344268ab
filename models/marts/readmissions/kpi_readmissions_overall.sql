{%- set alike = 'over (partition by definition, age_group, admission_type, diagnosis_group)' %}

with

stays as (

    select
        *,
        {{ wide_age_group('age_band') }} as age_group
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
        {{ observed_to_expected_columns('observed_to_expected', 'readmissions', comparable) }}
    from counted

)

select * from final
