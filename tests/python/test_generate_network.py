"""Networks of any size: the same rows again, truths that can be found, dirt that adds up.

Usage: pytest tests/python/test_generate_network.py

What the rows must hold is asked of the raw text with SQL of its own, apart from the generator.
"""

from __future__ import annotations

import json
import math
import shutil
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

import generate_network
import settings
from network_data import making
from network_data.world import World, inclusion, plan_days
from raw_files import inventory

SIZE = 60_000
DAY = date(2026, 6, 30)
KEYS = {
    "hospital_ops/appointments": "appointment_id",
    "hospital_ops/treatments": "treatment_id",
    "hospital_ops/billing": "bill_id",
    "hospital_ops/patients": "patient_id",
    "hospital_ops/doctors": "doctor_id",
    "care_episodes/episodes": "episode_id",
    "care_episodes/available_beds": "facility || department || date",
    "cancer_registry/cases": "patient_id",
}


@pytest.fixture(scope="module")
def network(tmp_path_factory) -> Path:
    """A network of 60,000 appointments, made as a user would."""
    folder = tmp_path_factory.mktemp("network") / "raw"
    assert generate_network.main(["--output", str(folder), "--appointments", str(SIZE)]) == 0
    return folder


@pytest.fixture(scope="module")
def truths(network) -> dict:
    """What is said to be true of it."""
    return json.loads((network.parent / "raw_truths.json").read_text())


@pytest.fixture(scope="module")
def db(network) -> duckdb.DuckDBPyConnection:
    """Its tables as text, and its usable appointments typed."""
    connection = duckdb.connect()
    for folder in network.glob("*/*"):
        connection.execute(f"create view {folder.name} as from '{folder}/*.parquet'")
    connection.execute(
        f"""
        create view newest_appointments as
        select * exclude (filename, file_row_number)
        from read_parquet(
            '{network}/hospital_ops/appointments/*.parquet',
            filename = true, file_row_number = true
        )
        qualify row_number() over (
            partition by appointment_id order by filename desc, file_row_number desc
        ) = 1
        """
    )
    connection.execute(
        """
        create table booked as
        select
            *, cast(appointment_date as date) as day,
            cast(appointment_date as date) - cast(left(booked_at, 10) as date) as lead,
            cast(split_part(appointment_time, ':', 1) as int) as hour
        from newest_appointments
        where regexp_matches(appointment_date, '^202[3-6]-') and booked_at like '20__-__-__ __:__'
            and try_cast(booked_at as timestamp) is not null
            and try_cast(appointment_date as date) is not null
            and regexp_matches(appointment_time, '^(1[0-9]|0?[0-9]):[0-5][05]$')
            and appointment_date < '2026-07-01'
        """
    )
    return connection


def is_near(count: float, expected: float, variance: float) -> bool:
    """Whether a count lies within four standard deviations of what is expected."""
    return abs(count - expected) <= 4 * math.sqrt(variance)


def z_of_counts(rows: list[tuple[int, float]]) -> float:
    """How far a sum of yes and no lies from the sum of its probabilities, in deviations."""
    count = sum(yes for yes, _ in rows)
    expected = sum(chance for _, chance in rows)
    return (count - expected) / math.sqrt(sum(chance * (1 - chance) for _, chance in rows))


# --- the same again --------------------------------------------------------------------------


def digest(folder: Path) -> dict[str, bytes]:
    """The content of every file below a folder."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*.parquet")}


def test_a_month_alone_is_the_month_of_the_whole(network, tmp_path):
    whole = digest(network)
    maker = making.Maker(World(SIZE, SIZE // 5, SIZE // 50), tmp_path, "parquet")
    maker.appointments(2024, 10)
    maker.care([(2025, 3)])
    maker.cases(2021)
    maker.patients(0)
    maker.doctors()
    alone = digest(tmp_path)
    assert len(alone) == 4 + 1 + 1 + 1 + 1
    assert [name for name in alone if alone[name] != whole[name]] == []


def test_another_seed_draws_another_network(network, tmp_path):
    world = World(SIZE, SIZE // 5, SIZE // 50, seed="another")
    making.Maker(world, tmp_path, "parquet").appointments(2024, 2)
    assert digest(tmp_path).keys() < digest(network).keys()
    other = duckdb.sql(f"select count(*) from '{tmp_path}/hospital_ops/appointments/*.parquet'")
    same = duckdb.sql(
        f"from '{tmp_path}/hospital_ops/appointments/*.parquet' intersect"
        f" from '{network}/hospital_ops/appointments/2024-02.parquet'"
    )
    assert len(same.fetchall()) < other.fetchone()[0] / 100


# --- sizes -----------------------------------------------------------------------------------


def test_rows_are_as_many_as_asked(db, truths):
    appointments = db.sql(
        "select count(distinct appointment_id) from appointments"
        " where appointment_date < '2026-07-01'"
    ).fetchone()[0]
    # one in a hundred comes up to thirty days late, a few are withdrawn, lose key or date
    assert 0.98 * SIZE < appointments < SIZE
    treatments = db.sql("select count(distinct treatment_id) from treatments").fetchone()[0]
    assert 0.47 * SIZE < treatments < 0.55 * SIZE
    bills = db.sql("select count(distinct bill_id) from billing").fetchone()[0]
    assert 0.46 * SIZE < bills <= treatments + 10
    assert 0.95 < db.sql("select count(*) from episodes").fetchone()[0] / (SIZE / 5) < 1.05
    assert abs(db.sql("select count(*) from cases").fetchone()[0] / (SIZE / 50) - 1) < 0.05
    for table in ("appointments", "treatments", "billing", "patients", "doctors"):
        rows = db.sql(f"select count(*) from {table}").fetchone()[0]
        assert truths["counts"][f"hospital_ops.{table}"]["rows"] == rows


@pytest.mark.parametrize("size", (10_000, 1_000_000, 100_000_000))
def test_a_larger_network_has_more_of_everything_and_the_demo_in_it(size):
    world = World(size, size // 5, size // 50)
    days = [one for one in world.days if one.day < world.as_of]
    assert sum(one.count for one in days) == size
    assert [a.first + a.count for a in world.days[:-1]] == [b.first for b in world.days[1:]]
    assert world.places[2].name == "Ironbark Plains Hospital"
    assert len({place.name for place in world.places}) == len(world.places)
    busy = world.doctors[16]
    fellows = [one for one in world.doctors if one.place == busy.place and one is not busy]
    assert busy.tickets / fellows[0].tickets == pytest.approx(2.6, rel=0.05)
    a_day = size / 750 / len(world.doctors)
    assert a_day < 9 and (a_day > 7 or len(world.doctors) == 40)


def test_days_differ_by_chance_alone():
    days = [one.count for one in plan_days(1_000_000, "x") if one.day.isoweekday() == 3]
    mean = sum(days) / len(days)
    variance = sum((count - mean) ** 2 for count in days) / len(days)
    assert 0.6 < variance / mean < 1.5


def test_a_doctor_is_at_no_time_twice_while_another_is_free():
    chances = inclusion({600: 170, 630: 170, 660: 10, 690: 10}, 3)
    assert sum(chances.values()) == pytest.approx(3)
    assert chances[600] == chances[630] == 1


# --- truths ----------------------------------------------------------------------------------


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
                and vital_status in ('dead', 'alive'))
        where stage in ('Stage I', 'Stage III') and cancer_type in ('Lung', 'Breast')
        group by 1, 2, 3
        """
    ).fetchall()
    base = {"Stage I": 0.004, "Stage III": 0.022}
    factor = {"Lung": 1.5, "Breast": 0.7}
    assert len(found) == 8
    for stage, is_there, kind, deaths, months in found:
        expected = base[stage] * factor[kind] * (1.6 if is_there else 1) * months
        assert is_near(deaths, expected, expected * 1.3), (stage, is_there, kind)


# --- dirt ------------------------------------------------------------------------------------

NO_TIME = "not regexp_matches(appointment_time, '^[0-9]{1,2}:[0-9]{2}$')"
PLACEHOLDERS = "('?', 'N/A', '-', 'null', 'NULL', 'NaN', 'na')"
DIRT = {
    ("hospital_ops.appointments", "repaired/patient_id/orphan"): "patient_id like 'PX%'",
    ("hospital_ops.appointments", "repaired/doctor_id/orphan"): "doctor_id like 'DX%'",
    ("hospital_ops.appointments", "repaired/status/unmapped_code"): "status = 'Reshuffled'",
    ("hospital_ops.appointments", "repaired/reason_for_visit/sentinel"): "reason_for_visit in "
    + PLACEHOLDERS,
    ("hospital_ops.appointments", "repaired/appointment_time/sentinel"): "appointment_time in "
    + PLACEHOLDERS,
    ("hospital_ops.appointments", "repaired/booked_at/after_event"): "left(booked_at, 10) > "
    "appointment_date and try_cast(booked_at as timestamp) is not null"
    " and try_cast(appointment_date as date) between date '2020-01-01' and date '2027-01-01'",
    ("hospital_ops.appointments", "rejected/appointment_id/missing_key"): "appointment_id = ''",
    ("hospital_ops.appointments", "rejected//blank_row"): "appointment_id is null",
    ("hospital_ops.treatments", "rejected//blank_row"): "treatment_id is null and cost is null",
    ("hospital_ops.treatments", "rejected//totals_row"): "treatment_id ilike '%total%'",
    ("hospital_ops.treatments", "repaired/cost/out_of_range"): "cost like '-_%' and"
    " description != 'entered twice'",
    ("hospital_ops.billing", "repaired/payment_method/unmapped_code"): "payment_method = 'Barter'",
    ("hospital_ops.billing", "rejected/bill_id/missing_key"): "bill_id = ''",
    ("care_episodes.episodes", "repaired/patient_age/out_of_range"): "patient_age in"
    " ('363', '127', '-4', '245', '111')",
    ("care_episodes.episodes", "rejected//totals_row"): "episode_id = 'TOTAL'",
    ("care_episodes.episodes", "flagged//overlapping_stay"): "episode_id like 'EX%'",
    ("cancer_registry.cases", "repaired/age/not_a_number"): "age in ('sixty', '7O')",
    ("cancer_registry.cases", "rejected/patient_id/missing_key"): "patient_id = ''",
}


@pytest.mark.parametrize(("table", "what"), DIRT)
def test_dirt_is_as_much_as_the_record_says(db, truths, table, what):
    # an older version may hold what is no fault of the newest one
    name = "newest_appointments" if "after_event" in what else table.split(".")[1]
    found = db.sql(f"select count(*) from {name} where {DIRT[table, what]}").fetchone()[0]
    assert found == truths["counts"][table].get(what, 0)


def test_versions_are_as_many_as_the_record_says(db, truths):
    for table, name, key in (
        ("hospital_ops.appointments", "appointments", "appointment_id"),
        ("hospital_ops.billing", "billing", "bill_id"),
        ("hospital_ops.patients", "patients", "patient_id"),
        ("care_episodes.episodes", "episodes", "episode_id"),
        ("cancer_registry.cases", "cases", "patient_id"),
    ):
        older = db.sql(
            f"select sum(c - 1) from (select count(*) as c from {name}"
            f" where {key} != '' and {key} not ilike '%total%' group by {key})"
        ).fetchone()[0]
        assert older == truths["counts"][table]["superseded//superseded"] > 0, name


def test_dirt_comes_at_the_demos_rates(truths):
    counts = truths["counts"]["hospital_ops.appointments"]
    for what, number in (
        ("repaired/reason_for_visit/sentinel", 18),
        ("repaired/status/unmapped_code", 12),
        ("superseded//superseded", 32),
        ("flagged//double_booking", 32),
    ):
        expected = number / 12_200 * SIZE
        assert is_near(counts[what], expected, 2 * expected), what


def test_the_raw_door_takes_the_folder(network):
    found = inventory(network)
    assert found.warnings == []
    assert {file.table.system for file in found.files} == {
        "hospital_ops",
        "care_episodes",
        "cancer_registry",
        "team_surveys",
    }


# --- deliveries ------------------------------------------------------------------------------


def make(folder: Path, **world) -> None:
    """What the systems know of the last months."""
    as_of, day = world.get("as_of", DAY), world.get("day")
    one = World(SIZE, SIZE // 5, SIZE // 50, as_of=as_of, day=day)
    maker = making.Maker(one, folder, "parquet")
    maker.bookings([(2025, 8), (2026, 2), (2026, 6), (2026, 7), (2026, 8), (2026, 9)])
    maker.care([(2026, 5), (2026, 6)])
    maker.patients(0)
    maker.doctors()
    maker.cases(2025)
    maker.cases(2026)
    maker.beds()
    maker.deliver()


@pytest.fixture(scope="module")
def mornings(tmp_path_factory) -> tuple[Path, Path, Path]:
    """What is known on one morning, what that day brings, and what is known on the next."""
    folder = tmp_path_factory.mktemp("mornings")
    before, day, after = folder / "before", folder / "day", folder / "after"
    make(before)
    make(day, day=DAY, as_of=DAY + timedelta(days=1))
    make(after, as_of=DAY + timedelta(days=1))
    return before, day, after


@pytest.mark.parametrize("table", KEYS)
def test_a_morning_and_its_day_are_the_next_morning(mornings, table):
    before, day, after = mornings
    key = KEYS[table]
    names = [one[0] for one in duckdb.sql(f"from '{before}/{table}/*.parquet' limit 0").description]
    columns = ", ".join(names)

    def newest(*folders: Path) -> str:
        """Rows by the rule of versions: the later file by name, else the later row."""
        found = " union all by name ".join(
            f"select * from read_parquet('{folder}/{table}/*.parquet', filename = true,"
            " file_row_number = true, union_by_name = true)"
            for folder in folders
        )
        # the name of the file alone decides, as if all were in one folder
        status = "record_status is distinct from 'deleted'" if len(folders) > 1 else "true"
        return f"""
            select {columns} from (
                select *, row_number() over (partition by {key} order by
                    split_part(parse_filename(filename), '.', 1) desc, file_row_number desc
                ) as place
                from ({found})
                where coalesce({key}, '') != '' and {key} not ilike '%total%'
            ) where place = 1 and {status}
        """

    brought = duckdb.sql(f"select count(*) from '{day}/{table}/*.parquet'").fetchone()[0]
    assert brought > 0
    difference = duckdb.sql(
        f"(({newest(before, day)}) except all ({newest(after)})) union all"
        f" (({newest(after)}) except all ({newest(before, day)}))"
    ).fetchall()
    assert difference == []
    assert (
        duckdb.sql(
            f"({newest(after)}) except all ({newest(before)})",
        ).fetchall()
        != []
    )


def test_a_day_brings_late_rows_corrections_and_deletions(tmp_path):
    world = World(300_000, 0, 0, day=DAY, as_of=DAY + timedelta(days=1))
    maker = making.Maker(world, tmp_path, "parquet")
    maker.bookings([(2025, 10), (2025, 12), (2026, 3), (2026, 6)])
    files = f"'{tmp_path}/hospital_ops/appointments/delivered-2026-06-30.parquet'"
    found = duckdb.sql(
        f"""
        select
            count(*) filter (appointment_date between '2026-05-31' and '2026-06-29'),
            count(*) filter (appointment_date < '2026-05-31' and record_status is null),
            count(*) filter (record_status = 'deleted'),
            count(*) filter (appointment_date = '2026-06-30')
        from {files}
        """
    ).fetchone()
    late, corrected, deleted, that_day = found
    assert late > 0 and corrected > 0 and deleted > 0
    assert that_day > 20 * late


# --- errors ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "words"),
    (
        (("--appointments", "9999"), "--appointments 9,999 is outside 10,000"),
        (("--appointments", "20000", "--episodes", "-1"), "--episodes -1 is outside 0"),
        (("--day", "2026-02-30"), "2026-02-30 is no day"),
        (("--history-until", "2022-01-01"), "2022-01-01 is outside the data"),
        (("--memory", "much"), "--memory much is no size"),
        (("--workers", "0"), "--workers 0"),
    ),
)
def test_nonsense_is_refused_in_one_line(tmp_path, arguments, words):
    with pytest.raises(settings.UserError) as told:
        generate_network.main(["--output", str(tmp_path / "raw"), *arguments])
    assert words in str(told.value) and ";" in str(told.value)
    assert list(tmp_path.iterdir()) == []


def test_too_small_a_disk_is_said_before_anything_is_made(tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)._replace(free=500_000)
    monkeypatch.setattr(generate_network.shutil, "disk_usage", lambda path: usage)
    with pytest.raises(settings.UserError, match="about 0.0 GB are needed and 0.0 GB are free"):
        generate_network.main(["--output", str(tmp_path / "raw"), "--appointments", "10000"])
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path):
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "mine.txt").write_text("mine")
    with pytest.raises(settings.UserError, match="not empty"):
        generate_network.main(["--output", str(tmp_path / "raw"), "--appointments", "10000"])
    assert [path.name for path in tmp_path.rglob("*")] == ["raw", "mine.txt"]


def test_a_full_disk_is_one_line_and_leaves_nothing(tmp_path, monkeypatch):
    def full(maker, *_):
        raise duckdb.IOException("No space left on device")

    monkeypatch.setattr(making.Maker, "write", full)
    with pytest.raises(settings.UserError, match="cannot be written"):
        generate_network.main(
            ["--output", str(tmp_path / "raw"), "--appointments", "10000", "--episodes", "0"]
        )
    assert list(tmp_path.iterdir()) == []


def test_csv_holds_the_same_rows(network, tmp_path):
    maker = making.Maker(World(SIZE, SIZE // 5, SIZE // 50), tmp_path, "csv")
    maker.appointments(2024, 2)
    for table in ("appointments", "treatments", "billing"):
        csv = f"read_csv('{tmp_path}/hospital_ops/{table}/2024-02.csv', all_varchar = true)"
        columns = "columns(c -> true)"
        parquet = f"'{network}/hospital_ops/{table}/2024-02.parquet'"
        same = f"select nullif({columns}, '') from "
        difference = duckdb.sql(f"{same} {csv} except all {same} {parquet}").fetchall()
        assert difference == []
