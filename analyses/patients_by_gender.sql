-- How many patients are registered, by gender?
select
    source_system,
    value as gender,
    patients,
    round(100 * share, 1) as share_percent,
    round(100 * share_low, 1) as share_percent_low,
    round(100 * share_high, 1) as share_percent_high
from marts.kpi_patient_demographics
where dimension = 'gender'
order by source_system asc, patients desc, gender asc
