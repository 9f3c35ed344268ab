-- At which hours do emergency patients arrive?
select
    hour,
    arrivals,
    round(arrivals_per_day, 2) as arrivals_per_day,
    round(arrivals_per_day_low, 2) as arrivals_per_day_low,
    round(arrivals_per_day_high, 2) as arrivals_per_day_high
from marts.kpi_emergency_demand
where facility_id = 'all' and weekday = 'all' and hour is not null
order by hour asc
