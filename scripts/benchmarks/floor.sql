-- The floor of the benchmark: the warehouse's facts from the same files, written by hand, without
-- dbt, as fast as we know how. scripts/benchmarks/floor.py runs it; a line that begins with
-- "-- stage:" begins a stage. It is for this data alone: it trusts that texts have no white space
-- around them and that dates are ISO, it repairs silently, it has no tests and few comments.
--
-- What makes it fast: categories are mapped by small joins on texts that Parquet holds as
-- dictionaries; foreign keys are found by joins instead of hashed a second time (SHA-256 is the
-- dearest function of all); a row is held for blank when it has no id, no date and none of the
-- columns that matter; repeated keys are found by an aggregate of 64-bit hashes; each file is
-- read twice for a fact (for the rejected rows, and for the others), and nothing is stored twice.

-- stage: settings
set preserve_insertion_order = false;
-- of the ways to store texts only the one that suits categories is tried
set disabled_compression_methods = 'dictionary,fsst,zstd,alp,alprd,chimp,patas,roaring';
create macro raw(place) as table
    select *, file_row_number
    from read_parquet(getvariable('raw') || '/' || place || '/*.parquet', filename = true);
create macro source_file(path) as
    array_to_string(string_split(path, '/')[-3:], '/');
create macro newest_first(path, number) as (split_part(source_file(path), '.', 1), path, number);
create macro date_of(t) as case when length(t) = 10 then try_cast(t as date) end;
create macro in_range(d) as d between date '1990-01-01' and date '2099-12-31';
create macro usable_day(t) as case when in_range(date_of(t)) then date_of(t) end;
create macro stamp(t) as case when length(t) = 16 then try_cast(t as timestamp) end;
create macro usable_stamp(t) as case when in_range(cast(stamp(t) as date)) then stamp(t) end;
create macro amount(t) as
    case
        when try_cast(t as decimal(18, 2)) between 0 and 100000000
            then try_cast(t as decimal(18, 2))
    end;
create macro whole(t, low, high) as
    case when try_cast(t as bigint) between low and high then try_cast(t as bigint) end;
-- lists of three: of a longer one DuckDB makes a join, which every row goes through
create macro is_placeholder(t) as
    strlen(t) <= 4 and (
        lower(t) in ('', '?', 'na') or lower(t) in ('n/a', 'null', 'nan')
        or lower(t) in ('-', '--', '.') or lower(t) in ('<na>', 'nat', 'nil')
    );
create macro named(t) as case when is_placeholder(t) then null else t end;
create macro yes_no(t) as
    case
        when lower(t) in ('true', 't', 'yes') or lower(t) in ('y', '1') then true
        when lower(t) in ('false', 'f', 'no') or lower(t) in ('n', '0') then false
    end;
create macro slug(t) as
    nullif(trim(regexp_replace(lower(t), '[^a-z0-9]+', '_', 'g'), '_'), '');
create macro key_of(kind, id) as
    cast(
        cast('0x' || substr(sha256(getvariable('secret') || '|' || kind || '|' || id), 1, 16)
            as ubigint) >> 1 as bigint
    );
-- completed years, from dates as numbers such as 20260630
create macro digits(d) as
    cast(year(d) * 10000 + month(d) * 100 + day(d) as integer);
create macro completed_years(born, then_) as
    case when born <= then_ then (then_ - born) // 10000 end;
create macro band(age) as
    case
        when age is null then 'unknown'
        else ['00-04', '05-09', '10-14', '15-19', '20-24', '25-29', '30-34', '35-39', '40-44',
            '45-49', '50-54', '55-59', '60-64', '65-69', '70-74', '75-79', '80-84', '85+'
        ][least(age // 5, 17) + 1]
    end;
-- the numbers of a kind begin with its letters and a digit
create macro is_key(t, kind) as t between kind || '0' and kind || ':';
create macro reason_of(blank, id, date_text) as
    case
        when blank is null then 'blank_row'
        when lower(id) in ('total', 'totals', 'grand total')
            or lower(id) in ('subtotal', 'sub-total', 'all')
            then 'totals_row'
        when id is null or is_placeholder(id) then 'missing_key'
        when date_text is null or is_placeholder(date_text) then 'missing_date'
        else 'unusable_date'
    end;
create temp table words as
select source_system as system, column_name as field, lower(raw_value) as word, code
from read_csv(getvariable('seeds') || '/reference/code_map.csv', all_varchar = true);
create temp table facility_names as
select source_system as system, source_name, facility_id
from read_csv(getvariable('seeds') || '/reference/facility_aliases.csv', all_varchar = true);
create temp table department_names as
select source_system as system, source_name, department_id
from read_csv(getvariable('seeds') || '/reference/department_aliases.csv', all_varchar = true);

-- stage: rejected rows
create table rejects as
select
    'appointments' as source_table, source_file(filename) as source_file,
    file_row_number + 1 as row_number,
    reason_of(coalesce(
        appointment_id, appointment_date, patient_id, doctor_id, status, reason_for_visit
    ), appointment_id, appointment_date) as reason
from raw('hospital_ops/appointments')
where not coalesce(is_key(appointment_id, 'A') and in_range(date_of(appointment_date)), false)
union all
select
    'treatments', source_file(filename), file_row_number + 1,
    reason_of(coalesce(
        treatment_id, treatment_date, appointment_id, treatment_type, cost
    ), treatment_id, treatment_date)
from raw('hospital_ops/treatments')
where not coalesce(is_key(treatment_id, 'T') and in_range(date_of(treatment_date)), false)
union all
select
    'billing', source_file(filename), file_row_number + 1,
    reason_of(coalesce(
        bill_id, bill_date, patient_id, treatment_id, amount, payment_method, payment_status
    ), bill_id, bill_date)
from raw('hospital_ops/billing')
where not coalesce(is_key(bill_id, 'B') and in_range(date_of(bill_date)), false)
union all
select
    'patients', source_file(filename), file_row_number + 1,
    reason_of(coalesce(
        patient_id, last_name, gender, date_of_birth, insurance_provider
    ), patient_id, null)
from raw('hospital_ops/patients')
where not coalesce(is_key(patient_id, 'P'), false)
union all
select
    'doctors', source_file(filename), file_row_number + 1,
    reason_of(coalesce(doctor_id, last_name, specialization, hospital_branch), doctor_id, null)
from raw('hospital_ops/doctors')
where not coalesce(is_key(doctor_id, 'D'), false)
union all
select
    'episodes', source_file(filename), file_row_number + 1,
    case
        when anything is null then 'blank_row'
        when lower(episode_id) = 'total' or lower(patient_id) = 'total' then 'totals_row'
        when coalesce(named(episode_id), named(patient_id)) is null then 'missing_key'
        when named(date) is null then 'missing_date'
        else 'unusable_date'
    end
from (
    select
        *,
        coalesce(episode_id, date, patient_id, facility, department, treatment_type) as anything
    from raw('care_episodes/episodes')
)
where not coalesce(
    (is_key(episode_id, 'E') or coalesce(named(episode_id), named(patient_id)) is not null)
    and lower(episode_id) != 'total' and in_range(date_of(date)), false
)
union all
select
    'cases', source_file(filename), file_row_number + 1,
    reason_of(anything, patient_id, diagnosis_date)
from (
    select
        *,
        coalesce(patient_id, diagnosis_date, cancer_type, hospital, stage) as anything
    from raw('cancer_registry/cases')
)
where not coalesce(is_key(patient_id, 'CR') and in_range(date_of(diagnosis_date)), false);

-- stage: superseded rows
create table superseded (source_table varchar, file varchar, row_number bigint);
insert into superseded
select 'appointments', filename, file_row_number
from (
    select
        filename, file_row_number,
        row_number() over (
            partition by appointment_id order by newest_first(filename, file_row_number) desc
        ) as recency
    from raw('hospital_ops/appointments')
    where hash(appointment_id) in (
        select hash(appointment_id) from raw('hospital_ops/appointments')
        group by all having count(*) > 1
    ) and is_key(appointment_id, 'A') and in_range(date_of(appointment_date))
) where recency > 1;
insert into superseded
select 'treatments', filename, file_row_number
from (
    select
        filename, file_row_number,
        row_number() over (
            partition by treatment_id order by newest_first(filename, file_row_number) desc
        ) as recency
    from raw('hospital_ops/treatments')
    where hash(treatment_id) in (
        select hash(treatment_id) from raw('hospital_ops/treatments')
        group by all having count(*) > 1
    ) and is_key(treatment_id, 'T') and in_range(date_of(treatment_date))
) where recency > 1;
insert into superseded
select 'billing', filename, file_row_number
from (
    select
        filename, file_row_number,
        row_number() over (
            partition by bill_id order by newest_first(filename, file_row_number) desc
        ) as recency
    from raw('hospital_ops/billing')
    where hash(bill_id) in (
        select hash(bill_id) from raw('hospital_ops/billing')
        group by all having count(*) > 1
    ) and is_key(bill_id, 'B') and in_range(date_of(bill_date))
) where recency > 1;
insert into superseded
select 'episodes', filename, file_row_number
from (
    select
        filename, file_row_number,
        row_number() over (
            partition by episode_id order by newest_first(filename, file_row_number) desc
        ) as recency
    from raw('care_episodes/episodes')
    where hash(episode_id) in (
        select hash(episode_id) from raw('care_episodes/episodes')
        group by all having count(*) > 1
    ) and is_key(episode_id, 'E') and in_range(date_of(date))
) where recency > 1;
insert into superseded
select 'patients', filename, file_row_number
from (
    select
        filename, file_row_number,
        row_number() over (
            partition by patient_id order by newest_first(filename, file_row_number) desc
        ) as recency
    from raw('hospital_ops/patients')
    where hash(patient_id) in (
        select hash(patient_id) from raw('hospital_ops/patients')
        group by all having count(*) > 1
    ) and is_key(patient_id, 'P')
) where recency > 1;
insert into superseded
select 'doctors', filename, file_row_number
from (
    select
        filename, file_row_number,
        row_number() over (
            partition by doctor_id order by newest_first(filename, file_row_number) desc
        ) as recency
    from raw('hospital_ops/doctors')
    where hash(doctor_id) in (
        select hash(doctor_id) from raw('hospital_ops/doctors')
        group by all having count(*) > 1
    ) and is_key(doctor_id, 'D')
) where recency > 1;
insert into superseded
select 'cases', filename, file_row_number
from (
    select
        filename, file_row_number,
        row_number() over (
            partition by patient_id order by newest_first(filename, file_row_number) desc
        ) as recency
    from raw('cancer_registry/cases')
    where hash(patient_id) in (
        select hash(patient_id) from raw('cancer_registry/cases')
        group by all having count(*) > 1
    ) and is_key(patient_id, 'CR') and in_range(date_of(diagnosis_date))
) where recency > 1;

-- stage: as-of dates
set variable hospital_as_of = (
    select max(d) + 1 from (
        select distinct date_of(appointment_date) as d from raw('hospital_ops/appointments')
        where lower(status) in (
            select word from words
            where system = 'hospital_ops' and field = 'status' and code in ('attended', 'no_show')
        )
    ) where in_range(d)
);
set variable care_as_of = (
    select max(d) + 1 from (
        select distinct
            coalesce(
                case
                    when stamp(discharged_at) >= coalesce(stamp(admitted_at), stamp(discharged_at))
                        then cast(usable_stamp(discharged_at) as date)
                end,
                date_of(date)
            ) as d
        from raw('care_episodes/episodes')
        where stamp(admitted_at) is null or stamp(discharged_at) is not null
    ) where in_range(d)
);
set variable cancer_as_of = (
    select max(greatest(date_of(diagnosis_date), usable_day(last_contact_date))) + 1
    from raw('cancer_registry/cases')
    where in_range(date_of(diagnosis_date))
);

-- stage: doctors and patients
create temp table doctors as
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
from (from raw('hospital_ops/doctors') where is_key(doctor_id, 'D')) as r
anti join (from superseded where source_table = 'doctors') as o
    on o.file = r.filename and o.row_number = r.file_row_number
left join words as b
    on b.system = 'hospital_ops' and b.field = 'hospital_branch' and b.word = lower(hospital_branch)
left join words as s
    on s.system = 'hospital_ops' and s.field = 'specialization' and s.word = lower(specialization)
left join facility_names as f
    on f.system = 'hospital_ops' and f.source_name = coalesce(b.code, hospital_branch)
left join department_names as d
    on d.system = 'hospital_ops' and d.source_name = coalesce(s.code, specialization);
create table dim_doctors as
from doctors union all
select 'unknown', 'Unknown', 'unknown', 'unknown', 'unknown', null;
create temp table people as
select
    patient_id, key_of('hospital_ops|patient', patient_id) as patient_key,
    coalesce(g.code, 'unknown') as gender,
    case
        when coalesce(date_of(registration_date) - date_of(date_of_birth), 0) between 0 and 43830
            and date_of(date_of_birth) between date '1870-01-01' and date '2099-12-31'
            then digits(date_of(date_of_birth))
    end as born,
    coalesce(i.code, named(insurance_provider), 'unknown') as insurance,
    coalesce(a.code, named(region), 'unknown') as region
from (from raw('hospital_ops/patients') where is_key(patient_id, 'P')) as r
anti join (from superseded where source_table = 'patients') as o
    on o.file = r.filename and o.row_number = r.file_row_number
left join words as g
    on g.system = 'hospital_ops' and g.field = 'gender' and g.word = lower(r.gender)
left join words as i
    on i.system = 'hospital_ops' and i.field = 'insurance_provider'
    and i.word = lower(insurance_provider)
left join words as a
    on a.system = 'hospital_ops' and a.field = 'region' and a.word = lower(r.region);

-- stage: fct_appointments
-- the patients are the smaller side, which the optimiser does not know
set disabled_optimizers = 'build_side_probe_side';
create table fct_appointments as
select
    key_of('hospital_ops|appointment', appointment_id) as appointment_key,
    coalesce(d.facility_id, 'unknown') as facility_id,
    coalesce(d.department_id, 'unknown') as department_id,
    coalesce(d.doctor_id, 'unknown') as doctor_id,
    coalesce(p.patient_key, -1) as patient_key,
    r.day as appointment_date,
    hour(r.time) as appointment_hour,
    r.started_at,
    case
        when r.day >= getvariable('hospital_as_of') then 'future'
        when s.code in ('attended', 'no_show', 'cancelled') then s.code
        else 'unresolved'
    end as outcome,
    coalesce(v.code, named(reason_for_visit), 'unknown') as reason,
    case when booked <= r.day and in_range(booked) then r.day - booked end as lead_days,
    whole(duration_minutes, 1, 1440) as duration_minutes,
    case when s.code = 'cancelled' then c.code end as cancelled_by,
    case
        when s.code = 'cancelled'
            then date_diff('second', usable_stamp(cancelled_at), r.started_at) / 3600
    end as notice_hours,
    case
        when s.code = 'cancelled'
            then date_diff('second', usable_stamp(cancelled_at), r.started_at) < 86400
    end as is_late_cancellation,
    band(completed_years(p.born, digits(r.day))) as age_band,
    coalesce(p.gender, 'unknown') as gender,
    hash(appointment_id) as id_hash
from (
    select
        *, date_of(appointment_date) as day, try_cast(appointment_time as time) as time,
        day + time as started_at, cast(stamp(booked_at) as date) as booked
    from raw('hospital_ops/appointments')
    where is_key(appointment_id, 'A') and in_range(date_of(appointment_date))
) as r
anti join (from superseded where source_table = 'appointments') as o
    on o.file = r.filename and o.row_number = r.file_row_number
left join doctors as d on d.doctor_id = r.doctor_id
left join people as p on p.patient_id = r.patient_id
left join (from words where system = 'hospital_ops' and field = 'status') as s
    on s.word = lower(r.status)
left join (from words where system = 'hospital_ops' and field = 'cancelled_by') as c
    on c.word = lower(r.cancelled_by)
left join (from words where system = 'hospital_ops' and field = 'reason_for_visit') as v
    on v.word = lower(r.reason_for_visit);
set disabled_optimizers = '';

-- stage: fct_treatments
create table fct_treatments as
select
    key_of('hospital_ops|treatment', treatment_id) as treatment_key,
    coalesce(a.appointment_key, -1) as appointment_key,
    coalesce(a.patient_key, -1) as patient_key,
    coalesce(d.facility_id, 'unknown') as facility_id,
    coalesce(a.doctor_id, 'unknown') as doctor_id,
    coalesce(t.code, named(r.treatment_type), 'unknown') as treatment_type,
    date_of(r.treatment_date) as treatment_date,
    date_of(r.treatment_date) >= getvariable('hospital_as_of') as is_future,
    amount(r.cost) as cost,
    coalesce(a.outcome, 'unknown') as appointment_outcome,
    hash(r.treatment_id) as id_hash
from (
    from raw('hospital_ops/treatments')
    where is_key(treatment_id, 'T') and in_range(date_of(treatment_date))
) as r
anti join (from superseded where source_table = 'treatments') as o
    on o.file = r.filename and o.row_number = r.file_row_number
left join fct_appointments as a on a.id_hash = hash(r.appointment_id)
left join doctors as d on d.doctor_id = a.doctor_id
left join (from words where system = 'hospital_ops' and field = 'treatment_type') as t
    on t.word = lower(r.treatment_type);
alter table fct_appointments drop column id_hash;

-- stage: fct_bills
create table fct_bills as
select
    key_of('hospital_ops|bill', bill_id) as bill_key,
    coalesce(t.treatment_key, -1) as treatment_key,
    coalesce(p.patient_key, -1) as patient_key,
    coalesce(t.facility_id, 'unknown') as facility_id,
    date_of(bill_date) as bill_date,
    date_of(bill_date) >= getvariable('hospital_as_of') as is_future,
    usable_day(paid_at) as paid_date,
    amount(amount) as billed_amount,
    coalesce(
        amount(r.paid_amount),
        case
            when coalesce(s.code, 'unknown') != 'paid' then 0
            when amount(r.adjustment_amount) > amount(r.amount) then 0
            else amount(r.amount) - coalesce(amount(r.adjustment_amount), 0)
        end
    ) as paid_amount,
    coalesce(amount(r.adjustment_amount), 0) as adjustment_amount,
    coalesce(m.code, 'unknown') as payment_method,
    coalesce(s.code, 'unknown') as payment_status,
    coalesce(t.appointment_outcome, 'unknown') as appointment_outcome
from (
    from raw('hospital_ops/billing') where is_key(bill_id, 'B') and in_range(date_of(bill_date))
) as r
anti join (from superseded where source_table = 'billing') as o
    on o.file = r.filename and o.row_number = r.file_row_number
left join fct_treatments as t on t.id_hash = hash(r.treatment_id)
left join people as p on p.patient_id = r.patient_id
left join (from words where system = 'hospital_ops' and field = 'payment_method') as m
    on m.word = lower(r.payment_method)
left join (from words where system = 'hospital_ops' and field = 'payment_status') as s
    on s.word = lower(r.payment_status);
alter table fct_treatments drop column id_hash;

-- stage: fct_episodes
create table fct_episodes as
with parsed as (
    select
        r.*, date_of(r.date) as day, stamp(r.admitted_at) as admitted, stamp(r.arrived_at) as arrived,
        case when admitted <= stamp(r.discharged_at) or admitted is null
            then usable_stamp(r.discharged_at) end as discharged,
        case when arrived <= stamp(r.seen_at) or arrived is null
            then usable_stamp(r.seen_at) end as seen,
        case when arrived <= stamp(r.departed_at) or arrived is null
            then usable_stamp(r.departed_at) end as departed,
        cast(discharged as date) as ended_on,
        cast(discharged as date) - cast(usable_stamp(r.admitted_at) as date) as nights,
        case when whole(r.leave_days, 0, 3660) <= coalesce(
            cast(stamp(r.discharged_at) as date) - cast(admitted as date), 3660
        ) then whole(r.leave_days, 0, 3660) end as away,
        day >= getvariable('care_as_of') as is_future,
        whole(r.patient_age, 0, 110) as age,
        cast(case
            when try_cast(r.length_of_stay as decimal(18, 6)) between 0 and 3660
                then try_cast(r.length_of_stay as decimal(18, 6))
        end as double) as stay,
        coalesce(dep.code, named(r.department)) as department_name,
        coalesce(dis.code, 'unknown') as ending,
        coalesce(
            unit.code, case when dn.department_id = 'emergency' then 'hours' else 'days' end
        ) as stay_unit,
        coalesce(
            dn.department_id, 'care_episodes.' || slug(department_name), 'unknown'
        ) as department_id,
        coalesce(
            fn.facility_id, 'care_episodes.' || slug(coalesce(fac.code, named(r.facility))),
            'unknown'
        ) as facility_id,
        coalesce(reg.code, named(r.region), 'unknown') as region_name,
        coalesce(gen.code, 'unknown') as gender, coalesce(adm.code, 'unknown') as admission,
        coalesce(sta.code, 'unknown') as stage, coalesce(vis.code, 'unknown') as visit_end,
        wrd.code as answer
    from (
        from raw('care_episodes/episodes')
        where coalesce(named(episode_id), named(patient_id)) is not null
            and coalesce(lower(episode_id), '') != 'total' and in_range(date_of(date))
    ) as r
    anti join (from superseded where source_table = 'episodes') as o
        on o.file = r.filename and o.row_number = r.file_row_number
    left join (from words where system = 'care_episodes' and field = 'department') as dep
        on dep.word = lower(r.department)
    left join (from words where system = 'care_episodes' and field = 'facility') as fac
        on fac.word = lower(r.facility)
    left join (from words where system = 'care_episodes' and field = 'region') as reg
        on reg.word = lower(r.region)
    left join (from words where system = 'care_episodes' and field = 'patient_gender') as gen
        on gen.word = lower(r.patient_gender)
    left join (from words where system = 'care_episodes' and field = 'length_of_stay_unit') as unit
        on unit.word = lower(r.length_of_stay_unit)
    left join (from words where system = 'care_episodes' and field = 'admission_type') as adm
        on adm.word = lower(r.admission_type)
    left join (from words where system = 'care_episodes' and field = 'disposition') as dis
        on dis.word = lower(r.disposition)
    left join (from words where system = 'care_episodes' and field = 'cancer_stage') as sta
        on sta.word = lower(r.cancer_stage)
    left join (from words where system = 'care_episodes' and field = 'visit_end_status') as vis
        on vis.word = lower(r.visit_end_status)
    left join (from words where system = 'care_episodes' and field = 'patient_satisfaction') as wrd
        on wrd.word = lower(r.patient_satisfaction)
    left join (from department_names where system = 'care_episodes') as dn
        on dn.source_name = coalesce(dep.code, r.department)
    left join (from facility_names where system = 'care_episodes') as fn
        on fn.source_name = coalesce(fac.code, r.facility)
)
select
    key_of('care_episodes|episode', coalesce(
        named(episode_id),
        patient_id || '|' || day || '|' || coalesce(department_name, '') || '|'
        || coalesce(named(treatment_type), '')
    )) as episode_key,
    coalesce(key_of('care_episodes|patient', named(patient_id)), -1) as patient_key,
    facility_id,
    department_id,
    coalesce(named(treatment_type), 'unknown') as treatment_type,
    day as episode_date,
    usable_stamp(admitted_at) as admitted_at,
    discharged as discharged_at,
    case
        when not is_future and usable_stamp(admitted_at) is not null
            and ended_on < getvariable('care_as_of') then ended_on
    end as separation_date,
    separation_date is not null as is_separation,
    stay as length_of_stay_recorded,
    stay_unit as length_of_stay_unit,
    case when stay_unit = 'hours' then stay / 24 else stay end as length_of_stay_days,
    case when nights is not null
        then greatest(nights - coalesce(away, 0), 1) end as length_of_stay_aihw_days,
    nights as length_of_stay_nights,
    date_diff('second', usable_stamp(admitted_at), discharged) / 3600 as length_of_stay_hours,
    nights = 0 as is_same_day,
    away as leave_days,
    amount(treatment_cost) as cost,
    yes_no(treatment_success) as is_success,
    cast(case
        when try_cast(patient_satisfaction as decimal(18, 6)) between 0 and 10
            then try_cast(patient_satisfaction as decimal(18, 6))
    end as decimal(6, 2)) as satisfaction_score,
    answer as experience_answer,
    yes_no(readmission_30d) as is_readmitted_30d,
    coalesce(named(insurance_type), 'unknown') as insurance_type,
    gender,
    band(age) as age_band,
    age >= 18 as is_adult,
    region_name as region,
    admission as admission_type,
    yes_no(is_planned) as is_planned,
    ending as disposition,
    case when ending != 'unknown' then ending = 'died' end as is_death,
    coalesce(slug(named(diagnosis_group)), 'unknown') as diagnosis_group,
    yes_no(any_cancer_diagnosis) as has_cancer_diagnosis,
    stage as cancer_stage,
    usable_stamp(arrived_at) is not null as is_emergency_visit,
    whole(triage_category, 1, 5) as triage_category,
    usable_stamp(arrived_at) as arrived_at,
    seen as seen_at,
    departed as departed_at,
    visit_end as visit_end_status,
    date_diff('minute', usable_stamp(arrived_at), seen) as wait_minutes,
    date_diff('minute', usable_stamp(arrived_at), departed) as emergency_stay_minutes,
    is_future
from parsed;

-- stage: fct_cancer_cases
create table fct_cancer_cases as
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
    date_of(diagnosis_date) as diagnosis_date,
    coalesce(
        case when try_cast(survival_months as double) between 0 and 1200
            then try_cast(survival_months as double) end,
        (contact - date_of(diagnosis_date)) / 30.4375e0
    ) as survival_months,
    case vit.code when 'dead' then true when 'alive' then false end as is_dead,
    contact as last_contact_date,
    usable_day(referral_date) as referral_date,
    usable_day(decision_date) as decision_date,
    usable_day(treatment_date) as treatment_date,
    band(whole(age, 0, 110)) as age_band,
    coalesce(gen.code, 'unknown') as gender,
    coalesce(named(insurance_type), 'unknown') as insurance_type,
    date_of(diagnosis_date) >= getvariable('cancer_as_of') as is_future
from (
    select
        *,
        case when date_of(last_contact_date) >= date_of(diagnosis_date)
            then usable_day(last_contact_date) end as contact
    from raw('cancer_registry/cases')
    where is_key(patient_id, 'CR') and in_range(date_of(diagnosis_date))
) as r
anti join (from superseded where source_table = 'cases') as o
    on o.file = r.filename and o.row_number = r.file_row_number
left join words as reg
    on reg.system = 'cancer_registry' and reg.field = 'region' and reg.word = lower(r.region)
left join words as hos
    on hos.system = 'cancer_registry' and hos.field = 'hospital' and hos.word = lower(r.hospital)
left join words as sta
    on sta.system = 'cancer_registry' and sta.field = 'stage' and sta.word = lower(r.stage)
left join words as ou
    on ou.system = 'cancer_registry' and ou.field = 'outcome' and ou.word = lower(r.outcome)
left join words as vit
    on vit.system = 'cancer_registry' and vit.field = 'vital_status'
    and vit.word = lower(r.vital_status)
left join words as gen
    on gen.system = 'cancer_registry' and gen.field = 'gender' and gen.word = lower(r.gender)
left join facility_names as f
    on f.system = 'cancer_registry' and f.source_name = coalesce(hos.code, r.hospital);

-- stage: dim_patients
create table dim_patients as
select
    patient_key, 'hospital_ops' as source_system, gender,
    band(completed_years(born, digits(getvariable('hospital_as_of')))) as age_band,
    region, insurance, coalesce(slug(insurance), 'unknown') as payer_id, false as is_future
from people
union all
select
    patient_key, 'care_episodes', last.gender, last.age_band, last.region, last.insurance_type,
    coalesce(slug(last.insurance_type), 'unknown'), last.is_future
from (
    select
        patient_key,
        arg_max(
            {gender: gender, age_band: age_band, region: region,
                insurance_type: insurance_type, is_future: is_future},
            (not is_future, episode_date, -episode_key)
        ) as last
    from fct_episodes
    where patient_key >= 0
    group by patient_key
)
union all
select
    patient_key, 'cancer_registry', gender, age_band, region, insurance_type,
    coalesce(slug(insurance_type), 'unknown'), is_future
from fct_cancer_cases
union all
select -1, 'unknown', 'unknown', 'unknown', 'unknown', 'unknown', 'unknown', false;
