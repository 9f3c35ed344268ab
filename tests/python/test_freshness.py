"""Freshness: dbt's own check on the real project, the limits of a data set, and the publish gate.

Usage: pytest tests/python/test_freshness.py
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

import freshness
from conftest import ROOT, environment_of, run_dbt, shared_folder
from house import House
from raw_contract import load_contract
from settings import UserError

STARTED = datetime(2026, 7, 10, 2, 0, 0)
LIMITS = {"hospital_ops": {"warn_after_days": 2, "refuse_after_days": 7}}


def database(
    limits: dict, files: list[tuple], events: dict[str, date] | None = None
) -> duckdb.DuckDBPyConnection:
    """What a build leaves behind, as far as freshness goes; files are (system, table, time)."""
    db = duckdb.connect()
    db.execute("attach ':memory:' as p; create schema p.private; create schema p.marts")
    db.execute("create schema p.raw; create table p.raw.files as select '' source_system, "
               "'' source_table, timestamp '2000-01-01' modified_at limit 0")  # fmt: skip
    db.execute(
        "create table p.private.last_build as select cast(? as timestamp) started_at, ? freshness",
        [STARTED, json.dumps(limits)],
    )
    db.executemany("insert into p.raw.files values (?, ?, ?)", files or [("x", "y", None)])
    db.execute(
        "create table p.marts.dq_freshness (source_system varchar, source_table varchar, "
        "files bigint, last_event_date date)"
    )
    for system, table in load_contract().tables:
        count = sum(file[:2] == (system, table) for file in files)
        event = (events or {}).get(table)
        row = [system, table, count, event]
        db.execute("insert into p.marts.dq_freshness values (?, ?, ?, ?)", row)
    return db


def statuses(db: duckdb.DuckDBPyConnection) -> dict[str, str]:
    return {feed.name: feed.status for feed in freshness.feeds(db, "p")}


def ago(**spell: float) -> datetime:
    return STARTED - timedelta(**spell)


def test_ages_at_before_and_beyond_the_limits():
    db = database(
        LIMITS,
        [
            ("hospital_ops", "patients", ago(days=2)),  # exactly at the limit is within it
            ("hospital_ops", "doctors", ago(days=2, seconds=1)),
            ("hospital_ops", "appointments", ago(days=7)),
            ("hospital_ops", "billing", ago(days=40)),
            ("hospital_ops", "billing", ago(days=7, seconds=1)),  # the newest file counts
            ("hospital_ops", "treatments", ago(days=-3)),  # dated ahead
            ("care_episodes", "episodes", ago(days=400)),
        ],
    )
    found = statuses(db)
    assert found == {name: "no file" for name in found} | {
        "hospital_ops/patients": "fresh",
        "hospital_ops/doctors": "stale",
        "hospital_ops/appointments": "stale",
        "hospital_ops/billing": "too old",
        "hospital_ops/treatments": "stale",
        "care_episodes/episodes": "no limit",
    }
    warnings = freshness.warnings_of(freshness.feeds(db, "p"))
    assert (
        "stale data, hospital_ops/appointments is 7.0 days old "
        "(newest file 2026-07-03 02:00 UTC, warn after 2 days)" in warnings
    )
    assert any("treatments is dated 3.0 days ahead" in line for line in warnings)
    with pytest.raises(UserError) as caught:
        freshness.refuse_too_old(freshness.feeds(db, "p"))
    line = str(caught.value)
    assert "hospital_ops/billing is 7.0 days old" in line and "refuse after 7 days" in line
    assert "episodes" not in line and "\n" not in line and line.count("; ") == 1


def test_exceptions_and_the_demo_data_are_never_stale():
    limits = {"hospital_ops": {"warn_after_days": 1, "except": ["doctors"]}}
    db = database(limits, [("hospital_ops", "doctors", ago(days=90))])
    assert statuses(db)["hospital_ops/doctors"] == "not aged"
    assert freshness.warnings_of(freshness.feeds(db, "p")) == []
    for by in ("file_time", "event_date"):
        limits = {"hospital_ops": {"refuse_after_days": 1, "by": by}}
        db = database(limits, [("hospital_ops", "billing", None)], {"billing": date(2020, 1, 1)})
        assert statuses(db)["hospital_ops/billing"] == "not aged"
        freshness.refuse_too_old(freshness.feeds(db, "p"))


def test_a_system_with_limits_that_sends_nothing_is_beyond_them():
    files = [("care_episodes", "episodes", ago(days=0))]
    with pytest.raises(UserError, match="hospital_ops has no file at all"):
        freshness.refuse_too_old(freshness.feeds(database(LIMITS, files), "p"))
    db = database({"hospital_ops": {"warn_after_days": 2}}, files)
    assert freshness.warnings_of(freshness.feeds(db, "p")) == [
        "stale data, hospital_ops has no file at all (warn after 2 days)"
    ]
    assert not freshness.warnings_of(freshness.feeds(database({}, files), "p"))


def test_age_by_the_last_event():
    limits = {"hospital_ops": {"warn_after_days": 2, "refuse_after_days": 9, "by": "event_date"}}
    fresh_files = [("hospital_ops", t, STARTED) for t in ("appointments", "billing", "doctors")]
    here = STARTED.replace(tzinfo=UTC).astimezone().date()
    events = {"appointments": here - timedelta(days=2), "billing": here - timedelta(days=10)}
    db = database(limits, fresh_files, events)
    found = statuses(db)
    assert found["hospital_ops/appointments"] == "fresh"
    assert found["hospital_ops/billing"] == "too old"
    assert found["hospital_ops/doctors"] == "not aged"
    with pytest.raises(UserError, match=f"last event {events['billing']}, refuse after 9"):
        freshness.refuse_too_old(freshness.feeds(db, "p"))


def test_a_database_without_the_record_has_no_ages():
    db = duckdb.connect()
    db.execute("attach ':memory:' as p")
    assert freshness.feeds(db, "p") == []


@pytest.mark.parametrize(
    ("text", "is_good"),
    [
        ("{hospital_ops: {warn_after_days: 2, refuse_after_days: 7}}", True),
        ("{hospital_ops: {refuse_after_days: 7, by: event_date, except: [doctors]}}", True),
        ("{}", True),
        ("{hospital: {warn_after_days: 2}}", False),
        ("{hospital_ops: {warn_after: 2}}", False),
        ("{hospital_ops: {warn_after_days: 0}}", False),
        ("{hospital_ops: {warn_after_days: 0.5}}", False),
        ("{hospital_ops: {warn_after_days: 9, refuse_after_days: 7}}", False),
        ("{hospital_ops: {warn_after_days: two}}", False),
        ("{hospital_ops: {by: size}}", False),
        ("{hospital_ops: {except: [doktors]}}", False),
        ("{hospital_ops: {except: doctors}}", False),
        ("{hospital_ops: 7}", False),
        ("7", False),
    ],
)
def test_limits_in_the_settings(tmp_path, text, is_good):
    (tmp_path / "wardhouse.yml").write_text(f"freshness: {text}\n")
    done = subprocess.run(
        [sys.executable, "scripts/folder_settings.py"],
        cwd=ROOT,
        env=os.environ | {"WARDHOUSE_RAW_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == (0 if is_good else 2), done.stderr
    if not is_good:
        (line,) = done.stderr.splitlines()
        assert "freshness: " in line and "warn_after_days: 2" in line and "hospital_ops" in line


@pytest.mark.parametrize(
    ("days", "code", "words"),
    [
        (1, 0, ""),
        (3, 0, "wardhouse: stale data, hospital_ops/billing is 3.0 days old"),
        (8, 2, "wardhouse: the raw data are too old, hospital_ops/billing is 8.0 days old"),
    ],
)
def test_the_publish_warns_or_refuses(tmp_path, days, code, words):
    house = House(tmp_path)
    house.build()
    newest = ago(days=days)
    house.change(
        f"""
        alter table private.last_build add column started_at timestamp;
        alter table private.last_build add column freshness varchar;
        update private.last_build set started_at = '{STARTED}', freshness = '{json.dumps(LIMITS)}';
        create schema raw;
        create table raw.files as
        select 'hospital_ops' source_system, 'billing' source_table,
            timestamp '{newest}' modified_at;
        create table marts.dq_freshness as
        select 'hospital_ops' source_system, 'billing' source_table, 1::bigint files,
            null::date last_event_date;
        """
    )
    done = house.run()
    assert done.returncode == code, done.stderr
    assert done.stderr.startswith(words) and (words or not done.stderr)
    assert len(done.stderr.splitlines()) == (1 if words else 0)
    assert house.target.exists() == (code == 0)


@pytest.fixture(scope="module")
def own_folder(tmp_path_factory) -> Path:
    """Tables of four ages without any row, one exception, and six tables without a file."""
    raw = tmp_path_factory.mktemp("own") / "raw"
    now = datetime.now(UTC).timestamp()
    for table, days in (("appointments", 5), ("patients", 3), ("billing", 1), ("doctors", 99)):
        path = raw / "hospital_ops" / f"{table}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(",".join(load_contract().tables["hospital_ops", table].columns) + "\n")
        os.utime(path, (now - days * 86400, now - days * 86400))
    (raw / "wardhouse.yml").write_text(
        "freshness: {hospital_ops: {warn_after_days: 2, refuse_after_days: 4, except: [doctors]}}\n"
    )
    return raw


def test_dbt_source_freshness_on_the_real_project(own_folder):
    done = run_dbt(own_folder.parent, "source", "freshness", raw_dir=own_folder)
    assert done.returncode == 1, done.output
    results = json.loads((own_folder.parent / "target" / "sources.json").read_text())["results"]
    found = {result["unique_id"].split(".", 2)[2]: result for result in results}
    assert len(found) == 10
    assert {name: r["status"] for name, r in found.items() if r["status"] != "pass"} == {
        "hospital_ops.appointments": "error",
        "hospital_ops.patients": "warn",
    }
    assert found["hospital_ops.appointments"]["max_loaded_at_time_ago_in_s"] == pytest.approx(
        5 * 86400, abs=600
    )
    # a table that was not delivered is said and is no error
    assert "care_episodes/episodes: no file" in done.output
    assert "hospital_ops/doctors: comes seldom" in done.output
    assert "Traceback" not in done.output


def test_the_door_stops_a_real_run(own_folder):
    """The whole chain with the real dbt: one line, said once, exit code 2, a summary."""
    folder = own_folder.parent
    (own_folder / "hospital_ops" / "slots.csv").write_text("a,b\n1,2\n")
    done = subprocess.run(
        [sys.executable, "scripts/run_warehouse.py"],
        cwd=ROOT,
        env=environment_of(folder, own_folder),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    summary = json.loads((folder / "build" / "run_summary.json").read_text())
    assert (summary["outcome"], summary["exit_code"]) == ("stopped", 2)
    assert summary["line"].startswith("required columns doctor_id, start_at, held missing")
    assert done.stderr.splitlines()[-1] == f"wardhouse: {summary['line']}"
    assert "required columns" not in done.stdout
    assert not (folder / "warehouse").exists()


def test_ages_of_the_demo_build(demo_build):
    """The mart of the demo data: no file times, and every feed reaches its system's as-of date."""
    rows = demo_build.records("select * from dq_freshness")
    assert len(rows) == 10 and all(row["files"] == 1 for row in rows)
    assert {row["newest_file_date"] for row in rows} == {None}
    dated = {row["source_table"]: row["days_to_as_of"] for row in rows if row["last_event_date"]}
    assert {"appointments", "treatments", "billing", "episodes", "cases"} <= dated.keys()
    assert all(1 <= days <= 14 for days in dated.values()), dated


@pytest.mark.soak
def test_a_whole_run_of_an_own_folder(tmp_path):
    """The real thing with dbt's unit tests, which know the demo data: refused, then published."""
    raw = tmp_path / "raw"
    shutil.copytree(shared_folder("data") / "hospital_ops", raw / "hospital_ops")
    for path in (raw / "hospital_ops").iterdir():
        path.chmod(0o644)
        days = 99 if path.name == "doctors.csv" else 5
        then = datetime.now(UTC).timestamp() - days * 86400
        os.utime(path, (then, then))
    limits = "{warn_after_days: 2, refuse_after_days: %d, except: [doctors]}"
    for refuse_after, code in ((4, 2), (9, 0)):
        (raw / "wardhouse.yml").write_text(
            f"as_of_date: 2024-01-01\nfreshness: {{hospital_ops: {limits % refuse_after}}}\n"
        )
        done = subprocess.run(
            [sys.executable, "scripts/run_warehouse.py"],
            cwd=ROOT,
            env=environment_of(tmp_path, raw),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, done.stdout[-3000:] + done.stderr
        summary = json.loads((tmp_path / "build" / "run_summary.json").read_text())
        assert summary["tests"]["failed"] == 0 and summary["tests"]["of_which_unit_tests"] > 100
        assert summary["outcome"] == ("published" if code == 0 else "refused")
        words = summary["line"] if code else " ".join(summary["warnings"])
        assert "hospital_ops/billing is 5.0 days old" in words and "doctors" not in words
