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
import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import duckdb
from dbt.adapters.duckdb.plugins import BasePlugin
from dbt_common.exceptions import DbtRuntimeError
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn
from rich.table import Table as RichTable
from rich.text import Text

import settings
from raw_contract import CODE_MAP, Contract, Table, load_contract, source_files
from raw_files import (
    Advance,
    Inventory,
    RawFile,
    Scan,
    find_files,
    inventory,
    land,
    landing_path,
    read_parquet,
    remove_stale,
    scan_files,
    sql_path,
    sql_text,
)
from settings import UserError

# The demo data are invented: their key only has to be the same everywhere.
DEMO_KEY = "wardhouse-demo-key-of-invented-people"
KEY_VARIABLE = "WARDHOUSE_KEY"
KEY_FILE_NAME = ".wardhouse_key"
PROGRESS_FROM_BYTES = 200 << 20
# DuckDB's own default; a longer record raises it for the files that need it.
_USUAL_LINE_BYTES = 2_000_000

_shown_warnings: set[str] = set()


class Plugin(BasePlugin):
    """What dbt-duckdb calls when it opens the private database."""

    def update_connection_config(self, creds: Any, config: dict[str, Any]) -> None:
        """Make the folder of the private database, for its owner only."""
        if creds.path != ":memory:" and not creds.is_motherduck:
            _make_private_folder(Path(creds.path).parent)

    def configure_connection(self, conn: duckdb.DuckDBPyConnection) -> None:
        """Bring the schemas `private` and `raw` up to date with the raw folder."""
        try:
            open_door(conn, settings.raw_dir(), settings.build_dir())
        except UserError as error:
            raise DbtRuntimeError(f"wardhouse: {error}") from None


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
    if not unchanged:
        with _progress(found) as advance:
            scan_files(found, _still_valid(found, known), advance)
        _land_damaged(found, _still_valid(found, known), landing_dir)
    with _transaction(conn):
        _write_key(conn, secret)
        if not unchanged:
            _write_raw(conn, found, landing_dir)
            _write_fingerprint(conn, state, program, found)
    if not unchanged:
        remove_stale(landing_dir, _copies(found, found.scans, landing_dir))
    return not unchanged


# The key of the hashed ids


def hash_key(raw_dir: Path | None, build_dir: Path) -> str:
    """The secret of the hashed ids: the user's, the demo's, or one made once and kept."""
    given = os.environ.get(KEY_VARIABLE, "").strip()
    if given:
        return given
    if raw_dir is None:
        return DEMO_KEY
    path = build_dir / KEY_FILE_NAME
    _make_private_folder(build_dir)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _kept_key(path)
    with os.fdopen(handle, "w") as stream:
        key = secrets.token_hex(32)
        stream.write(key + "\n")
    print(
        f"wardhouse: a key for the hashed ids was made, {path}; "
        "keep a copy: without it the ids of the next build are different",
        file=sys.stderr,
    )
    return key


def _kept_key(path: Path) -> str:
    path.chmod(0o600)
    key = path.read_text().strip()
    if not key:
        raise UserError(f"the key file is empty, {path}; put your copy back or remove the file")
    return key


def _make_private_folder(folder: Path) -> None:
    if not folder.is_dir():
        folder.mkdir(parents=True, mode=0o700)


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


def _contents(paths: list[Path]) -> list[str]:
    return [path.read_text("utf-8") if path.exists() else "" for path in paths]


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
    if found.raw_dir is None:
        return
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
    conn.execute("insert into raw.fingerprint values (?, ?, ?)", [state, program, json.dumps(scans)])


# The schema raw


def _write_raw(conn: duckdb.DuckDBPyConnection, found: Inventory, landing_dir: Path) -> None:
    conn.execute("create schema if not exists raw")
    conn.execute(
        "create or replace table raw.files (source_system varchar, source_table varchar, "
        "source_file varchar, raw_rows bigint, malformed_rows bigint, bytes bigint)"
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
        conn.execute(f"drop view raw.{_name(view)}")
    if found.raw_dir is not None:
        for table in found.contract.tables.values():
            view = _name(f"{table.system}__{table.name}")
            conn.execute(f"create view raw.{view} as {view_query(found, table, landing_dir)}")


def _insert(conn: duckdb.DuckDBPyConnection, relation: str, rows: list[tuple]) -> None:
    if rows:
        conn.executemany(f"insert into {relation} values ({', '.join('?' * len(rows[0]))})", rows)


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


def view_query(found: Inventory, table: Table, landing_dir: Path) -> str:
    """The query of a table's view: one branch per set of files that are read alike."""
    branches: dict[tuple, list[RawFile]] = {}
    for file in found.of_table(table):
        scan = found.scan(file)
        kind = file.ending if scan.clean else "landed"
        branches.setdefault((kind, found.columns(file), scan.types), []).append(file)
    queries = []
    for (kind, names, types), files in branches.items():
        scans = [found.scan(file) for file in files]
        if kind == ".parquet":
            query = _parquet_branch(table, files, names, types)
        elif kind == "landed":
            query = _landed_branch(table, files, scans, names, landing_dir)
        else:
            query = _csv_branch(table, files, scans, names)
        queries.append(query)
    return "\nunion all\n".join(queries) or _empty_branch(table)


def _empty_branch(table: Table) -> str:
    return f"select {_selected(table, _null('varchar'), _null('bigint'), {})} where false"


def _csv_branch(
    table: Table, files: list[RawFile], scans: list[Scan], names: tuple[str, ...]
) -> str:
    """Files read as they are; DuckDB numbers the rows of the whole list, in its order."""
    before = [0]
    for scan in scans[:-1]:
        before.append(before[-1] + scan.records)
    number = f"row_number() over () - {_by_file(map(str, before))}"
    selected = _selected(table, _source_file(files), number, _positions(names))
    compression = "gzip" if files[0].ending == ".csv.gz" else "none"
    columns = {f"c{position}": "varchar" for position in range(len(names))}
    paths = [file.path for file in files]
    return f"select {selected} from {_read_csv(paths, columns, scans, compression)}"


def _landed_branch(
    table: Table,
    files: list[RawFile],
    scans: list[Scan],
    names: tuple[str, ...],
    landing_dir: Path,
) -> str:
    """Cleaned copies, which carry the row numbers of the files they were made from."""
    columns = {"row_number": "bigint", "malformed_reason": "varchar"}
    columns |= {f"c{position}": "varchar" for position in range(len(names))}
    selected = _selected(
        table, _source_file(files), "row_number", _positions(names), "malformed_reason"
    )
    paths = [landing_path(file, landing_dir) for file in files]
    return f"select {selected} from {_read_csv(paths, columns, scans, 'none')}"


def _parquet_branch(
    table: Table, files: list[RawFile], names: tuple[str, ...], types: tuple[str, ...]
) -> str:
    own = [found for found in zip(names, files_header(types), types, strict=True)]
    raise NotImplementedError(own)


def _read_csv(
    paths: list[Path], columns: dict[str, str], scans: list[Scan], compression: str
) -> str:
    """The call that reads well-formed CSV files and stops at anything else."""
    longest = max(scan.longest for scan in scans) + 1000
    files = ", ".join(sql_path(path) for path in paths)
    types = ", ".join(f"{sql_text(name)}: '{kind}'" for name, kind in columns.items())
    return (
        f"read_csv([{files}], columns={{{types}}}, auto_detect=false, header=true, "
        "delim=',', quote='\"', escape='\"', nullstr='', strict_mode=true, null_padding=false, "
        f"compression='{compression}', hive_partitioning=false, "
        f"max_line_size={max(longest, _USUAL_LINE_BYTES)})"
    )


def _positions(names: tuple[str, ...]) -> dict[str, str]:
    return {name: f"c{position}" for position, name in enumerate(names)}


def _selected(
    table: Table,
    source_file: str,
    number: str,
    expressions: dict[str, str],
    reason: str | None = None,
) -> str:
    """The columns of a view: where the record stands, what is wrong with it, what it says."""
    columns = {
        "source_file": source_file,
        "row_number": number,
        "malformed_reason": reason or _null("varchar"),
        **{name: expressions.get(name) or _null("varchar") for name in table.columns},
    }
    return ", ".join(f"{value} as {_name(name)}" for name, value in columns.items())


def _source_file(files: list[RawFile]) -> str:
    return _by_file(sql_text(file.source_file) for file in files)


def _by_file(values: Iterator[str]) -> str:
    """The value that belongs to the file of the row, by the file's place in the list."""
    return f"[{', '.join(values)}][file_index + 1]"


def _null(kind: str) -> str:
    return f"cast(null as {kind})"


def _name(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
