-- What does a treatment cost on average, with its interval, and what does the typical one cost?
select
    source_system,
    cost_scope,
    treatments,
    round(mean_cost, 2) as mean_cost,
    round(mean_cost_low, 2) as mean_cost_low,
    round(mean_cost_high, 2) as mean_cost_high,
    round(median_cost, 2) as median_cost,
    round(p90_cost, 2) as p90_cost
from marts.kpi_treatment_costs
where treatment_type = 'all'
order by source_system asc, cost_scope asc
