-- How many appointments were completed, missed and cancelled, and what share was each?
select
    facility_id,
    due,
    attended,
    no_shows,
    cancelled,
    unresolved,
    round(100 * attendance_rate, 1) as attendance_percent,
    round(100 * no_show_rate, 1) as no_show_percent,
    round(100 * no_show_rate_low, 1) as no_show_percent_low,
    round(100 * no_show_rate_high, 1) as no_show_percent_high,
    round(100 * cancellation_rate, 1) as cancellation_percent
from marts.kpi_facility_activity
order by due desc, facility_id asc
