-- Which cancers are most frequent?
select
    value as cancer_type,
    cases,
    round(100 * share, 1) as share_percent,
    round(100 * share_low, 1) as share_percent_low,
    round(100 * share_high, 1) as share_percent_high
from marts.kpi_cancer_distribution
where dimension = 'cancer_type'
order by cases desc, cancer_type asc
