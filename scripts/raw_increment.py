"""What is new since each raw table was last staged, so that a build reads nothing else.

Usage: imported by the raw door; nothing to run.

A staging model that was built keeps the state of every file whose rows it holds in
private.staged_files. Before the next build a view raw.<system>__<table>__new is made over the
files that are not among them. private.project says with which code, settings and key: rows that
were staged with others are staged anew.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import duckdb

from raw_files import Inventory, RawFile
from raw_sql import sql_name
from raw_views import view_query


def file_state_text(file: RawFile) -> str:
    """What changes when the file's content does, as text."""
    return json.dumps(file.stamp)


def write_increment(
    conn: duckdb.DuckDBPyConnection,
    found: Inventory,
    landing_dir: Path,
    project_state: str,
    tests_state: str,
) -> None:
    """Write the state of the project, and a view over each table's new and changed files."""
    conn.execute(
        "create or replace table private.project as select ? as project_state, ? as tests_state",
        [project_state, tests_state],
    )
    conn.execute(
        "create table if not exists private.staged_files "
        "(source_system varchar, source_table varchar, source_file varchar, file_state varchar)"
    )
    if found.raw_dir is None:
        return
    staged = set(conn.execute("from private.staged_files").fetchall())
    for table in found.contract.tables.values():
        new = [file for file in found.of_table(table) if _key(file) not in staged]
        view = sql_name(f"{table.system}__{table.name}__new")
        query = view_query(replace(found, files=new), table, landing_dir)
        conn.execute(f"create or replace view raw.{view} as {query}")


def _key(file: RawFile) -> tuple[str, str, str, str]:
    return file.table.system, file.table.name, file.source_file, file_state_text(file)
