"""Notice raw files that changed after they were counted.

Usage: imported by the raw door and the publish step; nothing to run.

The door counts a file when a build begins; the models read it later, some of them minutes later.
A file that is written or replaced in between would be one thing to one model and another to the
next, and where the number of rows stays the same no count would tell. So the state of every file
is kept with the build, and nothing is published from a build whose files are no longer the same.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import duckdb

from settings import UserError

_MOST_NAMED = 3


def file_state(state: os.stat_result) -> tuple[int, int, int]:
    """Size, time and place of a file: one of them changes when somebody writes or replaces it."""
    return state.st_size, state.st_mtime_ns, state.st_ino


def keep_states(conn: duckdb.DuckDBPyConnection, run: str) -> None:
    """Keep the counted files' states under the dbt run, beside those of the last build."""
    conn.execute(
        "create table if not exists raw.build_files "
        "(invocation_id varchar, path varchar, state varchar)"
    )
    there = conn.execute(
        "select count(*) from duckdb_tables() where database_name = current_database() "
        "and schema_name = 'private' and table_name = 'last_build'"
    ).fetchone()[0]
    last = "select invocation_id from private.last_build" if there else "select ''"
    conn.execute(f"delete from raw.build_files where invocation_id not in ({last})")
    (scans,) = conn.execute("select scans from raw.fingerprint").fetchone()
    rows = [[run, path, json.dumps(kept["state"][1:])] for path, kept in json.loads(scans).items()]
    if rows:
        conn.executemany("insert into raw.build_files values (?, ?, ?)", rows)


def refuse_changed_files(conn: duckdb.DuckDBPyConnection, catalog: str) -> None:
    """Stop when a raw file is not what the last build counted."""
    try:
        kept = conn.execute(
            f"select path, state from {catalog}.raw.build_files where invocation_id in "
            f"(select invocation_id from {catalog}.private.last_build) order by path"
        ).fetchall()
    except (duckdb.CatalogException, duckdb.BinderException):
        return  # made without the door
    changed = [path for path, state in kept if _state(Path(path)) != json.loads(state)]
    if changed:
        names = ", ".join(changed[:_MOST_NAMED])
        more = len(changed) - _MOST_NAMED
        raise UserError(
            f"{len(changed)} raw file{'s' if len(changed) > 1 else ''} changed after the build "
            f"counted them, {names}{f' and {more} more' if more > 0 else ''}; nothing was "
            "published, run dbt build again when the extract is complete"
        )


def _state(path: Path) -> list[int] | None:
    try:
        return list(file_state(path.stat()))
    except OSError:
        return None  # gone
