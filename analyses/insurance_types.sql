-- How are the patients of care episodes insured?
select
    insurance_type,
    patients,
    round(100 * share, 1) as share_percent,
    round(100 * share_low, 1) as share_percent_low,
    round(100 * share_high, 1) as share_percent_high
from marts.kpi_insurance_mix
where source_system = 'care_episodes' and facility_id = 'all'
order by patients desc, insurance_type asc
