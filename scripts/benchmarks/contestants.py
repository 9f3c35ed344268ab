"""Who takes part: how each is prepared and run, and what is known of it afterwards.

Usage: imported by scripts/benchmark.py; nothing to run.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb

import settings
from benchmarks import check, postgres, stages
from benchmarks.measure import stored_bytes
from settings import UserError

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
DBT = Path(sys.executable).parent / "dbt"
SECRET = "the secret of the benchmark"  # any will do: the same for all, so that the keys agree
DEAREST = 25


@dataclass(frozen=True)
class Setting:
    """What is the same for all."""

    threads: int
    floor_memory: str
    python: Path | None  # one that has pandas and Polars


@dataclass(frozen=True)
class Contestant:
    """One way to do the work."""

    name: str
    what: str
    command: Callable[[Setting, Path, Path], list[str]]
    environment: Callable[[Setting, Path, Path], dict[str, str]]
    prepare: Callable[[Setting, Path, Path], None]
    summary: Callable[[Path], dict]  # what the cubes add up to, held against the floor's
    absent: Callable[[Setting], str | None]  # why it cannot take part, with the remedy


# --- the warehouse -------------------------------------------------------------------------------


def warehouse_environment(setting: Setting, data: Path | None, output: Path) -> dict[str, str]:
    """The environment of a build into a folder; nothing of the caller's settings leaks in."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("WARDHOUSE_", "DBT_"))}
    return kept | {
        "WARDHOUSE_BUILD_DIR": str(output / "build"),
        "WARDHOUSE_WAREHOUSE": str(output / "warehouse" / "wardhouse.duckdb"),
        "WARDHOUSE_THREADS": str(setting.threads),
        "DBT_TARGET_PATH": str(output.parent / "dbt_target"),
        "DBT_LOG_PATH": str(output / "logs"),
        **({"WARDHOUSE_RAW_DIR": str(data), "WARDHOUSE_KEY": SECRET} if data else {}),
    }


def warehouse_command(*excluded: str) -> list[str]:
    """`dbt build` as make runs it, without the kinds of nodes named."""
    left_out = ["--exclude-resource-type", *excluded] if excluded else []
    return [str(DBT), "--no-use-colors", "build", *left_out]


def warm(setting: Setting, data: Path | None, output: Path) -> None:
    """Have dbt read the project once, as it has wherever make ran before."""
    done = subprocess.run(
        [str(DBT), "--no-use-colors", "parse"], cwd=ROOT, capture_output=True, text=True,
        env=warehouse_environment(setting, data, output), check=False,
    )  # fmt: skip
    if done.returncode:
        raise UserError(f"dbt cannot read the project ({done.stdout.strip()[-200:]}), {ROOT}")


def private_database(output: Path) -> Path:
    """What a build made."""
    return output / "build" / settings.PRIVATE_DATABASE_NAME


def warehouse_details(output: Path) -> dict:
    """Seconds by layer and of the dearest nodes, from the build's own record."""
    with duckdb.connect(str(private_database(output)), read_only=True) as connection:
        layers = connection.execute(
            "select layer, count(*), sum(seconds) from private.build_nodes group by layer"
            " order by sum(seconds) desc"
        ).fetchall()
        nodes = connection.execute(
            "select node, layer, seconds from private.build_nodes order by seconds desc, node"
            f" limit {DEAREST}"
        ).fetchall()
    return {
        "layers": [
            {"layer": layer, "nodes": count, "seconds": round(seconds, 3)}
            for layer, count, seconds in layers
        ],
        "dearest": [
            {"node": node, "layer": layer, "seconds": round(seconds, 3)}
            for node, layer, seconds in nodes
        ],
    }


def warehouse_summary(output: Path) -> dict:
    """What the warehouse says of the same things: rows of its facts and rejected rows."""
    with duckdb.connect(str(private_database(output)), read_only=True) as connection:
        connection.execute("set schema = 'marts'")
        return {
            "rows": {
                fact: connection.execute(f"select count(*) from {fact}").fetchone()[0]
                for fact in check.FACTS
            }
        }


def floor_rows(output: Path) -> dict:
    """The rows of the floor's facts, to hold against the warehouse's."""
    with duckdb.connect(str(output / "floor.duckdb"), read_only=True) as connection:
        return {
            "rows": {
                fact: connection.execute(f"select count(*) from {fact}").fetchone()[0]
                for fact in check.FACTS
            }
        }


# --- all of them ---------------------------------------------------------------------------------


def _nothing(setting: Setting, data: Path, output: Path) -> None:
    """Nothing to prepare."""


def _same_environment(setting: Setting, data: Path, output: Path) -> dict[str, str]:
    return os.environ | {
        "POLARS_MAX_THREADS": str(setting.threads), "OMP_NUM_THREADS": str(setting.threads)
    }  # fmt: skip


def _present(setting: Setting) -> str | None:
    return None


def _needs(package: str) -> Callable[[Setting], str | None]:
    def why(setting: Setting) -> str | None:
        remedy = "run `make setup-bench`"
        if setting.python is None:
            return f"no Python with {package} was found; {remedy}"
        done = subprocess.run(
            [setting.python, "-c", f"import {package}, pyarrow"], capture_output=True, check=False
        )
        return f"{package} is not installed; {remedy}" if done.returncode else None

    return why


def _no_postgres(setting: Setting) -> str | None:
    if postgres.programs() and shutil.which("psql"):
        return None
    return "PostgreSQL is not installed; run `apt-get install postgresql`"


def _script(name: str, *more: str) -> Callable[[Setting, Path, Path], list[str]]:
    def command(setting: Setting, data: Path, output: Path) -> list[str]:
        return [str(setting.python), str(HERE / name), str(data), str(output), *more]

    return command


def _floor(setting: Setting, data: Path, output: Path) -> list[str]:
    return [
        sys.executable, str(HERE / "floor.py"), str(data), str(output), "--secret", SECRET,
        "--threads", str(setting.threads), "--memory", setting.floor_memory,
    ]  # fmt: skip


def _postgres(command: str) -> Callable[[Setting, Path, Path], list[str]]:
    def whole(setting: Setting, data: Path, output: Path) -> list[str]:
        return [
            sys.executable, str(HERE / "postgres.py"), command, str(data), str(output),
            "--threads", str(setting.threads), "--secret", SECRET,
        ]  # fmt: skip

    return whole


def _prepare_postgres(setting: Setting, data: Path, output: Path) -> None:
    subprocess.run(_postgres("prepare")(setting, data, output), check=True, capture_output=True)


def _of_json(output: Path) -> dict:
    return json.loads((output / "summary.json").read_text())


def _of_floor(output: Path) -> dict:
    return check.of_database(output / "floor.duckdb")


def _contestants() -> dict[str, Contestant]:
    def warehouse(name: str, what: str, *excluded: str) -> Contestant:
        return Contestant(
            name, what, lambda setting, data, output: warehouse_command(*excluded),
            warehouse_environment, warm, warehouse_summary, _present,
        )  # fmt: skip

    def notebook(name: str, what: str, script: str, package: str, *more: str) -> Contestant:
        return Contestant(
            name, what, _script(script, *more), _same_environment, _nothing, check.of_parquet,
            _needs(package),
        )  # fmt: skip

    secret = ("--secret", SECRET)
    everyone = [
        Contestant(
            "floor", "one hand-written DuckDB script", _floor, _same_environment, _nothing,
            _of_floor, _present,
        ),
        warehouse("wardhouse", "`dbt build` with all data tests, without unit tests", "unit_test"),
        warehouse("wardhouse-models", "the same without data tests", "test", "unit_test"),
        notebook("polars", "Polars, the source's ids kept", "polars_cubes.py", "polars"),
        notebook("polars-keyed", "Polars, keyed ids", "polars_cubes.py", "polars", *secret),
        notebook("pandas", "pandas, the source's ids kept", "pandas_cubes.py", "pandas"),
        notebook("pandas-keyed", "pandas, keyed ids", "pandas_cubes.py", "pandas", *secret),
        Contestant(
            "postgres", "PostgreSQL, files copied in", _postgres("run"), _same_environment,
            _prepare_postgres, _of_json, _no_postgres,
        ),
    ]  # fmt: skip
    return {one.name: one for one in everyone}


EVERYONE = _contestants()


def details(contestant: Contestant, output: Path, said: str) -> dict:
    """What a run that ended well tells of itself."""
    found: dict = {"stages": stages.said(said)}
    if contestant.name.startswith("wardhouse"):
        found |= warehouse_details(output)
        found["stored_bytes"] = stored_bytes(output / "build")
    elif contestant.name == "postgres":
        cluster = output / "cluster"
        found["stored_bytes"] = stored_bytes(cluster) if cluster.exists() else 0
        found["work_seconds"] = next(
            entry["seconds"] for entry in found["stages"] if entry["stage"] == "all"
        )
    else:
        found["stored_bytes"] = stored_bytes(output)
    return found
