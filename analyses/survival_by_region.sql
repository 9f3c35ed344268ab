-- Does survival differ by region? Kaplan-Meier, never the share alive; a share needs ten at risk.
select
    group_value as region,
    cases,
    events,
    case when at_risk_12m >= 10 then round(100 * survival_12m, 1) end as survival_12_months_percent,
    case when at_risk_60m >= 10 then round(100 * survival_60m, 1) end as survival_60_months_percent,
    case when at_risk_60m >= 10 then round(100 * survival_60m_low, 1) end as survival_60_months_low,
    case when at_risk_60m >= 10 then round(100 * survival_60m_high, 1) end
        as survival_60_months_high,
    round(median_months, 1) as median_months,
    round(logrank_p_value, 4) as logrank_p_value,
    round(logrank_stratified_p_value, 4) as logrank_p_value_within_stage_and_type,
    why_not
from marts.kpi_survival_summary
where group_by = 'region'
order by region asc
