-- What does each department do, at what cost, how long are the stays and how often does treatment
-- succeed?
select
    departments.name as department,
    activity.episodes,
    round(100 * activity.share, 1) as share_percent,
    activity.median_cost,
    round(activity.mean_cost, 0) as mean_cost,
    round(activity.mean_length_of_stay_days, 2) as mean_length_of_stay_days,
    round(100 * activity.success_rate, 1) as success_percent,
    round(activity.mean_satisfaction, 2) as mean_satisfaction
from marts.kpi_department_activity as activity
inner join marts.dim_departments as departments
    on departments.department_id = activity.department_id
order by activity.episodes desc, department asc
