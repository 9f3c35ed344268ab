with

costs as (

    select * from {{ ref('int_kpi_costs_measured') }}

),

department_costs as (

    select
        'all' as facility_id,
        costs_by_department.*
    from {{ ref('kpi_department_costs_monthly') }} as costs_by_department

),

outliers as (

    select * from {{ ref('int_kpi_outliers_counted') }}

),

collections as (

    select * from {{ ref('kpi_collections_monthly') }}

),

final as (

    {{ kpi_value_row(
        'FN01', 'hospital_ops', 'treatments', 'costs', 'total_cost',
        numerator='total_cost', n='treatments', excluded='treatments_without_cost', interval=false
    ) }}
    union all
    {{ kpi_value_row(
        'FN02', 'hospital_ops', 'treatments', 'costs', 'median_cost',
        denominator='treatments', excluded='treatments_without_cost'
    ) }}
    union all
    {{ kpi_value_row(
        'FN02', 'care_episodes', 'episodes', 'department_costs', 'median_cost',
        denominator='episodes', excluded='episodes_without_cost', department_id='department_id'
    ) }}
    union all
    {{ kpi_value_row(
        'FN05', 'care_episodes', 'episodes', 'outliers', 'outlier_share',
        numerator='outliers', denominator='episodes', excluded='episodes_without_cost',
        department_id='department_id'
    ) }}
    union all
    -- dollars of dollars: the minimum counts the bills
    {{ kpi_value_row(
        'FN07', 'hospital_ops', 'billing', 'collections', 'collection_rate',
        numerator='paid_amount', denominator='billed_amount',
        n='bills - bills_without_amount', excluded='bills_without_amount', interval=false
    ) }}
    union all
    {{ kpi_value_row(
        'FN10', 'hospital_ops', 'billing', 'collections', 'denial_rate',
        numerator='denied_insurance_bills', denominator='insurance_bills'
    ) }}
    union all
    {{ kpi_value_row(
        'FN12', 'hospital_ops', 'billing', 'collections', 'net_collection_rate',
        numerator='paid_amount', denominator='billed_amount - adjustment_amount',
        n='bills - bills_without_amount', excluded='bills_without_amount', interval=false
    ) }}
    union all
    {{ kpi_value_row(
        'FN13', 'hospital_ops', 'billing', 'collections', 'failed_payment_rate',
        numerator='failed_bills', denominator='bills'
    ) }}

)

select * from final
