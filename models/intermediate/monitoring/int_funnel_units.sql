{#- KPI, the CTE that counts it by month and facility, numerator, denominator -#}
{%- set proportions = [
    ('AP03', 'appointments', 'no_shows', 'attended + no_shows'),
    ('AP04', 'appointments', 'cancelled', 'attended + no_shows + cancelled'),
    ('AP10', 'appointments', 'unresolved', 'due'),
    ('ED02', 'emergency', 'seen_on_time', 'seen_on_time_denominator'),
    ('ED03', 'emergency', 'within_four_hours', 'departures_measured'),
    ('ED05', 'emergency', 'did_not_wait', 'did_not_wait_denominator'),
    ('PF11', 'mortality', 'deaths', 'separations_with_disposition'),
    ('EX02', 'satisfaction', 'top_box', 'responses'),
    ('FN13', 'bills', 'failed_bills', 'bills'),
] %}
{%- for kpi_id in ['PF07', 'PF08', 'PF09', 'PF13'] %}
    {%- do proportions.append(
        (kpi_id, 'readmissions_' ~ kpi_id | lower, 'readmissions', 'index_stays')
    ) %}
{%- endfor %}

with

appointments as (

    select * from {{ ref('kpi_appointment_outcomes_monthly') }}

),

emergency as (

    select * from {{ ref('kpi_emergency_monthly') }}
    where triage_category = 'all'

),

mortality as (

    select * from {{ ref('kpi_mortality') }}
    where department_id = 'all'

),

satisfaction as (

    select * from {{ ref('kpi_satisfaction') }}
    where department_id = 'all'

),

-- the bills of the last months may still be paid
bills as (

    select collections.*
    from {{ ref('kpi_collections_monthly') }} as collections
    inner join {{ ref('int_months_observed') }} as months
        on months.month = collections.month and months.source_table = 'billing'
    inner join {{ ref('dim_kpis') }} as kpis
        on kpis.kpi_id = 'FN13' and kpis.settles_after_days <= months.days_since_end

),
{%- for kpi_id, definition in [
    ('pf07', 'hwr_like'), ('pf08', 'cancer_3188_like'), ('pf09', 'au_28d'), ('pf13', 'as_recorded')
] %}

readmissions_{{ kpi_id }} as (

    select * from {{ ref('kpi_readmissions') }}
    where definition = '{{ definition }}' and department_id = 'all'

),
{%- endfor %}

whole_periods as (

    select
        'PF10' as kpi_id,
        'ratio' as funnel_type,
        'facility' as unit_kind,
        facility_id as unit,
        readmissions as numerator,
        coalesce(expected_readmissions, 0) as denominator,
        index_stays as n
    from {{ ref('kpi_readmissions_overall') }}
    where definition = 'hwr_like' and department_id = 'all'
    union all
    -- stays of a kind that one facility has alone expect what it had: they compare nothing
    select
        'PF12', 'ratio', 'facility', facility_id, deaths, coalesce(expected_deaths, 0),
        comparable_separations
    from {{ ref('kpi_mortality_overall') }}
    where department_id = 'all'
    union all
    select
        'AP03', 'proportion', 'doctor', doctor_id, no_shows, attended + no_shows,
        attended + no_shows
    from {{ ref('kpi_doctor_caseload') }}

),

monthly as (
    {%- for kpi_id, mart, numerator, denominator in proportions %}
    {{ 'union all' if not loop.first }}
    select
        '{{ kpi_id }}' as kpi_id,
        facility_id,
        {{ financial_year('month', var('financial_year_start_month')) }} as financial_year,
        {{ numerator }} as numerator,
        {{ denominator }} as denominator
    from {{ mart }}
    where facility_id not in ('all', 'unknown') and month is not null
    {%- endfor %}

),

final as (

    select
        kpi_id,
        'proportion' as funnel_type,
        case when grouping(financial_year) = 1 then 'all' else financial_year end as period,
        'facility' as unit_kind,
        facility_id as unit,
        cast(sum(numerator) as bigint) as numerator,
        cast(sum(denominator) as double) as denominator,
        cast(sum(denominator) as bigint) as n
    from monthly
    group by kpi_id, facility_id, rollup(financial_year)
    union all
    select kpi_id, funnel_type, 'all', unit_kind, unit, numerator, denominator, n
    from whole_periods
    where unit not in ('all', 'unknown')

)

select * from final
