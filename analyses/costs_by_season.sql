-- Are costs higher in winter? Ratio of the geometric means of winter and the rest of the year.
select
    departments.name as department,
    costs.episodes,
    costs.median_cost,
    round(costs.geometric_mean_ratio, 2) as winter_to_rest,
    round(costs.geometric_mean_ratio_low, 2) as winter_to_rest_low,
    round(costs.geometric_mean_ratio_high, 2) as winter_to_rest_high,
    case
        when costs.geometric_mean_ratio_low is null then 'too few to compare'
        when costs.geometric_mean_ratio_low > 1 then 'higher in winter'
        when costs.geometric_mean_ratio_high < 1 then 'lower in winter'
        else 'no difference beyond chance'
    end as reading
from marts.kpi_costs_seasonal as costs
inner join marts.dim_departments as departments
    on departments.department_id = costs.department_id
where costs.season = 'winter'
order by costs.geometric_mean_ratio desc nulls last, department asc
