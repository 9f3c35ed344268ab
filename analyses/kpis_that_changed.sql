-- Which KPIs of the whole network end outside what they always vary by?
select
    kpis.name as kpi,
    charts.source_system,
    charts.month,
    charts.value,
    charts.lower_limit,
    charts.upper_limit,
    charts.special_cause,
    charts.variation
from marts.kpi_control_charts as charts
inner join marts.dim_kpis as kpis
    on kpis.kpi_id = charts.kpi_id
where
    charts.facility_id = 'all'
    and charts.department_id = 'all'
    and charts.variation in ('improvement', 'concern')
    and charts.month = (
        select max(later.month)
        from marts.kpi_control_charts as later
        where
            later.kpi_id = charts.kpi_id
            and later.source_system = charts.source_system
            and later.facility_id = 'all'
            and later.department_id = 'all'
    )
order by charts.variation asc, kpi asc
