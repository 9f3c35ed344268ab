-- Does survival differ by region? Kaplan-Meier, never the share alive.
select
    group_value as region,
    cases,
    events,
    round(100 * survival_12m, 1) as survival_12_months_percent,
    round(100 * survival_60m, 1) as survival_60_months_percent,
    round(median_months, 1) as median_months,
    round(logrank_p_value, 4) as logrank_p_value,
    why_not
from marts.kpi_survival_summary
where group_by = 'region'
order by region asc
