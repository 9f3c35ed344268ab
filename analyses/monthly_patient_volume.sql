-- How many patients come each month? Per day with data, as months differ in their days.
select
    month,
    episodes,
    distinct_patients,
    observation_days,
    round(episodes_per_observation_day, 1) as episodes_per_day,
    round(episodes_per_observation_day_low, 1) as episodes_per_day_low,
    round(episodes_per_observation_day_high, 1) as episodes_per_day_high
from marts.kpi_patient_volume_monthly
where facility_id = 'all' and department_id = 'all'
order by month asc
