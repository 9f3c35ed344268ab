-- Which doctors have the most appointments, and is it more than chance among equals would give?
select
    doctor_id,
    facility_id,
    specialization,
    due,
    attended,
    round(expected_due, 1) as median_of_facility,
    round(chance_low, 1) as chance_low,
    round(chance_high, 1) as chance_high,
    position
from marts.kpi_doctor_caseload
order by due desc, doctor_id asc
limit 10
