"""Damaged files in real builds: what dbt and make do about them, and what is published.

Usage: pytest tests/python/test_broken_builds.py (with -m soak: complete builds)
"""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from broken_csv import CSV_CASES
from broken_files import ROOT, TABLES, Case, sound
from broken_parquet import PARQUET_CASES
from conftest import DBT, WITHOUT_TESTS, WITHOUT_UNIT_TESTS, Build, environment_of, publish, run_dbt

CASES = CSV_CASES + PARQUET_CASES
GOES_IN = [case for case in CASES if not case.stops and case.in_combined]
STOPS = {case.name: case for case in CASES if case.stops}
DEMO_ROWS = 300


def demo_folder(raw: Path, rows: int = DEMO_ROWS) -> None:
    """The first rows of every demo seed, as one file in the folder of each table."""
    for system, table in TABLES:
        target = raw / system / table / "0-demo.csv"
        target.parent.mkdir(parents=True, exist_ok=True)
        seed = ROOT / "seeds" / system / f"raw_{system}__{table}.csv"
        with seed.open(newline="", encoding="utf-8") as file:
            records = [row for _, row in zip(range(rows + 1), csv.reader(file), strict=False)]
        with target.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file, lineterminator="\n").writerows(records)


def place(raw: Path, number: int, case: Case) -> str:
    """Put a case's file beside the demo's, a table of one system after the other; its name."""
    system, table = list(TABLES)[number % len(TABLES)]
    name = f"{system}/{table}/case-{number}{case.ending}"
    (raw / name).write_bytes(case.make(sound(system, table, f"K{number}")))
    return name


@pytest.fixture(scope="module")
def everything(tmp_path_factory) -> tuple[Path, dict[str, Case]]:
    """One raw folder with every damaged file that may go in, several for each table."""
    raw = tmp_path_factory.mktemp("everything") / "raw"
    demo_folder(raw)
    return raw, {place(raw, number, case): case for number, case in enumerate(GOES_IN)}


def accounts_for(build: Build, files: dict[str, Case]) -> None:
    """Every record of every file stands in exactly one place."""
    tables = build.records("select * from dq_reconciliation")
    assert {(row["source_system"], row["source_table"]) for row in tables} == set(TABLES)
    assert {row["difference"] for row in tables} == {0}
    counted = dict(
        (file, (records, malformed))
        for file, records, malformed in build.query(
            "select source_file, raw_rows, malformed_rows from raw.files"
        )
    )
    judged = {
        (file, status): rows
        for file, status, rows in build.query(
            "select source_file, row_status, count(*) from intermediate.int_raw_rows_judged "
            "group by all"
        )
    }
    malformed = dict(
        build.query(
            "select source_file, count(*) from dq_rejected_rows where reason = 'malformed_line' "
            "group by all"
        )
    )
    for file, case in files.items():
        assert counted[file] == (case.records, case.bad), case.name
        statuses = ("accepted", "rejected", "superseded")
        assert sum(judged.get((file, s), 0) for s in statuses) == case.records, case.name
        assert malformed.get(file, 0) == case.bad, case.name
        # the sound records of each file are rows of their own: none replaces another's
        assert judged.get((file, "accepted"), 0) >= case.good, case.name


def test_all_damaged_files_in_one_build(everything, tmp_path):
    """Every row of some ninety damaged files in ten tables, accepted or rejected one by one."""
    raw, files = everything
    wanted = ("--select", "+dq_reconciliation", "+dq_rejected_rows")
    build = run_dbt(tmp_path, "build", *WITHOUT_TESTS, *wanted, raw_dir=raw)
    assert build.returncode == 0, build.output[-3000:]
    assert len(files) >= 85
    accounts_for(build, files)
    # what the publish step compares the files with: those of this very build
    kept = build.query(
        "select count(*) from raw.build_files join private.last_build using (invocation_id)"
    )
    assert kept == [(len(files) + len(TABLES),)]


def make_warehouse(folder: Path, raw: Path) -> subprocess.CompletedProcess:
    """`make warehouse` with the environment as it is: nothing is installed."""
    command = ["make", "warehouse", "-o", "setup", f"BIN={DBT.parent}"]
    return subprocess.run(
        [*command, f"RAW_DIR={raw}", f"WAREHOUSE={folder / 'warehouse' / 'wardhouse.duckdb'}"],
        cwd=ROOT,
        env=environment_of(folder, raw),
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def stopped(tmp_path_factory):
    """Run make on a raw folder that stops; what it said. Parsed once for all."""
    folder = tmp_path_factory.mktemp("stopped")
    published = folder / "warehouse" / "wardhouse.duckdb"
    published.parent.mkdir()
    published.write_bytes(b"the last good file")
    before = published.stat()

    def run(prepare) -> str:
        raw = folder / "raw"
        shutil.rmtree(raw, ignore_errors=True)
        prepare(raw)
        done = make_warehouse(folder, raw)
        said = done.stdout + done.stderr
        assert done.returncode == 2, said[-3000:]
        assert "Traceback" not in said and "Traceback" not in done.stdout
        assert published.read_bytes() == b"the last good file"
        assert published.stat().st_mtime_ns == before.st_mtime_ns
        assert published.stat().st_ino == before.st_ino
        assert [path.name for path in published.parent.iterdir()] == [published.name]
        complaints = [line.strip() for line in said.splitlines() if "wardhouse: " in line]
        complaints = [line for line in complaints if "a key for the hashed ids" not in line]
        assert len(complaints) == 1, said[-3000:]
        return complaints[0]

    return run


def damaged_as(name: str):
    """Prepare a raw folder with one damaged file."""
    case = STOPS[name]
    number = CASES.index(case)

    def prepare(raw: Path) -> None:
        system, table = list(TABLES)[number % len(TABLES)]
        path = raw / system / f"{table}{case.ending}"
        path.parent.mkdir(parents=True)
        path.write_bytes(case.make(sound(system, table, "K")))

    return prepare


IN_CI = ["an unclosed quote in the middle"]


@pytest.mark.parametrize("name", IN_CI)
def test_make_stops_with_one_line(name, stopped):
    line = stopped(damaged_as(name))
    assert all(word in line for word in STOPS[name].stops), line


def test_make_stops_before_dbt_at_spoilt_settings(stopped):
    def prepare(raw: Path) -> None:
        (raw / "hospital_ops").mkdir(parents=True)
        (raw / "wardhouse.yml").write_bytes(b"as_of_date: 2024-02-30\n")

    assert "day is out of range" in stopped(prepare)


@pytest.mark.soak
@pytest.mark.parametrize("name", sorted(set(STOPS) - set(IN_CI)))
def test_make_stops_with_one_line_at_every_damage(name, stopped):
    line = stopped(damaged_as(name))
    assert all(word in line for word in STOPS[name].stops), line


def test_the_check_by_hand_says_the_same(tmp_path):
    damaged_as("an unclosed quote in the middle")(tmp_path / "raw")
    command = [sys.executable, "scripts/raw_door.py", "check", "--raw-dir", str(tmp_path / "raw")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("wardhouse: a quote is never closed (record 4, line 5), ")


@pytest.mark.soak
def test_the_complete_build_of_all_damage_is_refused_with_its_numbers(everything, tmp_path):
    raw, files = everything
    build = run_dbt(tmp_path, "build", *WITHOUT_UNIT_TESTS, raw_dir=raw)
    assert build.returncode in (0, 1), build.output[-3000:]
    assert "Traceback" not in build.output
    accounts_for(build, files)
    build.published.parent.mkdir()
    build.published.write_bytes(b"")
    done = publish(build)
    assert done.returncode == 2 and build.published.read_bytes() == b""
    (line,) = done.stderr.splitlines()
    assert "data-quality rules are breached" in line and "threshold " in line and " rows (" in line
    breached = build.query(
        "select count(*) from dq_rule_results "
        "where rule_id = 'rejected_malformed_line' and status = 'breach'"
    )
    assert breached != [(0,)]


@pytest.mark.soak
@pytest.mark.parametrize("moment", ["before the models", "between the models"])
def test_a_file_corrected_in_the_middle_of_a_build_is_not_published(moment, tmp_path):
    """As many rows as before: no count tells, and every test of dbt is green."""
    raw = tmp_path / "raw"
    demo_folder(raw, rows=1_000_000)  # whole, or links to nothing breach a rule
    path = raw / "hospital_ops" / "patients" / "0-demo.csv"
    environment = environment_of(tmp_path, raw)
    command = [str(DBT), "--no-use-colors", "build", *WITHOUT_UNIT_TESTS]
    log = tmp_path / "logs" / "dbt.log"
    sign = " START " if moment == "before the models" else "model marts.dim_patients "
    running = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    while running.poll() is None:
        if log.exists() and sign in log.read_text(errors="replace"):
            new = path.with_name(".new")
            new.write_bytes(path.read_bytes().replace(b"Coast", b"Shore"))
            new.replace(path)
            break
        time.sleep(0.2)
    assert running.wait() == 0
    build = Build(tmp_path, environment, "", 0)
    done = publish(build)
    assert done.returncode == 2 and not build.published.exists()
    (line,) = done.stderr.splitlines()
    assert f"1 raw file changed after the build counted them, {path}; " in line
    # the next build is of the new file, and its state is known
    again = run_dbt(tmp_path, "run", "--select", "stg_hospital_ops__patients", raw_dir=raw)
    assert again.returncode == 0, again.output[-2000:]
    shores = "select count(*) from raw.hospital_ops__patients where region = 'Shore'"
    assert again.query(shores) != [(0,)]
