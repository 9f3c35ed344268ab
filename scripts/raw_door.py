"""The only door for raw data: a dbt-duckdb plugin that opens a raw folder to the models.

Usage: named in profiles.yml, dbt runs it whenever it opens the private database. By hand,
python scripts/raw_door.py check [--raw-dir DIR]

prints what is in the raw folder (or in the demo seeds) and exits 2 when a build would stop.

Every record is counted here, independently of DuckDB's reader (raw_csv.py), before a view is
made for each table of the contract. DuckDB only ever reads well-formed files: one with damaged
records is landed as a cleaned copy that keeps their numbers. So a disagreement between the two
is a loud error or a difference in the reconciliation, never a silent loss.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import duckdb
from dbt.adapters.duckdb.plugins import BasePlugin
from dbt.flags import get_flags
from dbt_common.exceptions import DbtRuntimeError
from dbt_common.invocation import get_invocation_id
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn
from rich.table import Table as RichTable
from rich.text import Text

import settings
from private_side import (
    close_files,
    hash_key,
    keep_to_owner,
    make_private_folder,
    take_build_folder,
)
from raw_changes import keep_states
from raw_contract import CODE_MAP, load_contract, source_files
from raw_files import Advance, Inventory, Scan, find_files, scan_files
from raw_increment import file_state_text, write_increment
from raw_landing import land, landing_path, remove_stale
from raw_views import sql_name, view_query
from settings import UserError, printable

PROGRESS_FROM_BYTES = 200 << 20
_ROWS_A_STATEMENT = 500
_VERSION_COLUMNS = ("record_status", "record_updated_at")

_shown_warnings: set[str] = set()
_opened: set[tuple[str, str, str]] = set()  # dbt runs of this process that have passed the door


class Plugin(BasePlugin):
    """What dbt-duckdb calls when it opens the private database."""

    def update_connection_config(self, creds: Any, config: dict[str, Any]) -> None:
        """Make the build folder, for its owner only, and keep it to this process until it ends."""
        keep_to_owner()
        if creds.path == ":memory:" or creds.is_motherduck:
            return
        path = Path(creds.path)
        try:
            config.update(settings.engine_limits())
            take_build_folder(path, config, _dbt_command())
        except UserError as error:
            raise DbtRuntimeError(f"wardhouse: {error}") from None
        except OSError as error:
            raise _unusable(error, path.parent) from None

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Bring the schemas `private` and `raw` up to date with the raw folder.

        Once a run: dbt opens the database again and again, and a file that is new or has changed
        in the meantime would be counted for some models and not for others.
        """
        run = get_invocation_id()
        passed = (run, str(settings.raw_dir()), str(self.creds.path))
        if passed in _opened:
            return
        try:
            self._close_to_others()
            open_door(conn, settings.raw_dir(), settings.build_dir())
            if getattr(get_flags(), "WHICH", None) in ("build", "run", "seed"):
                keep_states(conn, run)
            _opened.add(passed)
        except UserError as error:
            raise DbtRuntimeError(f"wardhouse: {error}") from None
        except duckdb.Error as error:
            raise DbtRuntimeError(f"wardhouse: {_unforeseen(error, self.creds.path)}") from None
        except OSError as error:
            raise _unusable(error, Path(self.creds.path).parent) from None

    def _close_to_others(self) -> None:
        """Names, record numbers and the key are in the private file; an error may quote a value."""
        flags = get_flags()
        logs, target = (getattr(flags, name, None) for name in ("LOG_PATH", "TARGET_PATH"))
        close_files(
            [
                Path(self.creds.path),
                *(Path(logs).glob("dbt.log*") if logs else ()),
                *([Path(target) / "run_results.json"] if target else ()),
            ]
        )


def _unusable(error: OSError, folder: Path) -> DbtRuntimeError:
    """What a folder without rights or a full disk means to the user."""
    return DbtRuntimeError(
        f"wardhouse: the build folder cannot be used ({error.strerror}), {folder}; "
        "make it writable, free some space, or set WARDHOUSE_BUILD_DIR to another folder"
    )


def _dbt_command() -> str:
    """What this process is, for whoever finds the build folder taken."""
    command = getattr(get_flags(), "WHICH", None)
    return "build" if command == "build" else f"dbt {command or 'command'}"


def _unforeseen(error: Exception, place: str) -> str:
    """A failure of the database or the disk as one line."""
    reason = printable(str(error).split("\n", 1)[0])
    return (
        f"the raw data could not be registered ({reason}), {place}; "
        "run again when the extract is complete"
    )


def open_door(
    conn: duckdb.DuckDBPyConnection,
    raw_dir: Path | None,
    build_dir: Path,
    contract_files: list[Path] | None = None,
    code_map: Path = CODE_MAP,
) -> bool:
    """Fill the schemas `private` and `raw`; gives whether the files were counted (again)."""
    contract_files = source_files() if contract_files is None else contract_files
    landing_dir = build_dir.absolute() / "landing"
    found = find_files(raw_dir, load_contract(contract_files, code_map))
    for warning in found.warnings:
        _warn_once(warning)
    secret = hash_key(raw_dir, build_dir)
    program = _program_state()
    state = _fingerprint([program, *_contents([*contract_files, code_map])], found, landing_dir)
    known, last_state = _last_scans(conn, program)
    # A cleaned copy that somebody removed must come back, though no raw file has changed.
    unchanged = state == last_state and _is_landed(found, known, landing_dir)
    valid = _still_valid(found, known)
    with _progress(found) as advance:
        scan_files(found, valid, advance)
    if not unchanged:
        _land_damaged(found, valid, landing_dir)
    with _transaction(conn):
        _write_key(conn, secret)
        if not unchanged:
            _write_raw(conn, found, landing_dir)
            _write_fingerprint(conn, state, program, found)
        states = _project_state(program, secret, found), _tests_state()
        write_increment(conn, found, landing_dir, *states)
    if not unchanged:
        # Only now: a run that stops above leaves views that still read the old copies.
        remove_stale(landing_dir, _copies(found, found.scans, landing_dir))
    return not unchanged


# The key of the hashed ids


def _write_key(conn: duckdb.DuckDBPyConnection, secret: str) -> None:
    """Keep the key as one row: reached by a join, it stands in no compiled SQL and no log."""
    conn.execute("create schema if not exists private")
    conn.execute("create table if not exists private.hash_key (secret varchar not null)")
    if conn.execute("select secret from private.hash_key").fetchall() != [(secret,)]:
        conn.execute("delete from private.hash_key")
        conn.execute("insert into private.hash_key values (?)", [secret])


# What was counted last time


def _program_state() -> str:
    """Changes with the code that counts and makes the views, and with DuckDB."""
    here = Path(__file__).parent
    return _digest([duckdb.__version__, *_contents(sorted(here.glob("raw_*.py")))])


def _project_state(program: str, secret: str, found: Inventory) -> str:
    """Changes with all that decides what the models make of the same raw rows and seeds."""
    root = settings.PROJECT_ROOT
    paths = [root / "dbt_project.yml"]
    paths += sorted([*root.glob("models/**/*.sql"), *root.glob("macros/**/*.sql")])
    # what a record's own columns say is seen row by row, so a first file that has them is no change
    present = sorted(
        (system, table, name)
        for system, table, name, _, is_present, is_in_contract in column_rows(found)
        if is_present and is_in_contract and name not in _VERSION_COLUMNS
    )
    return _digest([program, secret, str(found.raw_dir), present, *_contents(paths)])


def _tests_state() -> str:
    """Changes with what the tests say: the texts of models may not matter, the tests beside do."""
    root = settings.PROJECT_ROOT
    return _digest(_contents(sorted([*root.glob("models/**/*.yml"), *root.glob("tests/**/*.sql")])))


def _contents(paths: list[Path]) -> list[str]:
    there = [path for path in paths if path.exists()]
    return [hashlib.sha256(path.read_bytes()).hexdigest() for path in there]


def _digest(parts: list) -> str:
    return hashlib.sha256(json.dumps(parts).encode("utf-8")).hexdigest()


def _fingerprint(program_and_contract: list[str], found: Inventory, landing_dir: Path) -> str:
    places = [str(found.raw_dir), str(landing_dir)]
    return _digest([program_and_contract, places, [file.state for file in found.files]])


def _last_scans(conn: duckdb.DuckDBPyConnection, program: str) -> tuple[dict[str, dict], str]:
    """The kept counts of each file with the state it had, and the last fingerprint."""
    there = conn.execute(
        "select count(*) from duckdb_tables() where database_name = current_database() "
        "and schema_name = 'raw' and table_name = 'fingerprint'"
    ).fetchone()[0]
    row = conn.execute("select * from raw.fingerprint").fetchone() if there else None
    if row is None or row[1] != program:
        return {}, ""
    return json.loads(row[2]), row[0]


def _scan_from(kept: dict) -> Scan:
    fields = dict(kept["scan"])
    return Scan(**{**fields, "header": tuple(fields["header"]), "types": tuple(fields["types"])})


def _still_valid(found: Inventory, known: dict[str, dict]) -> dict[str, Scan]:
    """The kept counts of the files that have not changed: only new files are read again."""
    return {
        str(file.path): _scan_from(known[str(file.path)])
        for file in found.files
        if known.get(str(file.path), {}).get("state") == file.state
    }


def _copies(found: Inventory, scans: dict[str, Scan], landing_dir: Path) -> set[Path]:
    """The cleaned copies that the views read; the demo seeds are read by dbt."""
    if found.raw_dir is None:
        return set()
    return {
        landing_path(file, landing_dir) for file in found.files if not scans[str(file.path)].clean
    }


def _is_landed(found: Inventory, known: dict[str, dict], landing_dir: Path) -> bool:
    copies = _copies(found, _still_valid(found, known), landing_dir)
    return all(path.exists() for path in copies)


def _land_damaged(found: Inventory, reused: dict[str, Scan], landing_dir: Path) -> None:
    if not _copies(found, found.scans, landing_dir):
        return
    make_private_folder(landing_dir)
    for file in found.files:
        there = str(file.path) in reused and landing_path(file, landing_dir).exists()
        if not found.scan(file).clean and not there:
            land(file, found.scan(file), landing_dir)


def _write_fingerprint(
    conn: duckdb.DuckDBPyConnection, state: str, program: str, found: Inventory
) -> None:
    scans = {
        str(file.path): {"state": file.state, "scan": asdict(found.scan(file))}
        for file in found.files
    }
    conn.execute(
        "create or replace table raw.fingerprint "
        "(fingerprint varchar, program varchar, scans varchar)"
    )
    conn.execute(
        "insert into raw.fingerprint values (?, ?, ?)", [state, program, json.dumps(scans)]
    )


# The schema raw


def _write_raw(conn: duckdb.DuckDBPyConnection, found: Inventory, landing_dir: Path) -> None:
    conn.execute("create schema if not exists raw")
    conn.execute(
        "create or replace table raw.files (source_system varchar, source_table varchar, "
        "source_file varchar, raw_rows bigint, malformed_rows bigint, bytes bigint, "
        "modified_at timestamp, file_state varchar)"
    )
    conn.execute(
        "create or replace table raw.columns (source_system varchar, source_table varchar, "
        "column_name varchar, is_required boolean, is_present boolean, is_in_contract boolean)"
    )
    _insert(conn, "raw.files", file_rows(found))
    _insert(conn, "raw.columns", column_rows(found))
    views = conn.execute(
        "select view_name from duckdb_views() "
        "where database_name = current_database() and schema_name = 'raw'"
    ).fetchall()
    for (view,) in views:
        conn.execute(f"drop view raw.{sql_name(view)}")
    if found.raw_dir is not None:
        for table in found.contract.tables.values():
            view = sql_name(f"{table.system}__{table.name}")
            conn.execute(f"create view raw.{view} as {view_query(found, table, landing_dir)}")


def _insert(conn: duckdb.DuckDBPyConnection, relation: str, rows: list[tuple]) -> None:
    """Many rows a statement: a file of ten thousand columns has as many rows here."""
    for start in range(0, len(rows), _ROWS_A_STATEMENT):
        some = rows[start : start + _ROWS_A_STATEMENT]
        marks = ", ".join([f"({', '.join('?' * len(some[0]))})"] * len(some))
        conn.execute(f"insert into {relation} values {marks}", [v for row in some for v in row])


def file_rows(found: Inventory) -> list[tuple]:
    """One row per file: the independent count that the reconciliation starts from."""
    return [
        (
            file.table.system,
            file.table.name,
            file.source_file,
            found.scan(file).records,
            found.scan(file).malformed,
            file.size,
            # a clone's file times say nothing about the age of the demo data
            file.modified_at if found.raw_dir else None,
            file_state_text(file),
        )
        for file in found.files
    ]


def column_rows(found: Inventory) -> list[tuple]:
    """One row per contract column, and one per column that the files have beyond it."""
    rows = []
    for table in found.contract.tables.values():
        present = dict.fromkeys(
            name for file in found.of_table(table) for name in found.columns(file)
        )
        for name in table.columns:
            required = name in table.required
            rows.append((table.system, table.name, name, required, name in present, True))
        extra = [name for name in present if name not in table.columns]
        rows += [(table.system, table.name, name, None, True, False) for name in extra]
    return rows


@contextmanager
def _transaction(conn: duckdb.DuckDBPyConnection) -> Iterator[None]:
    conn.begin()
    try:
        yield
    except BaseException:
        conn.rollback()
        raise
    conn.commit()


# What the user sees


def _warn_once(warning: str) -> None:
    """dbt opens the database several times in one run."""
    if warning not in _shown_warnings:
        _shown_warnings.add(warning)
        print(f"wardhouse: {printable(warning)}", file=sys.stderr)


@contextmanager
def _progress(found: Inventory) -> Iterator[Advance]:
    """A bar on the terminal when there is enough to read that one would wonder."""
    console = Console(stderr=True)
    if found.bytes < PROGRESS_FROM_BYTES or not console.is_terminal:
        yield lambda count: None
        return
    columns = ("counting raw records", BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("", total=found.bytes)
        yield lambda count: bar.advance(task, count)


def check(raw_dir: Path | None) -> Inventory:
    """Count everything and print it; what would stop a build raises UserError."""
    found = find_files(raw_dir, load_contract())
    with _progress(found) as advance:
        scan_files(found, {}, advance)
    for warning in found.warnings:
        _warn_once(warning)
    console = Console(highlight=False)
    console.print(_overview(found))
    for line in _remarks(found):
        console.print(Text(line), soft_wrap=True)
    return found


def _overview(found: Inventory) -> RichTable:
    where = "the demo seeds" if found.raw_dir is None else str(found.raw_dir)
    overview = RichTable(title=Text(f"Raw data of {where}"), title_justify="left")
    overview.add_column("file", overflow="fold")
    for heading in ("records", "malformed", "bytes"):
        overview.add_column(heading, justify="right", no_wrap=True)
    for file in found.files:
        scan = found.scan(file)
        overview.add_row(
            Text(file.source_file),
            f"{scan.records:,}",
            Text(f"{scan.malformed:,}", style="bold red" if scan.malformed else ""),
            f"{file.size:,}",
        )
    return overview


def _remarks(found: Inventory) -> Iterator[str]:
    """What is missing, and what is there but not read."""
    for table in found.contract.tables.values():
        if not found.of_table(table):
            yield f"{table.title}: no file"
            continue
        of_table = [row for row in column_rows(found) if row[:2] == (table.system, table.name)]
        absent = [row[2] for row in of_table if not row[4]]
        extra = [row[2] for row in of_table if not row[5]]
        if absent:
            yield f"{table.title}: missing optional columns {', '.join(absent)}"
        if extra:
            yield f"{table.title}: columns that are not read {', '.join(extra)}"


def main(argv: list[str]) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("check", help="count the raw data and name what stops a build")
    command.add_argument(
        "--raw-dir",
        type=Path,
        help="the raw folder (default: WARDHOUSE_RAW_DIR, else the demo seeds)",
    )
    arguments = parser.parse_args(argv)
    raw_dir = arguments.raw_dir
    raw_dir = raw_dir.expanduser().absolute() if raw_dir else settings.raw_dir()
    try:
        check(raw_dir)
    except (duckdb.Error, OSError) as error:
        raise UserError(_unforeseen(error, str(raw_dir))) from None
    return 0


if __name__ == "__main__":
    settings.run_main(main)
