"""The benchmark: nobody does less than the others, and what fails is named."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb
import pandas as pd
import pytest

import benchmark
from benchmarks import bars, check, contestants, measure, page, pandas_facts, stages
from conftest import ROOT, run_dbt
from lock_files import read_lock
from network_fixtures import SIZE
from settings import UserError

MILLIONS = SIZE / 1_000_000
PEERS = [name for name in contestants.EVERYONE if not name.startswith("wardhouse")]
FACTS = [f"+{fact}" for fact in check.FACTS] + ["+dq_rejected_rows"]


@pytest.fixture(scope="module")
def small(network) -> tuple[dict, str]:
    """One round of all but the warehouse on a small network: the results, and the page."""
    # a database server's own user must be able to go there, which pytest's folders do not allow
    folder = Path(tempfile.mkdtemp(prefix="wardhouse_bench_"))
    folder.chmod(0o755)
    try:
        results = folder / "results.json"
        asked = ["--sizes", str(MILLIONS), "--repeats", "1", "--data", str(network)]
        asked += ["--work", str(folder / "work"), "--output", str(results), "--without", "demo"]
        assert benchmark.main([*asked, "--contestants", *PEERS]) == 0
        yield json.loads(results.read_text()), results.with_suffix(".md").read_text()
    finally:
        shutil.rmtree(folder)


@pytest.mark.parametrize("name", PEERS)
def test_every_contestant_has_the_floors_results(small, name):
    results, text = small
    if name in results["absent"]:
        assert results["absent"][name] in text
        pytest.skip(results["absent"][name])
    (run,) = [run for run in results["runs"] if run["contestant"] == name]
    assert run["ending"] == "ok", run["message"]
    assert run["differences"] == []
    assert run["cpu_seconds"] > 0 and run["stored_bytes"] > 1e6 and run["written_bytes"] >= 0
    assert 3e7 < run["peak_memory_bytes"] < 4e9
    assert f"(`{name}`)" in text


def test_the_floors_facts_are_the_warehouses(network, tmp_path):
    build = run_dbt(
        tmp_path, "build", "--select", *FACTS, "--exclude-resource-type", "test", "unit_test",
        raw_dir=network,
    )  # fmt: skip
    assert build.returncode == 0, build.output[-4000:]
    with duckdb.connect(str(build.private), read_only=True) as connection:
        (secret,) = connection.execute("select secret from private.hash_key").fetchone()
    script = ROOT / "scripts" / "benchmarks" / "floor.py"
    command = [sys.executable, script, network, tmp_path, "--secret", secret]
    subprocess.run(command, check=True, capture_output=True)
    found = check.fact_differences(tmp_path / "floor.duckdb", build.private)
    assert found == {table: (0, 0, []) for table in (*check.FACTS, "rejects")}
    rows = contestants.floor_rows(tmp_path)["rows"]
    assert rows == contestants.warehouse_summary(tmp_path)["rows"]
    assert rows["fct_appointments"] > 0.99 * SIZE and all(rows.values())


def test_differences_are_found():
    bar = {"cube_bills": {"cube_rows": 3, "paid_amount": 1000.0}, "rejects": {"bills x": 2}}
    assert check.differences(bar, json.loads(json.dumps(bar))) == []
    other = {"cube_bills": {"cube_rows": 3, "paid_amount": 1000.01}}
    found = check.differences(bar, other)
    assert [line.split(":")[0] for line in found] == ["cube_bills.paid_amount", "rejects.bills x"]


def measured(code: str, seconds: float = 30, memory: int = 10**9) -> measure.Measured:
    limits = measure.Limits(seconds, memory)
    return measure.run([sys.executable, "-c", code], limits, ROOT)


def test_a_run_that_meets_a_limit_is_ended_and_named():
    greedy = measured("x = bytearray(400_000_000)\nimport time; time.sleep(20)", memory=200_000_000)
    assert greedy.ending == "out of memory" and "0.2 GB" in greedy.message
    assert greedy.seconds < 10 and greedy.peak_memory_bytes > 200_000_000
    slow = measured("import time; time.sleep(20)", seconds=0.5)
    assert slow.ending == "timeout" and slow.seconds < 5
    assert measured("raise MemoryError").ending == "out of memory"
    wrong = measured("print('fine')\nraise SystemExit('the reason')")
    assert (wrong.ending, wrong.message) == ("error", "exit code 1: the reason")


def test_the_processes_below_a_run_are_measured_too(tmp_path):
    # a child holds memory and writes, and so does its parent
    below = "x = bytearray(150_000_000); sum(range(6_000_000)); import time; time.sleep(0.5)"
    code = (
        "import os, subprocess, sys\n"
        "x = bytearray(150_000_000)\n"
        f"subprocess.run([sys.executable, '-c', {below!r}])\n"
        f"f = open({str(tmp_path / 'written')!r}, 'wb'); f.write(bytes(20_000_000)); f.flush()\n"
        "os.fsync(f.fileno())\n"
        "import time; time.sleep(0.5)\n"
    )
    found = measured(code)
    assert found.ending == "ok"
    assert found.peak_memory_bytes > 300_000_000
    assert found.cpu_seconds > 0.1
    assert found.written_bytes >= 20_000_000


def run_of(name: str, size: float, seconds: float, **more) -> dict:
    return {
        "contestant": name, "size": size, "repeat": 0, "ending": "ok", "message": "",
        "seconds": seconds, "cpu_seconds": 2 * seconds, "peak_memory_bytes": 10**9,
        "written_bytes": 10**9, "stored_bytes": 10**9, "differences": [], "stages": [],
        "load_before": [0.1, 0.1, 0.1], "layers": [], "dearest": [],
    } | more  # fmt: skip


@pytest.fixture
def results() -> dict:
    """Invented results: 10 and 100 million, a failure, somebody absent."""
    layers = [{"layer": "staging", "nodes": 11, "seconds": 40.0}]
    dearest = [{"node": "stg_a", "layer": "staging", "seconds": 40.0}]
    profile = {"layers": layers, "dearest": dearest}
    floor = [{"stage": "cubes", "seconds": 1.0, "cpu_seconds": 1.5}]
    failed = {"ending": "out of memory", "message": "more than the limit of 12.0 GB"}
    return {
        "begun_at": "2026-01-02T03:04:05+00:00",
        "machine": {
            "cpu": "A CPU", "cores": 2, "memory_gb": 16.0, "disk": "ext4 on flash",
            "system": "Linux", "versions": {"duckdb": "1.5.5"},
        },
        "settings": {
            "threads": 2, "memory_limit_bytes": 12 * 10**9, "timeout_seconds": 7200,
            "repeats": 2, "sizes": [10, 100],
        },
        "contestants": {"wardhouse": "ours", "floor": "by hand", "pandas": "a notebook"},
        "absent": {"postgres": "PostgreSQL is not installed; run `apt-get install postgresql`"},
        "data": [{"size": 10, "files": 3, "bytes": 10**9, "rows": {"a": 5}}],
        "runs": [
            run_of("wardhouse", 10, 40, **profile),
            run_of("wardhouse", 10, 50, **profile),
            run_of("wardhouse", 100, 600, **profile),
            run_of("floor", 10, 30, stages=floor),
            run_of("floor", 100, 500, stages=floor),
            run_of("pandas", 10, 100, differences=["cube_bills.bills: 2 of the floor, 1 here"]),
            {"contestant": "pandas", "size": 100, "repeat": 0, "seconds": 77.7} | failed,
        ],
        "increments": [
            {
                "size": 100, "publish": {"ending": "ok", "seconds": 9.0, "message": ""},
                "dbt_start_seconds": 4.0,
                "build": {"ending": "ok", "seconds": 15.0, "message": ""},
            }
        ],
        "analyses": [{"size": 100, "queries": [{"query": "q", "milliseconds": 120.0}]}],
        "demo": [
            {"what": "without unit tests", "ending": "ok", "seconds": 40.0, "cpu_seconds": 50.0,
             "peak_memory_bytes": 10**9, "message": ""},
            {"what": "bare SQL", "ending": "ok", "seconds": 4.0, "cpu_seconds": 5.0,
             "peak_memory_bytes": 10**9, "message": ""},
        ],
    }  # fmt: skip


def test_the_bars_are_judged_by_the_medians(results):
    found = {bar.what: bar for bar in bars.judge(results)}
    floor = found["full build, 10 million: times the floor"]
    assert (floor.measured, floor.is_met) == ("1.50", True)
    assert found["growth from 10 to 100 million: exponent"].is_met is False
    assert found["full build, 10 million: share of the seconds of pandas"].is_met is False
    assert found["full build, 10 million: times polars"].is_met is None
    day = found["one day on 100 million, less dbt's own start: share of the full build"]
    assert (day.measured, day.is_met) == ("0.018", True)
    assert found["slowest analyst's query at 100 million: ms"].is_met is False
    assert found["demo without unit tests: times its bare SQL"].measured == "10.0"


def test_the_page_names_failures_and_invents_no_number(results):
    text = page.render(results)
    assert "`pandas` failed at 100 million: out of memory (more than the limit of 12.0 GB)" in text
    assert "| a notebook (`pandas`) | out of memory |  |  |  |  |  |  |" in text
    assert "77.7" not in text  # how long it took to fail is no result
    assert "`postgres` took no part: PostgreSQL is not installed" in text
    assert "differs from the floor: cube_bills.bills" in text
    assert (
        "| ours (`wardhouse`) | 45.0 (40.0 to 50.0) | 1.50 | 90.0 (80.0 to 100.0) | 1.50 |" in text
    )
    assert "A CPU, 2 cores, 16.0 GB" in text and "busy" not in text
    busy = results | {"runs": [run | {"load_before": [3.0] * 3} for run in results["runs"]]}
    assert "busy with other work" in page.render(busy)


def test_the_page_is_written_from_the_results_alone(results, tmp_path):
    (tmp_path / "r.json").write_text(json.dumps(results))
    assert benchmark.main(["--page-only", "--output", str(tmp_path / "r.json")]) == 0
    assert (tmp_path / "r.md").read_text() == page.render(results)


def test_the_committed_page_comes_from_the_committed_results():
    results = json.loads((ROOT / "docs" / "benchmarks.json").read_text())
    assert (ROOT / "docs" / "benchmarks.md").read_text() == page.render(results)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--repeats", "0"], "must be above 0"),
        (["--sizes", "1", "10", "--data", "raw"], "one folder for several sizes"),
        (["--up-to", "excel=1"], "write it as postgres=10"),
        (["--memory", "much"], "write it as 800MB or 12GB"),
    ],
)
def test_what_cannot_be_understood_is_one_line(arguments, message, tmp_path):
    more = ["--work", str(tmp_path), "--output", str(tmp_path / "r.json")]
    with pytest.raises(UserError, match=message):
        benchmark.main([*more, *arguments])


def test_data_of_another_size_are_refused(network, tmp_path):
    with pytest.raises(UserError, match="60,000 appointments were asked for in that folder"):
        benchmark.made(network, 1.0)
    (tmp_path / "raw").mkdir()
    with pytest.raises(UserError, match="the data are not complete"):
        benchmark.made(tmp_path / "raw", 1.0)


def test_what_does_not_run_here_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr(contestants.postgres, "programs", lambda: None)
    setting = contestants.Setting(2, "1GB", None)
    why = {name: one.absent(setting) for name, one in contestants.EVERYONE.items()}
    assert "apt-get install postgresql" in why["postgres"]
    assert all("make setup-bench" in why[name] for name in ("pandas", "polars", "polars-keyed"))
    assert why["floor"] is None and why["wardhouse"] is None


def test_the_bare_connection_runs_every_statement_of_a_build(demo_build, tmp_path):
    script = ROOT / "scripts" / "benchmarks" / "bare.py"
    command = [sys.executable, script, demo_build.folder / "target", demo_build.private, tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (whole,) = stages.said(done.stdout)
    assert whole["seconds"] > 0
    with (
        duckdb.connect(str(tmp_path / demo_build.private.name), read_only=True) as bare,
        duckdb.connect(str(demo_build.private), read_only=True) as real,
    ):
        query = "select count(*) from marts.{}"
        for table in ("fct_appointments", "kpi_control_charts", "claims_ledger"):
            rows = [one.execute(query.format(table)).fetchone() for one in (bare, real)]
            assert rows[0] == rows[1] and rows[0][0]


def test_the_benchmarks_own_packages_are_locked():
    pins = {pin.name for pin in read_lock(ROOT / "requirements-bench.lock")}
    assert {"pandas", "polars", "pyarrow"} <= pins and "dbt-core" not in pins


def test_no_contestant_sees_the_callers_settings(monkeypatch, tmp_path):
    monkeypatch.setenv("WARDHOUSE_RAW_DIR", "/somewhere")
    setting = contestants.Setting(2, "1GB", None)
    demo = contestants.warehouse_environment(setting, None, tmp_path)
    assert "WARDHOUSE_RAW_DIR" not in demo and demo["PATH"] == os.environ["PATH"]


def test_the_keyed_ids_are_those_of_the_warehouse(tmp_path):
    numbers = ["A0000001", "A0000002", None]
    frame = pd.DataFrame({"appointment_id": pd.Series(numbers, dtype=str), "key": "x"})
    work = pandas_facts.Work(tmp_path, tmp_path, "a secret")
    found = work.keyed(frame, "hospital_ops/appointments", "appointment_id").appointment_id
    with duckdb.connect() as connection:
        connection.execute("set variable secret = 'a secret'")
        for statement in dict(stages.scripts("floor.sql"))["settings"]:
            if "macro key_of" in statement:
                connection.execute(statement)
        expected = connection.execute(
            "select key_of('hospital_ops|appointment', unnest(?::varchar[]))", [numbers[:2]]
        ).fetchall()
    assert found.tolist() == [key for (key,) in expected] + [-1]
