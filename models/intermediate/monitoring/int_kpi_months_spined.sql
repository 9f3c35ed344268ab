with

stacked as (

    select * from {{ ref('int_kpi_values_stacked') }}

),

months as (

    select * from {{ ref('int_months_observed') }}

),

missing_columns as (

    select * from {{ ref('int_kpi_columns_missing') }}

),

series as (

    select
        kpi_id,
        source_system,
        source_table,
        facility_id,
        department_id,
        count(numerator) > 0 as has_numerator
    from stacked
    group by kpi_id, source_system, source_table, facility_id, department_id

),

-- every month of the system, and nothing beyond: a lone absurd date makes no point of a series
final as (

    select
        series.kpi_id,
        series.source_system,
        series.facility_id,
        series.department_id,
        months.month,
        months.has_data and missing_columns.kpi_id is null as has_data,
        months.is_complete,
        months.days_since_end,
        series.has_numerator
    from series
    inner join months
        on months.source_system = series.source_system
        and months.source_table = series.source_table
    left join missing_columns
        on missing_columns.kpi_id = series.kpi_id
        and missing_columns.source_system = series.source_system

)

select * from final
