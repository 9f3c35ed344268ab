-- Is insurance associated with treatment success, and still among patients of the same stage,
-- treatment and age? Crude beside adjusted difference.
select
    outcome,
    exposed || ' against ' || unexposed as comparison,
    round(100 * crude_risk_difference, 1) as crude_difference_points,
    round(100 * crude_risk_difference_low, 1) as crude_low,
    round(100 * crude_risk_difference_high, 1) as crude_high,
    round(100 * mh_risk_difference, 1) as adjusted_difference_points,
    round(100 * mh_risk_difference_low, 1) as adjusted_low,
    round(100 * mh_risk_difference_high, 1) as adjusted_high,
    round(100 * usable_share, 1) as share_compared_percent
from marts.kpi_insurance_outcomes
order by outcome asc, comparison asc
