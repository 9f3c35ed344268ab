"""The summary of a run and the exit codes: every outcome is told, by real commands.

Usage: pytest tests/python/test_run_summary.py

Where dbt itself is not the point, a stub that ends as dbt does takes its place: the signals, pipes,
exit codes, the publish and its files are real.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import duckdb
import pytest

import run_summary
import shareable
from conftest import ROOT
from house import SECRET, House
from run_summary_page import page

SCRIPTS = ROOT / "scripts"
NAME = "Wilhelmina Featherstonehaugh"  # as in a message of dbt that quotes a raw value
STUB = """#!{python}
import datetime, os, sys, time
import duckdb
mode = os.environ["STUB"]
print("00:00:00  1 of 9 START test noise ... [RUN]", flush=True)
if mode == "door":
    print("00:00:00  Encountered an error:\\nDatabase Error\\n  Runtime Error\\n"
          "    wardhouse: the file is bad, a/b.csv; mend it")
    sys.exit(2)
if mode == "defect":
    print("00:00:00  Encountered an error:\\nCompilation Error\\n  no such macro")
    sys.exit(2)
if mode in ("lock", "damaged", "full"):
    print("00:00:00  Encountered an error:\\nTraceback (most recent call last):\\n  File x\\n"
          "_duckdb.IOException: IO Error: " + {{
          "lock": "Could not set lock on file: Conflicting lock is held in python (PID 77).",
          "damaged": "The file exists, but it is not a valid DuckDB database file!",
          "full": "Could not write file: No space left on device"}}[mode])
    sys.exit(2)
if mode == "sleep":
    time.sleep(60)
if mode == "killed":
    os.kill(os.getpid(), 9)
green = mode == "green"
with duckdb.connect(os.environ["WARDHOUSE_BUILD_DIR"] + "/wardhouse_private.duckdb") as db:
    db.execute("create or replace table private.last_build as select 'id-2' invocation_id,"
        " 'build' as command, true is_complete, 'demo' data_set, 11 minimum_cell, ? status,"
        " 9 nodes, ? failures,"
        " cast(? as timestamp) started_at, null ended_at, '{{}}' freshness", [
        "green" if green else "failed", "" if green else "unique_key_a (fail), kpi_b (skipped)",
        datetime.datetime.now(datetime.UTC).replace(tzinfo=None)])
    db.execute("create or replace table private.build_nodes as from (values"
        " ('fct_bills', 'model', 'marts', 'success', null, 2.5e0),"
        " ('unique_key_a', 'test', 'tests', ?, 3, 5e-1), ('kpi_b', 'model', 'marts', 'skipped',"
        " null, 0), ('u', 'unit_test', 'unit_tests', 'pass', 0, 25e-2))"
        " t(node, resource_type, layer, status, failures, seconds)", ["pass" if green else "fail"])
print("00:00:01  Failure in test unique_key_a: {name}")
sys.exit(0 if green else 1)
"""


class Ward(House):
    """A house whose whole run can be started, with a stub in dbt's place."""

    def __init__(self, root: Path) -> None:
        """Build, and write the stub."""
        super().__init__(root)
        self.build()
        self.build_dir = self.private.parent
        self.stub = root / "dbt"
        self.stub.write_text(STUB.format(python=sys.executable, name=NAME))
        self.stub.chmod(0o755)
        self.environment |= {"STUB": "green", "WARDHOUSE_RAW_DIR": ""}

    def command(self, *arguments: str) -> list[str]:
        """The run with the stub."""
        code = (
            "import pathlib, settings, run_warehouse\n"
            f"run_warehouse.DBT = pathlib.Path({str(self.stub)!r})\n"
            "settings.run_main(run_warehouse.main)"
        )
        return [sys.executable, "-c", code, *arguments]

    def go(self, mode: str = "green") -> subprocess.CompletedProcess:
        """One run to its end."""
        return subprocess.run(
            self.command(),
            env=self.environment | {"STUB": mode},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def check(self) -> subprocess.CompletedProcess:
        """What a nightly job asks."""
        return subprocess.run(
            [sys.executable, str(SCRIPTS / "run_summary.py"), "--check"],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def summary(self) -> dict:
        """The last summary; JSON and page are both there and say the same outcome."""
        text = (self.build_dir / "run_summary.json").read_text()
        found = json.loads(text)
        assert text == json.dumps(found, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
        read_page((self.build_dir / "run_summary.html").read_text(), found)
        return found


@pytest.fixture
def ward(tmp_path) -> Ward:
    return Ward(tmp_path)


class PageReader(HTMLParser):
    """Tags that do not nest, and what the page would load."""

    def __init__(self) -> None:
        """Nothing read yet."""
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.loads: list[str] = []
        self.text = ""

    def handle_starttag(self, tag, attrs):
        """Note it."""
        self.tags.append(tag)
        if tag not in ("meta", "br"):
            self.open.append(tag)
        self.loads += [value for key, value in attrs if key in ("src", "href", "onclick")]

    def handle_endtag(self, tag):
        """Every tag is closed in its turn."""
        assert self.open.pop() == tag

    def handle_data(self, data):
        """Visible text, and the style."""
        self.text += data


def read_page(html: str, summary: dict) -> PageReader:
    """A page that is well formed, complete and loads nothing."""
    reader = PageReader()
    reader.feed(html)
    assert not reader.open and not reader.loads
    assert "script" not in reader.tags and 'lang="en"' in html
    assert "url(" not in html and "http://" not in html and "https://" not in html
    assert reader.tags.count("h1") == 1 and reader.tags.count("main") == 1
    assert reader.tags.count("caption") == reader.tags.count("table")
    assert " ".join(summary["line"].split()) in " ".join(reader.text.split())
    return reader


# --- every outcome and its exit code -------------------------------------------------------------


def test_published(ward):
    done = ward.go()
    assert (done.returncode, done.stderr) == (0, "")
    summary = ward.summary()
    assert (summary["outcome"], summary["exit_code"]) == ("published", 0)
    assert summary["line"] == f"published 4 tables, 3,003 rows to {ward.target} as publish 1"
    assert [step["step"] for step in summary["steps"]] == ["settings", "build", "publish"]
    assert summary["tests"] == {
        "passed": 2,
        "failed": 0,
        "skipped": 0,
        "of_which_unit_tests": 1,
    }
    assert summary["layers"]["marts"] == {"nodes": 2, "seconds": 2.5}
    assert summary["slowest_nodes"][0] == {"node": "fct_bills", "layer": "marts", "seconds": 2.5}
    assert summary["published"]["is_of_this_run"]
    assert (summary["published"]["tables"], summary["published"]["rows"]) == (4, 3003)
    if summary["published"]["hash_of"] == "file":
        digest = hashlib.sha256(ward.target.read_bytes()).hexdigest()
        assert summary["published"]["hash"] == digest
    assert summary["peak_memory_bytes"] > 10 << 20
    assert summary["versions"]["duckdb"] == duckdb.__version__
    # the important line is among the last three, and hundreds of tests are not listed
    assert done.stdout.splitlines()[-3:] == [
        summary["line"],
        f"shareable edition: 2 tables, 0 of 0 cells hidden, {shareable.beside(ward.target)}",
        f"summary of the run: {ward.build_dir / 'run_summary.html'}",
    ]
    assert "START" not in done.stdout
    asked = ward.check()
    assert (asked.returncode, asked.stderr) == (0, "")
    assert summary["line"] in asked.stdout


REFUSALS = {
    "door": (2, "stopped", "the file is bad, a/b.csv; mend it"),
    "defect": (2, "stopped", "dbt build ended before its time"),
    "red": (2, "refused", "the last dbt build failed: unique_key_a (fail), 1 skipped"),
    "lock": (2, "stopped", "in use by another program (PID 77)"),
    "damaged": (2, "stopped", "the private database is damaged"),
    "full": (2, "stopped", "the disk of the build folder is full"),
    "killed": (137, "interrupted", "dbt build was killed by SIGKILL"),
}


@pytest.mark.parametrize("mode", REFUSALS)
def test_not_published(ward, mode):
    assert ward.go().returncode == 0
    before = ward.state()
    done = ward.go(mode)
    code, outcome, words = REFUSALS[mode]
    assert done.returncode == code, done.stderr
    assert ward.state() == before
    summary = ward.summary()
    assert (summary["outcome"], summary["exit_code"]) == (outcome, code)
    assert words in summary["line"] and summary["line"].count("; ") == 1
    # said once, last, and never as a traceback
    lines = (done.stdout + done.stderr).splitlines()
    assert lines[-1] == f"wardhouse: {summary['line']}"
    assert sum(words in line for line in lines) == 1
    assert "Traceback" not in done.stdout + done.stderr
    assert not summary["published"]["is_of_this_run"]
    # an earlier build's numbers are not passed off as this run's
    assert (summary["tests"] is None) == (mode != "red")
    assert summary["rows"] is None
    asked = ward.check()
    assert asked.returncode == 2
    assert outcome in asked.stderr and words in asked.stderr
    assert len(asked.stderr.splitlines()) == 1


def test_a_build_folder_that_is_a_file(ward, tmp_path):
    (tmp_path / "file").write_text("")
    ward.environment["WARDHOUSE_BUILD_DIR"] = str(tmp_path / "file")
    done = ward.go()
    assert done.returncode == 2
    line = done.stderr.splitlines()[-1]
    assert line.startswith("wardhouse: the build folder cannot be used (File exists)")
    assert "Traceback" not in done.stderr


def test_the_reason_of_a_defect_stays_visible(ward):
    assert "no such macro" in ward.go("defect").stdout


def test_a_breached_threshold(ward):
    ward.go()
    ward.change(
        "insert into marts.dq_rule_results values ('rejected_unusable_date', 'hospital_ops',"
        " 'appointments', 'rejected', 'unusable_date', 100, 30, 0.3, 0.02, 5, 'breach', 'why')"
    )
    done = ward.go()
    assert done.returncode == 2
    assert ward.summary()["outcome"] == "refused"
    assert "30 of 100 rows (30 %, threshold 2 %)" in ward.summary()["line"]


def test_a_writer_has_the_published_file_open(ward):
    ward.go()
    before = ward.state()
    holder = subprocess.Popen(
        [sys.executable, "-c", "import duckdb, sys; db = duckdb.connect(sys.argv[1]);"
         "print(1, flush=True); sys.stdin.read()", str(ward.target)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    holder.stdout.readline()
    try:
        done = ward.go()
    finally:
        holder.communicate()
    assert done.returncode == 2
    assert "has the published file open for writing" in ward.summary()["line"]
    assert ward.state() == before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_stopped_by_a_signal(ward, number):
    process = subprocess.Popen(
        ward.command(),
        env=ward.environment | {"STUB": "sleep"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # a shell starts what runs in its background with SIGINT ignored
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    until = time.monotonic() + 30
    while not (child := children.read_text().strip()) and time.monotonic() < until:
        time.sleep(0.02)
    time.sleep(0.3)
    process.send_signal(number)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 128 + number
    assert not Path(f"/proc/{child}").exists(), "dbt goes on alone"
    summary = ward.summary()
    assert (summary["outcome"], summary["exit_code"]) == ("interrupted", 128 + number)
    assert summary["steps"][-1] == summary["steps"][-1] | {"step": "build", "exit_code": None}
    assert err == f"wardhouse: {summary['line']}\n"
    assert signal.Signals(number).name in summary["line"]


def test_a_run_that_is_killed_outright_leaves_no_good_news(ward):
    assert ward.go().returncode == 0
    process = subprocess.Popen(
        ward.command(), env=ward.environment | {"STUB": "sleep"}, stdout=subprocess.PIPE
    )
    until = time.monotonic() + 30
    written = ward.build_dir / "run_summary.json"
    while '"outcome": "published"' in written.read_text() and time.monotonic() < until:
        time.sleep(0.05)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    while not (child := children.read_text().strip()) and time.monotonic() < until:
        time.sleep(0.02)
    process.kill()
    process.wait()
    os.kill(int(child), signal.SIGKILL)
    asked = ward.check()
    assert asked.returncode == 2 and "was unfinished: it is still at work" in asked.stderr
    assert ward.go().returncode == 0
    assert ward.check().returncode == 0


def test_settings_that_cannot_be_used(ward, tmp_path):
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "wardhouse.yml").write_text("as_off_date: 2024-01-01\n")
    ward.environment["WARDHOUSE_RAW_DIR"] = str(tmp_path / "raw")
    done = ward.go()
    assert done.returncode == 2
    assert ward.summary()["line"].startswith("unknown setting as_off_date")
    assert [step["step"] for step in ward.summary()["steps"]] == ["settings"]


@pytest.mark.parametrize("name", ["figures", "report"])
def test_what_is_made_afterwards_is_noted_and_its_failure_is_no_green_run(ward, name):
    ward.go()
    # the small published file lacks the marts of figures and report
    done = subprocess.run(
        ward.command(name), env=ward.environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2, done.stderr
    assert "Traceback" not in done.stderr
    assert ward.summary()["steps"][-1]["step"] == name
    assert ward.summary()["steps"][-1]["exit_code"] == 2
    asked = ward.check()
    assert asked.returncode == 2 and name in asked.stderr


@pytest.mark.parametrize("name", ["figures", "report"])
def test_nothing_is_made_without_a_published_file(ward, name):
    done = subprocess.run(
        ward.command(name), env=ward.environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("wardhouse: no published database") and "make warehouse" in line


def test_make_calls_the_run():
    """make itself ends with 2 for any failing command, so the summary holds the exact code."""
    for target, words in (
        ("warehouse", []),
        ("figures", ["figures"]),
        ("report", ["report"]),
    ):
        done = subprocess.run(
            ["make", "-n", "-o", "setup", target],
            # make says more when a make has started it
            env={name: value for name, value in os.environ.items() if not name.startswith("MAKE")},
            cwd=ROOT, capture_output=True, text=True, check=True,
        )  # fmt: skip
        command = done.stdout.splitlines()[-1].split()
        assert command[1:] == ["scripts/run_warehouse.py", *words]


# --- the files -----------------------------------------------------------------------------------


def test_the_last_fourteen_summaries_are_kept(ward, monkeypatch):
    for name in ("WARDHOUSE_BUILD_DIR", "WARDHOUSE_WAREHOUSE"):
        monkeypatch.setenv(name, ward.environment[name])
    begun = datetime(2026, 7, 1, 2, 0, tzinfo=UTC)
    for day in range(20):
        run = run_summary.Run(started_at=begun + timedelta(days=day), line=f"day {day}")
        run_summary.write(run_summary.summarise(run))
    names = sorted(path.name for path in (ward.build_dir / "runs").iterdir())
    assert len(names) == 2 * run_summary.KEPT_RUNS
    assert names[0] == "20260707T020000Z.html" and names[-1] == "20260720T020000Z.json"
    assert ward.summary()["line"] == "day 19"


def test_no_run_is_recorded(ward):
    done = ward.check()
    assert done.returncode == 2
    assert "no run is recorded" in done.stderr and "make warehouse" in done.stderr
    for text in ("", "[]", "{}", '{"schema_version": 99}'):
        (ward.build_dir / "run_summary.json").write_text(text)
        done = ward.check()
        assert done.returncode == 2 and len(done.stderr.splitlines()) == 1, text


def test_a_private_database_in_use_costs_only_what_is_in_it(ward):
    ward.go()
    code = (
        "import duckdb, sys; db = duckdb.connect(sys.argv[1]);"
        "print(1, flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(ward.private)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    holder.stdout.readline()
    try:
        done = ward.go("door")
    finally:
        holder.communicate()
    assert done.returncode == 2
    assert ward.summary()["build"] is None and ward.summary()["published"]["rows"] == 3003


def test_hostile_names_are_text_on_the_page(ward, monkeypatch):
    for name in ("WARDHOUSE_BUILD_DIR", "WARDHOUSE_WAREHOUSE"):
        monkeypatch.setenv(name, ward.environment[name])
    evil = "<script>alert(1)</script>&\"'"
    run = run_summary.Run(line=evil, warnings=[evil])
    summary = run_summary.summarise(run) | {"data": evil}
    summary["reasons"] = dict.fromkeys(("rejected", "repaired", "flagged"), [])
    summary["rows"] = [{"source_system": evil, "source_table": evil, "difference": 1}]
    summary["totals"] = {}
    summary["build"] = {"status": evil, "nodes": 1, "failures": [evil]}
    summary["slowest_nodes"] = [{"node": evil, "layer": evil, "seconds": 1.0}]
    reader = read_page(page(summary), summary)
    assert reader.text.count("<script>") >= 7


def test_no_raw_value_is_in_a_summary(ward):
    """Neither the private database's values nor what dbt's messages quote."""
    done = ward.go("red")
    assert NAME in done.stdout
    for path in ward.build_dir.rglob("*"):
        if path.suffix in (".json", ".html"):
            assert NAME not in path.read_text() and SECRET not in path.read_text()


# --- the numbers of a real build -----------------------------------------------------------------


@pytest.fixture(scope="module")
def demo_summary(demo_build, demo_warehouse, tmp_path_factory) -> dict:
    """The summary of the demo build, as a run would have written it."""
    ((started,),) = demo_build.query("select started_at from private.last_build")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("WARDHOUSE_BUILD_DIR", "WARDHOUSE_WAREHOUSE"):
            patch.setenv(name, demo_build.environment[name])
        patch.delenv("WARDHOUSE_RAW_DIR", raising=False)
        run = run_summary.Run(started_at=started.replace(tzinfo=UTC), outcome="published")
        summary = run_summary.summarise(run)
        read_page(page(summary), summary)
    return summary


def test_rows_of_the_demo_run(demo_summary):
    rows = {(row["source_system"], row["source_table"]): row for row in demo_summary["rows"]}
    assert len(rows) == 10
    for (system, table), row in rows.items():
        path = ROOT / "seeds" / system / f"raw_{system}__{table}.csv"
        with path.open(newline="") as file:
            assert row["raw_rows"] == sum(1 for _ in csv.reader(file)) - 1
        assert row["difference"] == 0 and row["files"] == 1
        assert row["bytes"] == path.stat().st_size
    totals = demo_summary["totals"]
    assert totals["raw_rows"] == sum(
        totals[f"{kind}_rows"] for kind in ("accepted", "rejected", "superseded")
    )
    rejected = demo_summary["reasons"]["rejected"]
    assert sum(row["rows"] for row in rejected) == totals["rejected_rows"] > 0
    # a row of two repairs is one repaired row
    assert 0 < totals["repaired_rows"] < sum(r["rows"] for r in demo_summary["reasons"]["repaired"])
    assert demo_summary["rules_breached"] == []
    assert {feed["status"] for feed in demo_summary["freshness"]} == {"not aged"}


def test_build_of_the_demo_run(demo_summary, demo_build):
    assert demo_summary["build"]["status"] == "green" and not demo_summary["build"]["failures"]
    results = json.loads((demo_build.folder / "target" / "run_results.json").read_text())["results"]
    own = [r for r in results if not r["unique_id"].startswith(("operation.", "exposure."))]
    tests = [r for r in own if r["unique_id"].split(".")[0] in ("test", "unit_test")]
    assert demo_summary["tests"]["passed"] == len(tests) > 300
    assert demo_summary["tests"]["failed"] == demo_summary["tests"]["skipped"] == 0
    layers = demo_summary["layers"]
    assert sum(layer["nodes"] for layer in layers.values()) == len(own)
    assert sum(layer["seconds"] for layer in layers.values()) == pytest.approx(
        sum(r["execution_time"] for r in own), rel=0.01
    )
    assert all(layers[name]["seconds"] > 0 for name in run_summary.LAYERS)
    assert len(demo_summary["slowest_nodes"]) == 10


def test_an_earlier_build_says_nothing_about_this_run(demo_build, monkeypatch, tmp_path):
    monkeypatch.setenv("WARDHOUSE_BUILD_DIR", demo_build.environment["WARDHOUSE_BUILD_DIR"])
    monkeypatch.setenv("WARDHOUSE_WAREHOUSE", str(tmp_path / "none.duckdb"))
    summary = run_summary.summarise(run_summary.Run())
    for key in ("build", "tests", "rows", "totals", "freshness", "published"):
        assert summary[key] is None


def test_the_docstring_names_every_key(demo_summary):
    text = run_summary.__doc__
    keys = set(demo_summary)
    for part in (demo_summary["published"], demo_summary["rows"][0], demo_summary["tests"]):
        keys |= set(part)
    assert not [key for key in keys if not re.search(rf"\b{re.escape(key)}\b", text)]


# --- the page for the person on call -------------------------------------------------------------


def test_on_call_page_is_true():
    """Its targets, scripts, options, tables and settings exist."""
    text = (ROOT / "docs" / "on_call.md").read_text()
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"`make ([a-z-]+)", text):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    for script, options in re.findall(r"python (scripts/\w+\.py)((?: --?[\w-]+)*)", text):
        source = (ROOT / script).read_text()
        for option in options.split():
            assert option in source, (script, option)
    for mart in re.findall(r"`(?:marts\.)?(dq_\w+)`", text):
        assert (ROOT / "models" / "marts" / "data_quality" / f"{mart}.sql").exists(), mart
    for path in re.findall(r"\]\((?!http)([^)#]+)\)", text):
        assert (ROOT / "docs" / path).exists(), path
    for name in re.findall(r"`(WARDHOUSE_\w+)", text):
        known = [*SCRIPTS.glob("*.py"), ROOT / "profiles.yml"]
        assert any(name in path.read_text() for path in known), name


def test_on_call_page_quotes_lines_that_exist():
    """Each symptom in its table is a line that some script really prints."""
    text = (ROOT / "docs" / "on_call.md").read_text()
    symptoms = re.findall(r"^\| `([^`]+)` \|", text, flags=re.MULTILINE)
    assert len(symptoms) >= 15
    sources = " ".join(
        re.sub(r'"\s*\n\s*f?"', "", path.read_text()) for path in SCRIPTS.glob("*.py")
    )
    for symptom in symptoms:
        for part in symptom.split(" … "):
            assert part in sources, part


def test_the_nightly_line_runs_the_real_thing():
    """Its variables are make's, its script and its file are those that a run writes."""
    text = (ROOT / "docs" / "on_call.md").read_text()
    (line,) = re.findall(r"```cron\n(.*?)\n```", text, flags=re.DOTALL)
    makefile = (ROOT / "Makefile").read_text()
    variables = re.findall(r"([A-Z_]+)=", line)
    assert variables == ["RAW_DIR", "WAREHOUSE"]
    assert all(re.search(rf"^{name} \?=", makefile, re.MULTILINE) for name in variables)
    assert re.search(r"^\.DEFAULT_GOAL := all\n", makefile, re.MULTILINE)
    assert re.search(r"^all: warehouse figures report\b", makefile, re.MULTILINE)
    assert "python scripts/run_summary.py --check ||" in line
    assert f"build/{run_summary.NAME}.json" in line
