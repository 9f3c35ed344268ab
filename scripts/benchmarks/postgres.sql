-- The floor's work in PostgreSQL's SQL: the raw tables have been copied in as text, each row with
-- its file and its number. scripts/benchmarks/postgres.py runs it, then cubes.sql.
-- PostgreSQL 15 has no cast that gives null for what cannot be cast: the functions below look at
-- the text first. `offset 0` keeps a value that is worked out once from being worked out at every
-- place that names it. Facts are unlogged tables, as nothing has to survive a crash.

-- stage: functions
create function date_of(t text) returns date stable language sql return
    case
        when t ~ '^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])$' then cast(t as date)
        when t ~ '^[0-9]{4}-(0[13-9]|1[0-2])-(29|30)$' then cast(t as date)
        when t ~ '^[0-9]{4}-(0[13578]|1[02])-31$' then cast(t as date)
        when t ~ '^[0-9]{2}(0[48]|[2468][048]|[13579][26])-02-29$' then cast(t as date)
    end;
create function usable_day(t text) returns date stable language sql return
    case when left(t, 4) between '1990' and '2099' then date_of(t) end;
create function clock(t text) returns time stable language sql return
    case when t ~ '^([01]?[0-9]|2[0-3]):[0-5][0-9]$' then cast(t as time) end;
create function stamp(t text) returns timestamp stable language sql return
    case
        when t ~ '^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8]) ([01][0-9]|2[0-3]):[0-5][0-9]$'
            then cast(t as timestamp)
        else date_of(left(t, 10)) + clock(substr(t, 12))
    end;
create function usable_stamp(t text) returns timestamp stable language sql return
    case when left(t, 4) between '1990' and '2099' then stamp(t) end;
create function numeric_of(t text) returns numeric stable language sql return
    case when t ~ '^[+-]?[0-9]{1,15}([.][0-9]+)?$' then cast(t as numeric) end;
create function amount(t text) returns numeric(18, 2) stable language sql return
    case when t ~ '^[0-9]{1,8}([.][0-9]+)?$' then cast(t as numeric(18, 2)) end;
create function whole(t text, low bigint, high bigint) returns bigint stable language sql return
    case
        when t ~ '^[+-]?[0-9]{1,18}$'
            then case when cast(t as bigint) between low and high then cast(t as bigint) end
    end;
create function is_placeholder(t text) returns boolean stable language sql return
    lower(t) in ('', '?', 'na', 'n/a', 'null', 'nan', '-', '--', '.', '<na>', 'nat', 'nil');
create function named(t text) returns text stable language sql return
    case when not is_placeholder(t) then t end;
create function yes_no(t text) returns boolean stable language sql return
    case
        when lower(t) in ('true', 't', 'yes', 'y', '1') then true
        when lower(t) in ('false', 'f', 'no', 'n', '0') then false
    end;
create function slug(t text) returns text stable language sql return
    nullif(trim(both '_' from regexp_replace(lower(t), '[^a-z0-9]+', '_', 'g')), '');
create function key_of(kind text, id text) returns bigint stable language sql return
    cast(cast('x' || encode(
        substr(sha256(convert_to(:'secret' || '|' || kind || '|' || id, 'UTF8')), 1, 8), 'hex'
    ) as bit(64)) >> 1 as bigint);
create function digits(d date) returns integer stable language sql return
    cast(extract(year from d) * 10000 + extract(month from d) * 100 + extract(day from d)
        as integer);
create function band(age bigint) returns text stable language sql return
    case when age is null then 'unknown' else (array['00-04', '05-09', '10-14', '15-19', '20-24', '25-29', '30-34', '35-39',
        '40-44', '45-49', '50-54', '55-59', '60-64', '65-69', '70-74', '75-79', '80-84', '85+'
    ])[least(age / 5, 17) + 1] end;
create function is_key(t text) returns boolean stable language sql return
    right(t, 1) between '0' and '9';
create function stem(path text) returns text stable language sql return
    split_part(path, '.', 1);

-- stage: rejected rows
create unlogged table rejects (
    source_table text, source_file text, row_number bigint, reason text
);
-- the rows that a newer version of their record replaces
create unlogged table superseded (source_table text, source_file text, row_number bigint);
{rejected_and_superseded}
analyze superseded;

-- stage: as-of dates
create unlogged table as_of as
select
    (
        select max(date_of(appointment_date)) + 1 from appointments
        inner join words on field = 'status' and system = 'hospital_ops' and word = lower(status)
        where code in ('attended', 'no_show') and usable_day(appointment_date) is not null
    ) as hospital,
    (
        select max(coalesce(
            case
                when stamp(discharged_at) >= coalesce(stamp(admitted_at), stamp(discharged_at))
                    then cast(usable_stamp(discharged_at) as date)
            end, date_of(date)
        )) + 1
        from episodes
        where usable_day(date) is not null
            and (stamp(admitted_at) is null or stamp(discharged_at) is not null)
    ) as care,
    (
        select max(greatest(date_of(diagnosis_date), usable_day(last_contact_date))) + 1
        from cases where usable_day(diagnosis_date) is not null
    ) as cancer;

-- stage: doctors and patients
create unlogged table dim_doctors as
select
    doctor_id, 'Doctor ' || doctor_id as name,
    coalesce(
        f.facility_id, 'hospital_ops.' || slug(coalesce(b.code, named(hospital_branch))), 'unknown'
    ) as facility_id,
    coalesce(
        d.department_id, 'hospital_ops.' || slug(coalesce(s.code, named(specialization))), 'unknown'
    ) as department_id,
    coalesce(s.code, named(specialization), 'unknown') as specialization,
    whole(years_experience, 0, 80) as years_experience
from doctors as r
left join words as b
    on b.system = 'hospital_ops' and b.field = 'hospital_branch' and b.word = lower(hospital_branch)
left join words as s
    on s.system = 'hospital_ops' and s.field = 'specialization' and s.word = lower(specialization)
left join facility_names as f
    on f.system = 'hospital_ops' and f.source_name = coalesce(b.code, hospital_branch)
left join department_names as d
    on d.system = 'hospital_ops' and d.source_name = coalesce(s.code, specialization)
where is_key(doctor_id) and not exists (
    select from superseded as o
    where o.source_table = 'doctors' and o.source_file = r.source_file
        and o.row_number = r.row_number
);
create unlogged table people as
select
    patient_id, key_of('hospital_ops|patient', patient_id) as patient_key,
    coalesce(g.code, 'unknown') as gender,
    case
        when coalesce(date_of(registration_date) - date_of(date_of_birth), 0) between 0 and 43830
            and date_of(date_of_birth) between date '1870-01-01' and date '2099-12-31'
            then digits(date_of(date_of_birth))
    end as born,
    coalesce(named(insurance_provider), 'unknown') as insurance,
    coalesce(named(region), 'unknown') as region
from patients as r
left join words as g
    on g.system = 'hospital_ops' and g.field = 'gender' and g.word = lower(r.gender)
where is_key(patient_id) and not exists (
    select from superseded as o
    where o.source_table = 'patients' and o.source_file = r.source_file
        and o.row_number = r.row_number
);
analyze people;
analyze dim_doctors;

-- stage: fct_appointments
create unlogged table fct_appointments as
select
    key_of('hospital_ops|appointment', appointment_id) as appointment_key,
    coalesce(d.facility_id, 'unknown') as facility_id,
    coalesce(d.department_id, 'unknown') as department_id,
    coalesce(d.doctor_id, 'unknown') as doctor_id,
    coalesce(p.patient_key, -1) as patient_key,
    r.day as appointment_date,
    cast(extract(hour from r.time) as bigint) as appointment_hour,
    r.day + r.time as started_at,
    case
        when r.day >= (select hospital from as_of) then 'future'
        when s.code in ('attended', 'no_show', 'cancelled') then s.code
        else 'unresolved'
    end as outcome,
    coalesce(named(reason_for_visit), 'unknown') as reason,
    cast(case when booked <= r.day then r.day - booked end as bigint)
        as lead_days,
    whole(duration_minutes, 1, 1440) as duration_minutes,
    case when s.code = 'cancelled' then c.code end as cancelled_by,
    case
        when s.code = 'cancelled'
            then cast(extract(epoch from r.day + r.time - cancelled) as double precision) / 3600
    end as notice_hours,
    case
        when s.code = 'cancelled' then extract(epoch from r.day + r.time - cancelled) < 86400
    end as is_late_cancellation,
    band(case when p.born <= digits(r.day) then (digits(r.day) - p.born) / 10000 end) as age_band,
    coalesce(p.gender, 'unknown') as gender,
    appointment_id
from (
    select
        *, usable_day(appointment_date) as day, clock(appointment_time) as time,
        cast(usable_stamp(booked_at) as date) as booked, usable_stamp(cancelled_at) as cancelled
    from appointments
    where is_key(appointment_id)
    offset 0
) as r
left join superseded as o
    on o.source_table = 'appointments' and o.source_file = r.source_file
    and o.row_number = r.row_number
left join dim_doctors as d on d.doctor_id = r.doctor_id
left join people as p on p.patient_id = r.patient_id
left join words as s
    on s.system = 'hospital_ops' and s.field = 'status' and s.word = lower(r.status)
left join words as c
    on c.system = 'hospital_ops' and c.field = 'cancelled_by' and c.word = lower(r.cancelled_by)
where o.row_number is null and r.day is not null;
analyze fct_appointments;

-- stage: fct_treatments
create unlogged table fct_treatments as
select
    key_of('hospital_ops|treatment', treatment_id) as treatment_key,
    coalesce(a.appointment_key, -1) as appointment_key,
    coalesce(a.patient_key, -1) as patient_key,
    coalesce(a.facility_id, 'unknown') as facility_id,
    coalesce(a.doctor_id, 'unknown') as doctor_id,
    coalesce(named(r.treatment_type), 'unknown') as treatment_type,
    r.day as treatment_date,
    r.day >= (select hospital from as_of) as is_future,
    amount(r.cost) as cost,
    coalesce(a.outcome, 'unknown') as appointment_outcome,
    treatment_id
from (
    select *, usable_day(treatment_date) as day from treatments
    where is_key(treatment_id)
    offset 0
) as r
left join superseded as o
    on o.source_table = 'treatments' and o.source_file = r.source_file
    and o.row_number = r.row_number
left join fct_appointments as a on a.appointment_id = r.appointment_id
where r.day is not null and o.row_number is null;
alter table fct_appointments drop column appointment_id;
analyze fct_treatments;

-- stage: fct_bills
create unlogged table fct_bills as
select
    key_of('hospital_ops|bill', bill_id) as bill_key,
    coalesce(t.treatment_key, -1) as treatment_key,
    coalesce(p.patient_key, -1) as patient_key,
    coalesce(t.facility_id, 'unknown') as facility_id,
    r.day as bill_date,
    r.day >= (select hospital from as_of) as is_future,
    usable_day(paid_at) as paid_date,
    billed as billed_amount,
    coalesce(
        amount(r.paid_amount),
        case
            when coalesce(s.code, 'unknown') != 'paid' then 0
            when adjusted > billed then 0
            else billed - coalesce(adjusted, 0)
        end
    ) as paid_amount,
    coalesce(adjusted, 0) as adjustment_amount,
    coalesce(m.code, 'unknown') as payment_method,
    coalesce(s.code, 'unknown') as payment_status,
    coalesce(t.appointment_outcome, 'unknown') as appointment_outcome
from (
    select
        *, usable_day(bill_date) as day, amount(amount) as billed,
        amount(adjustment_amount) as adjusted
    from billing
    where is_key(bill_id)
    offset 0
) as r
left join superseded as o
    on o.source_table = 'billing' and o.source_file = r.source_file
    and o.row_number = r.row_number
left join fct_treatments as t on t.treatment_id = r.treatment_id
left join people as p on p.patient_id = r.patient_id
left join words as m
    on m.system = 'hospital_ops' and m.field = 'payment_method' and m.word = lower(r.payment_method)
left join words as s
    on s.system = 'hospital_ops' and s.field = 'payment_status' and s.word = lower(r.payment_status)
where r.day is not null and o.row_number is null;
alter table fct_treatments drop column treatment_id;

-- stage: fct_episodes
create unlogged table fct_episodes as
with placed as (
    select
        r.*, date_of(r.date) as day, stamp(r.admitted_at) as admitted_raw,
        stamp(r.discharged_at) as discharged_raw, stamp(r.arrived_at) as arrived_raw,
        coalesce(dep.code, named(r.department)) as department_name,
        coalesce(dis.code, 'unknown') as ending, unit.code as unit_code,
        whole(r.patient_age, 0, 110) as age, whole(r.leave_days, 0, 3660) as leave_stated,
        cast(case
            when numeric_of(r.length_of_stay) between 0 and 3660
                then round(numeric_of(r.length_of_stay), 6)
        end as double precision) as stay,
        coalesce(
            dn.department_id, 'care_episodes.' || slug(coalesce(dep.code, named(r.department))),
            'unknown'
        ) as department_id,
        coalesce(
            fn.facility_id, 'care_episodes.' || slug(coalesce(fac.code, named(r.facility))),
            'unknown'
        ) as facility_id,
        coalesce(reg.code, named(r.region), 'unknown') as region_name,
        coalesce(gen.code, 'unknown') as gender, coalesce(adm.code, 'unknown') as admission,
        coalesce(sta.code, 'unknown') as stage, coalesce(vis.code, 'unknown') as visit_end,
        wrd.code as answer
    from episodes as r
    left join superseded as o
        on o.source_table = 'episodes' and o.source_file = r.source_file
        and o.row_number = r.row_number
    {episode_words}
    left join department_names as dn
        on dn.system = 'care_episodes' and dn.source_name = coalesce(dep.code, r.department)
    left join facility_names as fn
        on fn.system = 'care_episodes' and fn.source_name = coalesce(fac.code, r.facility)
    where coalesce(named(episode_id), named(patient_id)) is not null
        and coalesce(lower(episode_id), '') != 'total' and usable_day(r.date) is not null
        and o.row_number is null
    offset 0
), timed as (
    select
        *, day >= (select care from as_of) as is_future,
        case when left(admitted_at, 4) between '1990' and '2099' then admitted_raw end as admitted,
        case when left(arrived_at, 4) between '1990' and '2099' then arrived_raw end as arrived,
        case when admitted_raw <= discharged_raw or admitted_raw is null
            then usable_stamp(discharged_at) end as discharged,
        case when arrived_raw <= stamp(seen_at) or arrived_raw is null
            then usable_stamp(seen_at) end as seen,
        case when arrived_raw <= stamp(departed_at) or arrived_raw is null
            then usable_stamp(departed_at) end as departed,
        case when leave_stated <= coalesce(
            cast(discharged_raw as date) - cast(admitted_raw as date), 3660
        ) then leave_stated end as away,
        coalesce(
            unit_code, case when department_id = 'emergency' then 'hours' else 'days' end
        ) as stay_unit
    from placed
    offset 0
), ended as (
    select
        *, cast(discharged as date) - cast(admitted as date) as nights,
        case
            when not is_future and admitted is not null
                and cast(discharged as date) < (select care from as_of)
                then cast(discharged as date)
        end as separation_date
    from timed
    offset 0
)
select
    key_of('care_episodes|episode', coalesce(
        named(episode_id),
        patient_id || '|' || day || '|' || coalesce(department_name, '') || '|'
        || coalesce(named(treatment_type), '')
    )) as episode_key,
    coalesce(key_of('care_episodes|patient', named(patient_id)), -1) as patient_key,
    facility_id, department_id, coalesce(named(treatment_type), 'unknown') as treatment_type,
    day as episode_date, admitted as admitted_at, discharged as discharged_at,
    separation_date, separation_date is not null as is_separation,
    stay as length_of_stay_recorded, stay_unit as length_of_stay_unit,
    case when stay_unit = 'hours' then stay / 24 else stay end as length_of_stay_days,
    case when nights is not null
        then greatest(nights - coalesce(away, 0), 1) end as length_of_stay_aihw_days,
    nights as length_of_stay_nights,
    cast(extract(epoch from discharged - admitted) as double precision) / 3600
        as length_of_stay_hours,
    nights = 0 as is_same_day, away as leave_days, amount(treatment_cost) as cost,
    yes_no(treatment_success) as is_success,
    case when numeric_of(patient_satisfaction) between 0 and 10
        then cast(numeric_of(patient_satisfaction) as numeric(6, 2)) end as satisfaction_score,
    answer as experience_answer, yes_no(readmission_30d) as is_readmitted_30d,
    coalesce(named(insurance_type), 'unknown') as insurance_type, gender, band(age) as age_band,
    age >= 18 as is_adult, region_name as region, admission as admission_type,
    yes_no(is_planned) as is_planned, ending as disposition,
    case when ending != 'unknown' then ending = 'died' end as is_death,
    coalesce(slug(named(diagnosis_group)), 'unknown') as diagnosis_group,
    yes_no(any_cancer_diagnosis) as has_cancer_diagnosis, stage as cancer_stage,
    arrived is not null as is_emergency_visit, whole(triage_category, 1, 5) as triage_category,
    arrived as arrived_at, seen as seen_at, departed as departed_at,
    visit_end as visit_end_status,
    cast(extract(epoch from seen - arrived) / 60 as bigint) as wait_minutes,
    cast(extract(epoch from departed - arrived) / 60 as bigint) as emergency_stay_minutes,
    is_future
from ended;

-- stage: fct_cancer_cases
create unlogged table fct_cancer_cases as
select
    key_of('cancer_registry|case', patient_id) as case_key,
    key_of('cancer_registry|patient', patient_id) as patient_key,
    coalesce(named(cancer_type), 'unknown') as cancer_type,
    coalesce(named(treatment), 'unknown') as treatment,
    coalesce(reg.code, named(region), 'unknown') as region,
    coalesce(
        f.facility_id, 'cancer_registry.' || slug(coalesce(hos.code, named(hospital))), 'unknown'
    ) as facility_id,
    coalesce(sta.code, 'unknown') as stage,
    coalesce(ou.code, 'unknown') as outcome,
    day as diagnosis_date,
    coalesce(
        cast(case when numeric_of(survival_months) between 0 and 1200
            then numeric_of(survival_months) end as double precision),
        (contact - day) / cast(30.4375 as double precision)
    ) as survival_months,
    case vit.code when 'dead' then true when 'alive' then false end as is_dead,
    contact as last_contact_date,
    usable_day(referral_date) as referral_date,
    usable_day(decision_date) as decision_date,
    usable_day(treatment_date) as treatment_date,
    band(whole(age, 0, 110)) as age_band,
    coalesce(gen.code, 'unknown') as gender,
    coalesce(named(insurance_type), 'unknown') as insurance_type,
    day >= (select cancer from as_of) as is_future
from (
    select
        *, date_of(diagnosis_date) as day,
        case when date_of(last_contact_date) >= date_of(diagnosis_date)
            then usable_day(last_contact_date) end as contact
    from cases
    where is_key(patient_id) and usable_day(diagnosis_date) is not null
    offset 0
) as r
left join superseded as o
    on o.source_table = 'cases' and o.source_file = r.source_file
    and o.row_number = r.row_number
{case_words}
left join facility_names as f
    on f.system = 'cancer_registry' and f.source_name = coalesce(hos.code, r.hospital)
where o.row_number is null;

-- stage: dim_patients
create unlogged table dim_patients as
select
    patient_key, 'hospital_ops' as source_system, gender,
    band(case when born <= digits(hospital) then (digits(hospital) - born) / 10000 end)
        as age_band,
    region, insurance, coalesce(slug(insurance), 'unknown') as payer_id, false as is_future
from people, as_of
union all
select
    patient_key, 'care_episodes', gender, age_band, region, insurance_type,
    coalesce(slug(insurance_type), 'unknown'), is_future
from (
    select distinct on (patient_key) *
    from fct_episodes
    where patient_key >= 0
    order by patient_key, is_future, episode_date desc, episode_key
) as last
union all
select
    patient_key, 'cancer_registry', gender, age_band, region, insurance_type,
    coalesce(slug(insurance_type), 'unknown'), is_future
from fct_cancer_cases
union all
select -1, 'unknown', 'unknown', 'unknown', 'unknown', 'unknown', 'unknown', false;
