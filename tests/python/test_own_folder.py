"""A user's own raw folder, from damaged files to the refused publish."""

from __future__ import annotations

import csv
import gzip
import shutil
from pathlib import Path

import duckdb
import pytest

from conftest import ROOT, WITHOUT_TESTS, WITHOUT_UNIT_TESTS, Build, publish, run_dbt

SEEDS = ROOT / "seeds" / "hospital_ops"
TABLES = ("patients", "doctors", "appointments", "treatments", "billing", "slots")


def demo_folder(raw: Path, rows: int = 400) -> Path:
    """The first rows of the demo seeds as a user's raw folder."""
    for table in TABLES:
        target = raw / "hospital_ops" / f"{table}.csv"
        target.parent.mkdir(parents=True, exist_ok=True)
        with (SEEDS / f"raw_hospital_ops__{table}.csv").open(newline="") as file:
            records = list(csv.reader(file))
        with target.open("w", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(records[: rows + 1])
    return raw


@pytest.fixture(scope="module")
def damaged(tmp_path_factory) -> Build:
    """Three forms of files at once, with broken lines in one of them."""
    folder = tmp_path_factory.mktemp("damaged")
    raw = demo_folder(folder / "raw")
    system = raw / "hospital_ops"
    # appointments: two monthly files, the second with broken lines and in another column order
    lines = (system / "appointments.csv").read_text().splitlines()
    header, rows = lines[0], lines[1:]
    (system / "appointments").mkdir()
    (system / "appointments" / "2023-07.csv").write_text("\n".join([header, *rows[:200]]) + "\n")
    broken = [*rows[200:300], "A9,too,few", "", rows[300] + ",one,too,many", *rows[301:400]]
    (system / "appointments" / "2023-08.csv").write_bytes(
        ("\n".join([header, *broken]) + "\n").encode()
        + b"A99998,P1,D1,2023-08-01,9:00,\xff\xfe,x,,,,\n"
    )
    (system / "appointments.csv").unlink()
    # patients compressed; slots as typed Parquet
    with gzip.open(system / "patients.csv.gz", "wb") as file:
        file.write((system / "patients.csv").read_bytes())
    (system / "patients.csv").unlink()
    duckdb.execute(
        "copy (select doctor_id, try_cast(start_at as timestamp) as start_at,"
        f" held = 'true' as held from read_csv('{system / 'slots.csv'}', all_varchar = true))"
        f" to '{system / 'slots.parquet'}' (format parquet)"
    )
    (system / "slots.csv").unlink()
    build = run_dbt(folder, "build", *WITHOUT_TESTS, raw_dir=raw)
    assert build.returncode == 0, build.output[-3000:]
    return build


def test_broken_lines_are_rejected_one_by_one(damaged):
    found = damaged.query(
        "select source_file, row_number, reason from dq_rejected_rows"
        " where source_table = 'appointments' and source_file like '%08.csv'"
        " and reason in ('malformed_line', 'blank_row') order by row_number"
    )
    file = "hospital_ops/appointments/2023-08.csv"
    assert (file, 101, "malformed_line") in found
    assert (file, 102, "blank_row") in found
    assert (file, 103, "malformed_line") in found
    assert (file, 203, "malformed_line") in found
    planted_blanks = [row for row in found if row[2] == "blank_row" and row[1] != 102]
    assert len(found) == 4 + len(planted_blanks)


def test_every_row_of_every_form_is_accounted_for(damaged):
    rows = {r["source_table"]: r for r in damaged.records("select * from dq_reconciliation")}
    assert {r["difference"] for r in rows.values()} == {0}
    assert rows["appointments"]["raw_rows"] == 403
    assert rows["patients"]["raw_rows"] == rows["slots"]["raw_rows"] == 400
    ((files,),) = damaged.query(
        "select count(distinct source_file) from intermediate.int_raw_rows_judged"
    )
    assert files == 7


def test_build_without_data_tests_is_partial(damaged):
    """Only unit tests may be left out of a build that is to be published."""
    assert damaged.query("select is_complete from private.last_build") == [(False,)]


def test_typed_parquet_gives_the_same_slots(damaged):
    ((slots, held),) = damaged.query(
        "select count(*), count(*) filter (is_held) from staging.stg_hospital_ops__slots"
        " where row_status = 'accepted'"
    )
    assert slots > 380 and held > 0


def test_unclosed_quote_is_fatal_and_named(tmp_path):
    raw = demo_folder(tmp_path / "raw")
    path = raw / "hospital_ops" / "treatments.csv"
    lines = path.read_text().splitlines()
    lines[250] = lines[250].replace(",", ',"', 1)
    path.write_text("\n".join(lines) + "\n")
    build = run_dbt(tmp_path, "build", *WITHOUT_UNIT_TESTS, raw_dir=raw)
    assert build.returncode == 2, build.output[-2000:]
    complaints = [line for line in build.output.splitlines() if "wardhouse:" in line]
    assert any("treatments.csv" in c and "quote" in c and "250" in c for c in complaints)
    assert "Traceback" not in build.output


def test_empty_system_builds_empty(tmp_path):
    """One table without a row and no other: every model builds, every test is green."""
    raw = tmp_path / "raw" / "hospital_ops"
    raw.mkdir(parents=True)
    header = (SEEDS / "raw_hospital_ops__doctors.csv").read_text().splitlines()[0]
    (raw / "doctors.csv").write_text(header + "\n")
    build = run_dbt(tmp_path, "build", *WITHOUT_UNIT_TESTS, raw_dir=raw.parent)
    assert build.returncode == 0, build.output[-3000:]
    assert build.query("select count(*) from fct_appointments") == [(0,)]
    done = publish(build)
    assert done.returncode == 0, done.stderr


def test_breach_refuses_the_publish_and_names_the_numbers(tmp_path):
    raw = demo_folder(tmp_path / "raw", rows=300)
    path = raw / "hospital_ops" / "appointments.csv"
    # a date that is in no known format: every main date of 2023 is unusable
    path.write_text(path.read_text().replace("2023-", "23/"))
    bad = run_dbt(tmp_path, "build", *WITHOUT_UNIT_TESTS, raw_dir=raw)
    assert bad.returncode == 1
    bad.published.parent.mkdir(parents=True)
    bad.published.write_bytes(b"")
    done = publish(bad)
    assert done.returncode == 2
    (line,) = done.stderr.strip().splitlines()
    assert "rejected_unusable_date" in line and "hospital_ops/appointments" in line
    assert "threshold 2 %" in line
    assert bad.published.read_bytes() == b""


def test_settings_of_the_folder_reach_the_models(tmp_path):
    raw = demo_folder(tmp_path / "raw", rows=300)
    path = raw / "hospital_ops" / "appointments.csv"
    with path.open(newline="") as file:
        header, *rows = list(csv.reader(file))
    for row in rows:
        for i in (3, 7, 8):
            day, _, time = row[i].partition(" ")
            parts = day.split("-")
            if len(parts) == 3 and len(parts[0]) == 4:
                row[i] = f"{int(parts[1])}/{int(parts[2])}/{parts[0]} {time}".strip()
    with path.open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])
    (raw / "wardhouse.yml").write_text(
        "date_formats: {hospital_ops: mdy}\nas_of_date: 2023-07-20\n"
    )
    iso = demo_folder(tmp_path / "iso", rows=300)
    ours = run_dbt(tmp_path / "a", "build", *WITHOUT_TESTS, raw_dir=raw)
    theirs = run_dbt(
        tmp_path / "b",
        "build",
        *WITHOUT_TESTS,
        raw_dir=iso,
        dbt_vars={"as_of_date": {"hospital_ops": "2023-07-20"}},
    )
    assert ours.returncode == theirs.returncode == 0, ours.output[-2000:]
    sql = (
        "select row_number, appointment_date, started_at, outcome, lead_days, notice_hours"
        " from marts.fct_appointments inner join staging.stg_hospital_ops__appointments"
        " using (appointment_key, appointment_date) where row_status = 'accepted'"
        " order by row_number"
    )
    assert ours.query(sql) == theirs.query(sql)
    assert ours.query("select as_of_date from intermediate.int_systems_dated") == theirs.query(
        "select as_of_date from intermediate.int_systems_dated"
    )
    shutil.rmtree(tmp_path)
