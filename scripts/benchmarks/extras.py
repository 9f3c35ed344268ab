"""What is measured besides the contest: the next day, the publish, analysts' queries, the demo.

Usage: imported by scripts/benchmark.py; nothing to run.
"""

from __future__ import annotations

import os
import shutil
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import duckdb

from benchmarks import contestants
from benchmarks.contestants import ROOT, Setting
from benchmarks.measure import Limits, Measured, run, stored_bytes

ASKED = 7  # how often each query is asked


def describe_data(folder: Path, size: float) -> dict:
    """How much there is to read."""
    rows = {}
    with duckdb.connect() as connection:
        for table in sorted(folder.glob("*/*")):
            rows[f"{table.parent.name}.{table.name}"] = connection.execute(
                f"select count(*) from '{table}/*.parquet'"
            ).fetchone()[0]
    files = sum(1 for _ in folder.rglob("*.parquet"))
    return {"size": size, "files": files, "bytes": stored_bytes(folder), "rows": rows}


def linked(source: Path, target: Path) -> Path:
    """The same files in a folder of our own, so that a day may be added to it."""
    for path in source.rglob("*"):
        if path.is_file():
            place = target / path.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(path, place)
            except OSError:  # another disk
                shutil.copy2(path, place)
    return target


def _entry(measured: Measured) -> dict:
    return {key: value for key, value in asdict(measured).items() if key != "output"}


def publish(setting: Setting, data: Path, output: Path, limits: Limits) -> dict:
    """Publish what was built."""
    environment = contestants.warehouse_environment(setting, data, output)
    measured = run([sys.executable, "scripts/publish.py"], limits, ROOT, environment)
    entry = _entry(measured)
    if measured.ending == "ok":
        entry["stored_bytes"] = stored_bytes(output / "warehouse")
    return entry


def increment(setting: Setting, day: Path, data: Path, output: Path, limits: Limits) -> dict:
    """Add a day's files to the history, build and publish again; and what dbt's start costs."""
    environment = contestants.warehouse_environment(setting, data, output)
    listing = [str(contestants.DBT), "--no-use-colors", "--quiet", "list", "--select", "fct_bills"]
    start = run(listing, limits, ROOT, environment)
    linked(day, data)
    command = contestants.warehouse_command("unit_test")
    measured = run(command, limits, ROOT, environment)
    found = {
        "day_files": sum(1 for _ in day.rglob("*.parquet")),
        "day_bytes": stored_bytes(day),
        "dbt_start_seconds": round(start.seconds, 2),
        "build": _entry(measured),
    }
    if measured.ending == "ok":
        found["build"] |= contestants.warehouse_details(output)
        # days differ by what they bring: that may lose rows of a withdrawn record
        found["publish_again"] = publish(setting, data, output, limits)
    return found


def analyses(published: Path) -> list[dict]:
    """Milliseconds of each file of analyses/ on the published file."""
    found = []
    with duckdb.connect(str(published), read_only=True) as connection:
        for path in sorted((ROOT / "analyses").glob("*.sql")):
            sql, times = path.read_text(), []
            for _ in range(ASKED):
                begun = time.perf_counter()
                rows = len(connection.execute(sql).fetchall())
                times.append(1000 * (time.perf_counter() - begun))
            found.append(
                {
                    "query": path.stem,
                    "rows": rows,
                    "milliseconds": round(statistics.median(times), 2),
                    "worst_milliseconds": round(max(times), 2),
                }
            )
    return found


def demo(setting: Setting, folder: Callable[..., Path], repeats: int, limits: Limits) -> list[dict]:
    """The demo: dbt build with and without unit tests, and its statements in one connection."""
    found = []
    for repeat in range(repeats):
        output = folder("demo", "run")
        contestants.warm(setting, None, output)
        environment = contestants.warehouse_environment(setting, None, output)
        for name, excluded in (("all tests", ()), ("without unit tests", ("unit_test",))):
            shutil.rmtree(output / "build", ignore_errors=True)
            command = contestants.warehouse_command(*excluded)
            measured = run(command, limits, ROOT, environment)
            found.append({"what": name, "repeat": repeat} | _entry(measured))
            if measured.ending != "ok":
                return found
        bare = folder("demo", "bare")
        command = [
            sys.executable, str(contestants.HERE / "bare.py"), environment["DBT_TARGET_PATH"],
            str(contestants.private_database(output)), str(bare),
            "--threads", str(setting.threads),
        ]  # fmt: skip
        found.append({"what": "bare SQL", "repeat": repeat} | _entry(
            run(command, limits, ROOT, environment)
        ))  # fmt: skip
    return found
