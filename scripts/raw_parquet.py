"""Look into a Parquet file: its columns, its rows, and whether every value can be read.

Usage: imported by the raw door; nothing to run.
"""

from __future__ import annotations

import io
from functools import cache
from pathlib import Path

import duckdb

from raw_contract import Table, match_header
from raw_signatures import no_parquet
from raw_sql import read_parquet, sql_name, sql_path
from settings import UserError

# Names that DuckDB gives to the place of a row; a column of the file would hide them.
_READERS_OWN = ("file_row_number", "file_index")


@cache
def _reader() -> duckdb.DuckDBPyConnection:
    """An empty database in memory, made when the first Parquet file is met."""
    return duckdb.connect(
        config={"autoinstall_known_extensions": False, "autoload_known_extensions": False}
    )


def scan_parquet(
    path: Path, table: Table, source_file: str
) -> tuple[tuple[str, ...], tuple[str, ...], int]:
    """The names by which DuckDB reads the columns, their types, and the number of rows.

    A footer says nothing of damaged pages: so each value that a model may read is read once.
    """

    def stop(what: str, remedy: str) -> None:
        raise UserError(f"{what}, {source_file}; {remedy}")

    with path.open("rb") as disk:
        start = disk.read(4)
        disk.seek(max(disk.seek(0, io.SEEK_END) - 4, 0))
        wrong = no_parquet(start, disk.read())
    if wrong:
        stop(*wrong)
    connection, reader = _reader(), read_parquet([path])
    rows = connection.execute(
        f"select num_rows from parquet_file_metadata({sql_path(path)})"
    ).fetchone()[0]
    columns = connection.execute(f"describe select * from {reader}").fetchall()
    header = tuple(column[0] for column in columns)
    types = tuple(column[1] for column in columns)
    own = [name for name in header if name.lower() in _READERS_OWN]
    if own:
        stop(f"column {', '.join(own)} is called like one that the reader makes", "rename it")
    names = match_header(table, _own_names(connection, path), source_file)
    wanted = [i for i, name in enumerate(names) if name in table.columns]
    nested = [names[i] for i in wanted if _is_nested(types[i])]
    if nested:
        stop(
            f"column {', '.join(nested)} holds a list, structure or map",
            "export each value as a column of its own",
        )
    values = ", ".join(sql_name(header[i]) for i in wanted)
    read = connection.execute(
        f"select count(*) from (select hash({values}) as h from {reader}) where h is not null"
    ).fetchone()[0]
    if read != rows:
        stop(f"the Parquet file says {rows:,} rows and holds {read:,}", "copy it again")
    return header, types, rows


def _own_names(connection: duckdb.DuckDBPyConnection, path: Path) -> tuple[str, ...]:
    """The file's own column names: DuckDB renames a column that is there twice."""
    schema = connection.execute(
        f"select name, num_children from parquet_schema({sql_path(path)})"
    ).fetchall()
    names, below = [], 0  # below: nodes that belong to the column met last
    for name, children in schema[1:]:
        if below == 0:
            names.append(name)
        else:
            below -= 1
        below += children or 0
    return tuple(names)


def _is_nested(kind: str) -> bool:
    return kind.endswith("]") or kind.startswith(("STRUCT(", "MAP(", "UNION("))
