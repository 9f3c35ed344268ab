"""Networks of any size: what is true of the demo can be found in them.

Usage: pytest tests/python/test_network_truths.py

What the rows must hold is asked of the raw text with SQL of its own, apart from the generator.
"""

from __future__ import annotations

import math

import duckdb
import pytest

from network_data import making
from network_data.world import World
from network_fixtures import SIZE, is_near, z_of_counts


def test_no_shows_follow_the_lead_days_and_the_reminders(db):
    rows = db.sql(
        """
        select lead, day >= date '2025-02-01', status in ('No-show', 'DNA')
        from booked
        where status in ('No-show', 'DNA', 'Completed', 'Attended') and lead >= 0
        """
    ).fetchall()
    assert len(rows) > 0.7 * SIZE

    def chance(lead: int, reminded: bool) -> float:
        return 1 / (1 + math.exp(2.8 - 0.024 * lead - (math.log(0.6) if reminded else 0)))

    for low, high in ((0, 7), (8, 21), (22, 42), (43, 90)):
        for reminded in (False, True):
            some = [
                (no_show, chance(lead, reminded))
                for lead, is_reminded, no_show in rows
                if low <= lead <= high and is_reminded == reminded
            ]
            assert len(some) > 1000
            assert abs(z_of_counts(some)) < 4, (low, reminded)
    # and nothing else would do: without the slope, or the reminders, it lies far away
    assert abs(z_of_counts([(no, chance(0, r)) for lead, r, no in rows if lead > 42])) > 10
    assert abs(z_of_counts([(no, chance(lead, False)) for lead, r, no in rows if r])) > 8


def test_cancellations_backlog_and_the_busy_doctor(db):
    count, cancelled, patient = db.sql(
        """
        select count(*), count(*) filter (status in ('Cancelled', 'Canceled')),
            count(*) filter (cancelled_by = 'patient')
        from booked where status != 'Scheduled'
        """
    ).fetchone()
    assert is_near(cancelled, 0.12 * count, 0.12 * 0.88 * count)
    assert is_near(patient, 0.7 * cancelled, 0.21 * cancelled + 0.02 * cancelled)
    there = "hospital_branch ilike 'Ironbark Plains%' and day >= date '2025-10-01'"
    for where, share in ((there, 0.35), (f"not ({there})", 0.008)):
        count, waiting = db.sql(
            f"""
            select count(*), count(*) filter (status = 'Scheduled')
            from booked join (select distinct on (doctor_id) * from doctors) using (doctor_id)
            where {where}
            """
        ).fetchone()
        assert count > 500
        assert is_near(waiting, share * count, share * (1 - share) * count), where
    busiest, most, next_most = db.sql(
        """
        select first(doctor_id), max(c), min(c) from (
            select doctor_id, count(*) as c from booked
            where doctor_id between 'D013' and 'D021' group by 1 order by c desc limit 2)
        """
    ).fetchone()
    assert busiest == "D017"
    assert 2.2 < most / next_most < 2.8


def test_peaks_of_weekdays_and_hours(db):
    days = dict(db.sql("select isodow(day), count(*) from booked group by 1").fetchall())
    assert 7 not in days
    assert days[1] / days[5] == pytest.approx(125 / 85, rel=0.06)
    hours = dict(
        db.sql("select hour, count(*) from booked where isodow(day) = 2 group by 1").fetchall()
    )
    assert hours[10] / hours[12] == pytest.approx(170 / 60, rel=0.1)
    monday = dict(
        db.sql("select hour, count(*) from booked where isodow(day) = 1 group by 1").fetchall()
    )
    ratio = (monday[9] / monday[10]) / (hours[9] / hours[10])
    # a little less than drawn: a doctor's hour does not hold more
    assert 1.3 < ratio < 1.6


def test_costs_of_treatments_and_fates_of_bills(db):
    costs = {
        kind: (count, mean, sigma)
        for kind, count, mean, sigma in db.sql(
            """
            select treatment_type, count(*), avg(c), stddev(ln(c))
            from (select treatment_type, try_cast(cost as double) as c from treatments
                  where description != 'entered twice')
            where c between 0.01 and 1e6 group by 1
            """
        ).fetchall()
    }
    for kind, mean, sigma in (("Dialysis", 640, 0.25), ("Chemotherapy", 2900, 0.45)):
        count, found, spread = costs[kind]
        assert found == pytest.approx(mean, abs=4 * mean * sigma * 1.1 / math.sqrt(count))
        assert spread == pytest.approx(sigma, rel=0.1)
    fates = db.sql(
        """
        select payment_method, count(*), count(*) filter (payment_status = 'Paid')
        from billing where bill_date < '2025-12-01' and left(bill_date, 7) not in
            ('2024-10', '2024-11', '2024-12', '2025-01')
            and payment_method in ('Cash', 'Credit Card', 'Insurance') group by 1
        """
    ).fetchall()
    assert len(fates) == 3
    for _, count, paid in fates:
        assert is_near(paid, 0.88 * count, 0.88 * 0.12 * count)


def test_patients_are_booked_when_registered_and_children_see_paediatricians(db):
    early, old = db.sql(
        """
        select
            count(*) filter (left(booked_at, 10) < registration_date),
            count(*) filter (specialization = 'Paediatrics'
                and day - cast(date_of_birth as date) >= 6575)
        from booked
        join (select distinct on (patient_id) * from patients
            where try_cast(date_of_birth as date) between date '1900-01-01' and date '2026-07-01'
                and date_of_birth <= registration_date
                and try_cast(registration_date as date) is not null) using (patient_id)
        join (select distinct on (doctor_id) * from doctors) using (doctor_id)
        """
    ).fetchone()
    assert (early, old) == (0, 0)


def test_care_episodes(db):
    home = "facility in ('Grevillea Gorge')"
    # whether somebody comes back unplanned within 29 days of going home, by the place
    rates = dict(
        db.sql(
            f"""
            with stays as (
                select *, try_cast(admitted_at as timestamp) as a,
                    try_cast(discharged_at as timestamp) as d
                from episodes where department not in ('Emergency') and triage_category is null
            )
            select {home}, avg(case when exists (
                select 1 from stays as back
                where back.patient_id = one.patient_id and back.a > one.d + interval 30 hour
                    and back.a < one.d + interval 31 day
                    and back.admission_type != 'Elective') then 1.0 else 0 end)
            from stays as one
            where disposition = 'home' and d < timestamp '2026-05-15' group by 1
            """
        ).fetchall()
    )
    odds = {place: rate / (1 - rate) for place, rate in rates.items()}
    assert 0.05 < rates[False] < 0.09
    assert 2.4 < odds[True] / odds[False] < 4.6
    scores = dict(
        db.sql(
            """
            select department = 'Emergency', avg(try_cast(patient_satisfaction as double))
            from episodes where try_cast(patient_satisfaction as double) between 0 and 10
            group by 1
            """
        ).fetchall()
    )
    assert scores[False] - scores[True] == pytest.approx(0.8, abs=0.12)
    winter = db.sql(
        """
        select exp(avg(ln(c)) filter (m in ('6', '7', '8')) - avg(ln(c)) filter (m not in
            ('6', '7', '8')))
        from (select try_cast(treatment_cost as double) as c, month as m from episodes
              where department = 'ICU') where c > 0
        """
    ).fetchone()[0]
    assert winter == pytest.approx(1.6, rel=0.25)
    success = dict(
        db.sql(
            """
            select cancer_stage, avg((treatment_success = 'Yes')::int) from episodes
            where treatment_success in ('Yes', 'No') group by 1
            """
        ).fetchall()
    )
    assert success["I"] == pytest.approx(0.9, abs=0.05)
    assert success["IV"] == pytest.approx(0.32, abs=0.06)
    departments = dict(
        db.sql(
            "select department, count(*) / sum(count(*)) over () from episodes group by 1"
        ).fetchall()
    )
    # the demo's shares
    for name, share in (("Emergency", 0.23), ("Oncology", 0.215), ("Surgery", 0.156)):
        assert departments[name] == pytest.approx(share, abs=0.03)


def test_hazards_of_the_registry(tmp_path):
    maker = making.Maker(World(10_000, 0, 40_000), tmp_path, "parquet")
    for year in (2020, 2021, 2022):
        maker.cases(year)
    found = duckdb.sql(
        f"""
        select stage, region = 'WA', cancer_type,
            count(*) filter (vital_status = 'dead'),
            sum(try_cast(last_contact_date as date) - cast(diagnosis_date as date)) / 30.4375
        from (select distinct on (patient_id) *
            from (
                select * from '{tmp_path}/cancer_registry/cases/*.parquet'
                order by last_contact_date desc
            )
            where try_cast(last_contact_date as date) >= try_cast(diagnosis_date as date)
                and diagnosis_date between '2020-01-01' and '2022-12-31'
                and vital_status in ('dead', 'alive'))
        where stage like 'Stage _%' and stage != 'Stage V' and region not in ('?', 'N/A', '-')
            and cancer_type in ('Breast', 'Colorectal', 'Lung', 'Melanoma', 'Prostate')
        group by 1, 2, 3
        """
    ).fetchall()
    base = {"Stage I": 0.004, "Stage II": 0.009, "Stage III": 0.022, "Stage IV": 0.055}
    factor = {"Breast": 0.7, "Colorectal": 1.1, "Lung": 1.5, "Melanoma": 0.9, "Prostate": 0.8}
    assert len(found) == 40
    sums: dict[object, list[float]] = {}
    for stage, is_there, kind, deaths, months in found:
        expected = base[stage] * factor[kind] * (1.6 if is_there else 1) * months
        for group in (stage, is_there, kind):
            whole = sums.setdefault(group, [0, 0])
            whole[0] += deaths
            whole[1] += expected
    for group, (deaths, expected) in sums.items():
        assert expected > 200
        assert is_near(deaths, expected, expected * 1.2), group
