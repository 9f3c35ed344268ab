-- How often do patients come back, by each definition, and how many stays does each leave out?
select
    definition,
    stays,
    index_stays,
    readmissions,
    round(100 * readmission_rate, 1) as readmission_percent,
    round(100 * readmission_rate_low, 1) as readmission_percent_low,
    round(100 * readmission_rate_high, 1) as readmission_percent_high
from marts.kpi_readmissions_overall
where facility_id = 'all' and department_id = 'all'
order by definition asc
