"""The summary of a run of the warehouse: what went in, what came out, and what it took.

Usage: python scripts/run_summary.py --check

exits 0 when the last run was published and nothing has failed, else prints its one line and exits
2. run_warehouse.py writes a summary after every run, whatever its outcome, into the build folder:
run_summary.json, run_summary.html (the same, to read) and copies in runs/, of which the last 14
stay. Keys of the JSON, schema version 1; a key that is null could not be known in this run:

    schema_version, started_at, ended_at (UTC), seconds, exit_code, data (demo or the raw folder)
    outcome     published, refused (by the publish), stopped (before or in the build),
                interrupted (by a signal) or unfinished (still at work, or killed)
    line        the one line of the outcome; warnings: further lines of the publish
    steps       [{step, seconds, exit_code}]: settings, build, publish, figures, report
    build       {invocation_id, status, nodes, failures: names}
    tests       {passed, failed, skipped, of_which_unit_tests}
    layers      {seeds, staging, intermediate, marts, tests, unit_tests: {nodes, seconds}}, seconds
                added up over dbt's threads; slowest_nodes: [{node, layer, seconds}], ten of them
    rows        per raw table {source_system, source_table, files, bytes, raw_rows, accepted_rows,
                rejected_rows, superseded_rows, repaired_rows, flagged_rows, difference}
    totals      the same numbers, added up
    reasons     {rejected, repaired, flagged: [{source_system, source_table, reason, rows}]}
    rules_breached  [{rule_id, source_system, source_table, rows_failing, rows_tested, threshold}]
    freshness   per raw table {files, newest_file_at, last_event_date, age_days, limits, status}
    published   {path, is_of_this_run, hash, hash_of (content or file), publish_number, tables,
                rows, bytes, written_at}
    versions    {wardhouse, python, duckdb, dbt-core, dbt-duckdb}; peak_memory_bytes

No value of a raw row stands in it, and nothing of dbt's messages, which may quote one.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import duckdb

import freshness
import settings
from run_summary_page import page
from settings import UserError

SCHEMA_VERSION = 1
NAME = "run_summary"
KEPT_RUNS = 14
SLOWEST = 10
PRIVATE = "private_side"
LAYERS = ("seeds", "staging", "intermediate", "marts", "tests", "unit_tests")
COUNTS = ("files", "bytes", "raw_rows", "accepted_rows", "rejected_rows", "superseded_rows")
MORE_COUNTS = ("repaired_rows", "flagged_rows", "difference")
# What the counts are read from: only tables that this very build made say anything about it.
COUNTED_IN = ("dq_reconciliation", "dq_rejected_rows", "dq_repairs", "dq_flagged_rows")


@dataclass
class Run:
    """A run as it goes: run_warehouse.py fills it in."""

    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    outcome: str = "stopped"
    line: str = ""
    exit_code: int = 2
    steps: list[dict[str, Any]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    peak_memory_bytes: int | None = None


# --- what is known -------------------------------------------------------------------------------


def summarise(run: Run) -> dict[str, Any]:
    """The summary of a run; what cannot be read is null and stops nothing."""
    ended_at = datetime.now(UTC)
    raw_dir = settings.raw_dir()
    summary: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "started_at": stamp(run.started_at),
        "ended_at": stamp(ended_at),
        "seconds": round((ended_at - run.started_at).total_seconds(), 2),
        "outcome": run.outcome,
        "exit_code": run.exit_code,
        "line": run.line,
        "warnings": run.warnings,
        "data": str(raw_dir) if raw_dir else "demo",
        "steps": run.steps,
        "published": published(run),
        "versions": versions(),
        "peak_memory_bytes": run.peak_memory_bytes,
    }
    return summary | from_private(run)


def stamp(at: datetime | None) -> str | None:
    """A moment in UTC as text, to the second."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ") if at else None


def versions() -> dict[str, str | None]:
    """The versions of what did the work."""
    found: dict[str, str | None] = {"python": sys.version.split()[0]}
    for name in ("duckdb", "dbt-core", "dbt-duckdb"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = None
    with suppress(OSError, StopIteration):
        lines = (settings.PROJECT_ROOT / "pyproject.toml").read_text("utf-8").splitlines()
        found["wardhouse"] = next(x for x in lines if x.startswith("version")).split('"')[1]
    return found


def from_private(run: Run) -> dict[str, Any]:
    """What the private database says about this run."""
    nothing = dict.fromkeys(
        ("build", "tests", "layers", "slowest_nodes", "rows", "totals", "reasons")
    ) | {"rules_breached": None, "freshness": None}
    path = settings.private_database()
    if not path.is_file():
        return nothing
    try:
        with duckdb.connect(":memory:") as db:
            text = str(path).replace("'", "''")
            db.execute(f"attach '{text}' as {PRIVATE} (type duckdb, read_only)")
            return nothing | _from_build(db, run)
    except duckdb.Error:  # in use by another program, or not made yet
        return nothing


def _records(db: duckdb.DuckDBPyConnection, sql: str) -> list[dict[str, Any]]:
    cursor = db.execute(sql)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _from_build(db: duckdb.DuckDBPyConnection, run: Run) -> dict[str, Any]:
    last = next(iter(_records(db, f"from {PRIVATE}.private.last_build")), {})
    started_at = last.get("started_at")  # an earlier version of Wardhouse did not keep it
    # an earlier build's record: dbt did not get so far as to begin one in this run
    if started_at is None or started_at.replace(tzinfo=UTC) < run.started_at:
        return {}
    names = [name for name in (last["failures"] or "").split(", ") if name]
    nodes = _records(db, f"from {PRIVATE}.private.build_nodes")
    build = {
        "invocation_id": last["invocation_id"],
        "status": last["status"],
        "nodes": last["nodes"],
        "failures": names,
    }
    made = {node["node"] for node in nodes if node["status"] == "success"}
    found: dict[str, Any] = {"build": build}
    if nodes:
        slowest = sorted(nodes, key=lambda node: (-node["seconds"], node["node"]))[:SLOWEST]
        found |= {
            "tests": _tests(nodes),
            "layers": _layers(nodes),
            "slowest_nodes": [
                {
                    "node": node["node"],
                    "layer": node["layer"],
                    "seconds": round(node["seconds"], 2),
                }
                for node in slowest
            ],
        }
    if made.issuperset(COUNTED_IN):
        found |= _rows(db)
    if "dq_rule_results" in made:
        found["rules_breached"] = _records(
            db,
            f"""
            select rule_id, source_system, source_table, rows_failing, rows_tested, threshold
            from {PRIVATE}.marts.dq_rule_results where status = 'breach' order by all
            """,
        )
    if "dq_freshness" in made:
        found["freshness"] = [_feed(feed) for feed in freshness.feeds(db, PRIVATE)]
    return found


def _tests(nodes: list[dict[str, Any]]) -> dict[str, int]:
    tests = [node for node in nodes if node["layer"] in ("tests", "unit_tests")]
    passed = sum(node["status"] == "pass" for node in tests)
    skipped = sum(node["status"] == "skipped" for node in tests)
    return {
        "passed": passed,
        "failed": len(tests) - passed - skipped,
        "skipped": skipped,
        "of_which_unit_tests": sum(node["layer"] == "unit_tests" for node in tests),
    }


def _layers(nodes: list[dict[str, Any]]) -> dict[str, dict[str, float]]:
    return {
        layer: {
            "nodes": sum(node["layer"] == layer for node in nodes),
            "seconds": round(sum(n["seconds"] for n in nodes if n["layer"] == layer), 2),
        }
        for layer in LAYERS
    }


def _rows(db: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    marts = f"{PRIVATE}.marts"
    tables = _records(
        db,
        f"""
        with files as (
            select source_system, source_table, count(*) as files, sum(bytes) as bytes
            from {PRIVATE}.raw.files group by all
        ),
        repaired as (
            select source_system, source_table,
                count(distinct (source_file, row_number)) as repaired_rows
            from {marts}.dq_repairs group by all
        ),
        flagged as (
            select source_system, source_table,
                count(distinct (source_file, row_number)) as flagged_rows
            from {marts}.dq_flagged_rows group by all
        )
        select source_system, source_table, coalesce(files, 0) as files,
            cast(coalesce(bytes, 0) as bigint) as bytes, raw_rows, accepted_rows, rejected_rows,
            superseded_rows, coalesce(repaired_rows, 0) as repaired_rows,
            coalesce(flagged_rows, 0) as flagged_rows, difference
        from {marts}.dq_reconciliation
        left join files using (source_system, source_table)
        left join repaired using (source_system, source_table)
        left join flagged using (source_system, source_table)
        order by source_system, source_table
        """,
    )
    reasons = {
        kind: _records(
            db,
            f"select source_system, source_table, reason, count(*) as rows "
            f"from {marts}.{table} group by all order by all",
        )
        for kind, table in (
            ("rejected", "dq_rejected_rows"),
            ("repaired", "dq_repairs"),
            ("flagged", "dq_flagged_rows"),
        )
    }
    totals = {name: sum(table[name] for table in tables) for name in (*COUNTS, *MORE_COUNTS)}
    return {"rows": tables, "reasons": reasons, "totals": totals}


def _feed(feed: freshness.Feed) -> dict[str, Any]:
    return {
        "source_system": feed.source_system,
        "source_table": feed.source_table or None,
        "files": feed.files,
        "newest_file_at": stamp(feed.newest_file_at),
        "last_event_date": feed.last_event_date and feed.last_event_date.isoformat(),
        "age_days": None if feed.age_days is None else round(feed.age_days, 2),
        "by": feed.by,
        "warn_after_days": feed.warn_after_days,
        "refuse_after_days": feed.refuse_after_days,
        "status": feed.status,
    }


def published(run: Run) -> dict[str, Any] | None:
    """The published file as readers find it now, of this run or of an earlier one."""
    path = settings.published_database()
    if not path.is_file():
        return None
    status = path.stat()
    found = {
        "path": str(path),
        "is_of_this_run": run.outcome == "published",
        "bytes": status.st_size,
        "written_at": stamp(datetime.fromtimestamp(status.st_mtime, UTC)),
        **dict.fromkeys(("tables", "rows", "publish_number", "hash", "hash_of")),
    }
    with suppress(duckdb.Error), duckdb.connect(str(path), read_only=True) as db:
        names = db.execute(
            "select table_name from duckdb_tables() where schema_name = 'marts'"
        ).fetchall()
        found["tables"] = len(names)
        found["rows"] = sum(
            db.execute(f'select count(*) from marts."{name}"').fetchone()[0] for (name,) in names
        )
        found |= _from_ledger(db)
    if found["hash"] is None:
        with suppress(OSError), path.open("rb") as stream:
            found["hash"] = hashlib.file_digest(stream, "sha256").hexdigest()
            found["hash_of"] = "file"
    return found


def _from_ledger(db: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """The last entry of the ledger of publishes that the file carries."""
    with suppress(duckdb.CatalogException, duckdb.BinderException):
        row = db.execute(
            "select publish_number, content_hash from ledger.publishes "
            "order by publish_number desc limit 1"
        ).fetchone()
        if row:
            return {"publish_number": row[0], "hash": str(row[1]), "hash_of": "content"}
    return {}


# --- files ---------------------------------------------------------------------------------------


def write(summary: dict[str, Any]) -> Path:
    """Put the summary in place as JSON and as a page; gives the path of the page."""
    folder = settings.build_dir()
    runs = folder / "runs"
    if not folder.is_dir():
        folder.mkdir(parents=True, mode=0o700)
    runs.mkdir(mode=0o700, exist_ok=True)
    name = summary["started_at"].replace(":", "").replace("-", "")
    texts = {
        ".json": json.dumps(summary, indent=2, sort_keys=True, ensure_ascii=False, default=str)
        + "\n",
        ".html": page(summary),
    }
    for ending, text in texts.items():
        for path in (runs / f"{name}{ending}", folder / f"{NAME}{ending}"):
            part = path.with_name(f".{path.name}.part")
            part.write_text(text, encoding="utf-8")
            part.replace(path)
    for ending in texts:
        for path in sorted(runs.glob(f"*{ending}"))[:-KEPT_RUNS]:
            path.unlink(missing_ok=True)
    return folder / f"{NAME}.html"


def last() -> dict[str, Any]:
    """The summary of the last run."""
    path = settings.build_dir() / f"{NAME}.json"
    try:
        summary = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise UserError(f"no run is recorded, {path}; run make warehouse") from None
    except (OSError, ValueError) as error:
        raise UserError(f"the summary cannot be read, {path}; run make warehouse") from error
    if not isinstance(summary, dict) or summary.get("schema_version") != SCHEMA_VERSION:
        raise UserError(f"the summary is of another version, {path}; run make warehouse")
    return summary


def check() -> str:
    """One line about the last run; UserError when it was not published or anything failed."""
    summary = last()
    failed = [step["step"] for step in summary["steps"] if step["exit_code"] != 0]
    if summary["outcome"] != "published" or failed:
        is_published = summary["outcome"] == "published"
        what = f"but {', '.join(failed)} did not succeed" if is_published else summary["line"]
        raise UserError(f"the last run ({summary['started_at']}) was {summary['outcome']}: {what}")
    return f"the last run ({summary['started_at']}) was published: {summary['line']}"


def main(argv: list[str]) -> int:
    """Say how the last run ended."""
    parser = argparse.ArgumentParser(
        prog="run_summary.py", description="Say how the last run of the warehouse ended."
    )
    parser.add_argument("--check", action="store_true", help="exit 2 unless it was published")
    parser.parse_args(argv)
    print(f"wardhouse: {check()}")
    return 0


if __name__ == "__main__":
    settings.run_main(main)
