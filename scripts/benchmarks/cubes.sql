-- The KPI cubes of the benchmark, from the facts: the same text for DuckDB and for PostgreSQL.

-- stage: cubes
create table cube_appointments as
select
    facility_id, department_id, cast(date_trunc('month', appointment_date) as date) as month,
    count(*) as due,
    count(case when outcome = 'attended' then 1 end) as attended,
    count(case when outcome = 'no_show' then 1 end) as no_shows,
    count(case when outcome = 'cancelled' then 1 end) as cancelled,
    count(case when outcome = 'unresolved' then 1 end) as unresolved,
    count(case when is_late_cancellation then 1 end) as late_cancellations,
    count(lead_days) as lead_known,
    sum(lead_days) as lead_days
from fct_appointments
where outcome != 'future'
group by facility_id, department_id, cast(date_trunc('month', appointment_date) as date);
create table cube_demand as
select
    facility_id, extract(isodow from appointment_date) as weekday, appointment_hour as hour,
    count(*) as due,
    count(case when outcome = 'attended' then 1 end) as attended,
    count(case when outcome = 'no_show' then 1 end) as no_shows
from fct_appointments
where outcome != 'future' and appointment_hour is not null
group by facility_id, extract(isodow from appointment_date), appointment_hour;
create table cube_treatments as
select
    facility_id, doctor_id, cast(date_trunc('month', treatment_date) as date) as month,
    treatment_type,
    count(*) as treatments,
    count(cost) as costs_known,
    sum(cost) as total_cost
from fct_treatments
where not is_future
group by
    facility_id, doctor_id, cast(date_trunc('month', treatment_date) as date), treatment_type;
create table cube_doctors as
select
    seen.doctor_id, due, attended, no_shows, cancelled, distinct_days,
    coalesce(total_cost, 0) as total_cost
from (
    select
        doctor_id,
        count(*) as due,
        count(case when outcome = 'attended' then 1 end) as attended,
        count(case when outcome = 'no_show' then 1 end) as no_shows,
        count(case when outcome = 'cancelled' then 1 end) as cancelled,
        count(distinct appointment_date) as distinct_days
    from fct_appointments
    where outcome != 'future'
    group by doctor_id
) as seen
left join (
    select doctor_id, sum(total_cost) as total_cost from cube_treatments group by doctor_id
) as costs on costs.doctor_id = seen.doctor_id;
create table cube_medians as
select
    facility_id, treatment_type, count(*) as costs_known,
    percentile_cont(0.25) within group (order by cast(cost as double precision)) as p25_cost,
    percentile_cont(0.5) within group (order by cast(cost as double precision)) as median_cost,
    percentile_cont(0.75) within group (order by cast(cost as double precision)) as p75_cost,
    percentile_cont(0.9) within group (order by cast(cost as double precision)) as p90_cost
from fct_treatments
where not is_future and cost is not null
group by facility_id, treatment_type;
create table cube_bills as
select
    facility_id, cast(date_trunc('month', bill_date) as date) as month,
    payment_method, payment_status,
    count(*) as bills,
    count(billed_amount) as bills_with_amount,
    sum(billed_amount) as billed_amount,
    sum(case when billed_amount is not null then paid_amount end) as paid_amount,
    sum(greatest(billed_amount - paid_amount - adjustment_amount, 0)) as open_amount
from fct_bills
where not is_future
group by
    facility_id, cast(date_trunc('month', bill_date) as date), payment_method, payment_status;
create table cube_episodes as
select
    facility_id, department_id, cast(date_trunc('month', episode_date) as date) as month,
    count(*) as episodes,
    count(case when is_emergency_visit then 1 end) as emergency_visits,
    count(case when is_separation then 1 end) as separations,
    count(case when is_separation and is_death then 1 end) as deaths,
    count(cost) as costs_known,
    sum(cost) as total_cost,
    count(length_of_stay_days) as stays_measured,
    sum(length_of_stay_days) as stay_days,
    count(is_success) as evaluable,
    count(case when is_success then 1 end) as successes,
    count(satisfaction_score) as scores,
    sum(satisfaction_score) as score_sum,
    sum(wait_minutes) as wait_minutes
from fct_episodes
where not is_future
group by facility_id, department_id, cast(date_trunc('month', episode_date) as date);
create table cube_cases as
select
    facility_id, cancer_type, stage, outcome,
    count(*) as cases,
    count(case when is_dead then 1 end) as deaths,
    sum(survival_months) as survival_months
from fct_cancer_cases
where not is_future
group by facility_id, cancer_type, stage, outcome;
-- who describes a patient of the care episodes, of two on one day, hangs on the keyed hash, which
-- not every contestant has: those patients are made by all, and not counted here
create table cube_patients as
select source_system, gender, age_band, region, insurance, count(*) as patients
from dim_patients
where source_system in ('hospital_ops', 'cancer_registry') and not is_future
group by source_system, gender, age_band, region, insurance;
