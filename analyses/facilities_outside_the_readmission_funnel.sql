-- Which facilities lie outside what chance allows in 30-day readmissions?
select
    facilities.name as facility,
    funnels.n as index_stays,
    funnels.numerator as readmissions,
    round(100 * funnels.value, 1) as readmission_percent,
    funnels.position
from marts.kpi_funnels as funnels
inner join marts.dim_facilities as facilities
    on facilities.facility_id = funnels.unit
where funnels.kpi_id = 'PF07' and funnels.period = 'all'
order by funnels.value desc nulls last, facility asc
