-- Which branch is busiest, and is it still when its number of doctors is taken into account?
select
    facilities.name as branch,
    activity.due,
    round(100 * activity.share, 1) as share_percent,
    activity.doctors,
    round(activity.appointments_per_doctor, 1) as appointments_per_doctor,
    round(activity.appointments_per_doctor_low, 1) as appointments_per_doctor_low,
    round(activity.appointments_per_doctor_high, 1) as appointments_per_doctor_high
from marts.kpi_facility_activity as activity
inner join marts.dim_facilities as facilities
    on facilities.facility_id = activity.facility_id
where activity.facility_id != 'unknown'
order by activity.due desc, branch asc
