-- Which treatments cost the most in total, and is it their number or their price?
select
    source_system,
    treatment_type,
    treatments,
    total_cost,
    round(mean_cost, 2) as mean_cost,
    round(volume_effect, 0) as volume_effect,
    round(price_effect, 0) as price_effect
from marts.kpi_treatment_costs
where cost_scope = 'all' and treatment_type != 'all'
order by source_system asc, total_cost desc, treatment_type asc
