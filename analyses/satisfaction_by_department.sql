-- How satisfied are patients, and how much do they differ?
select
    departments.name as department,
    satisfaction.responses,
    round(satisfaction.mean_score, 2) as mean_score,
    round(satisfaction.mean_score_low, 2) as mean_score_low,
    round(satisfaction.mean_score_high, 2) as mean_score_high,
    round(satisfaction.sd, 2) as sd,
    round(100 * satisfaction.top_box_rate, 1) as top_box_percent
from marts.kpi_satisfaction_overall as satisfaction
inner join marts.dim_departments as departments
    on departments.department_id = satisfaction.department_id
where satisfaction.facility_id = 'all'
order by satisfaction.mean_score desc nulls last, department asc
