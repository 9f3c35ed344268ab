"""Networks of any size: the same rows again, as many as asked, and dirt that adds up.

Usage: pytest tests/python/test_generate_network.py
"""

from __future__ import annotations

import csv
import shutil
from collections import Counter
from pathlib import Path

import duckdb
import pytest

import generate_network
import settings
from conftest import WITHOUT_UNIT_TESTS, run_dbt
from network_data import (
    appointments,
    care_rows,
    making,
    people,
    registry,
    treatments,
)
from network_data.world import World, inclusion, plan_days
from network_fixtures import SIZE, is_near
from raw_files import inventory

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


# What the models call another name than the record, or find in more than one column.
CALLED = {"born_later": "out_of_range", "more_than_nights": "out_of_range"}


def test_no_rate_of_dirt_is_more_than_the_rules_tolerate():
    rules = Path(__file__).resolve().parents[2] / "seeds" / "reference" / "dq_rules.csv"
    limits = {}
    for rule in csv.DictReader(rules.open()):
        limits[rule["source_table"], rule["kind"], rule["reason"]] = float(rule["threshold"])
    world = World(10_000, 2_000, 200)
    tables = {
        "appointments": appointments.faults(world),
        "treatments": treatments.treatment_faults(world),
        "billing": treatments.bill_faults(world),
        "patients": people.patient_faults(world),
        "doctors": people.doctor_faults(world),
        "episodes": care_rows.faults(world),
        "cases": registry.faults(world),
    }
    for table, faults in tables.items():
        rates: Counter = Counter()
        for one in faults.list:
            if one.kind in ("repaired", "rejected"):
                rates[one.kind, CALLED.get(one.reason, one.reason)] += one.rate
        assert rates
        for (kind, reason), rate in rates.items():
            limit = limits.get((table, kind, reason), limits.get(("all", kind, reason), 1))
            assert rate < 0.8 * limit, (table, kind, reason)


def planted(truths: dict) -> Counter:
    """The dirt of the record as the ledgers of the warehouse count it."""
    found: Counter = Counter()
    for table, counts in truths["counts"].items():
        for what, count in counts.items():
            kind, _, rest = what.partition("/")
            if kind in ("rows", "oddity"):
                continue
            column, reason = rest.split("/")
            if reason == "two_columns":
                found[table, kind, "gender", "sentinel"] += count
                found[table, kind, "region", "sentinel"] += count
            else:
                column = column if kind == "repaired" else ""
                found[table, kind, column, CALLED.get(reason, reason)] += count
    return found


@pytest.mark.soak
def test_a_build_is_green_and_finds_exactly_what_was_planted(network, truths, tmp_path):
    build = run_dbt(tmp_path, "build", *WITHOUT_UNIT_TESTS, raw_dir=network)
    assert build.returncode == 0, build.output[-4000:]
    found: Counter = Counter()
    table = "source_system || '.' || source_table"
    for query in (
        f"select {table}, 'repaired', column_name, reason from dq_repairs",
        f"select {table}, 'rejected', '', reason from dq_rejected_rows",
        f"select {table}, 'flagged', '', reason from dq_flagged_rows",
    ):
        found.update(build.query(query))
    for name, count in build.query(f"select {table}, superseded_rows from dq_reconciliation"):
        found[name, "superseded", "", "superseded"] = count
    assert +found == +planted(truths)


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
