"""The query of each view in the schema raw: files of any kind in one shape, all text.

Usage: imported by the raw door; nothing to run.

Columns: source_file, row_number (1 for the first record of the file), malformed_reason (null
when well-formed), then the contract's columns in its order.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate
from pathlib import Path

from raw_contract import Table
from raw_files import Inventory, RawFile, Scan
from raw_landing import landing_path
from raw_sql import read_csv, read_parquet, sql_name, sql_text

_NO_TEXT = "cast(null as varchar)"
_MARK_BYTES = 200  # what a cleaned copy may add to a record: its number and its reason


def view_query(found: Inventory, table: Table, landing_dir: Path) -> str:
    """The query of a table's view: one branch per set of files that are read alike."""
    branches: dict[tuple, list[RawFile]] = {}
    for file in found.of_table(table):
        scan = found.scan(file)
        kind = file.ending if scan.clean else "landed"
        # Parquet files are read by their columns' own names, CSV files by position.
        own = (scan.header, scan.types) if scan.types else ()
        branches.setdefault((kind, found.columns(file), own), []).append(file)
    queries = []
    for (kind, names, _), files in branches.items():
        scans = [found.scan(file) for file in files]
        if kind == ".parquet":
            query = _parquet_branch(table, files, names, scans[0])
        elif kind == "landed":
            query = _landed_branch(table, files, names, scans, landing_dir)
        else:
            query = _csv_branch(table, files, names, scans)
        queries.append(query)
    return "\nunion all\n".join(queries) or _empty_branch(table)


def _empty_branch(table: Table) -> str:
    return f"select {_selected(table, _NO_TEXT, 'cast(null as bigint)', {})} where false"


def _csv_branch(
    table: Table, files: list[RawFile], names: tuple[str, ...], scans: list[Scan]
) -> str:
    """Files read as they are: DuckDB numbers the rows of the whole list, in its order."""
    before = accumulate((scan.records for scan in scans[:-1]), initial=0)
    number = f"row_number() over () - {_by_file(map(str, before))}"
    reader = read_csv(
        [file.path for file in files],
        dict.fromkeys(_positions(names).values(), "varchar"),
        _longest(scans),
        gzipped=files[0].ending == ".csv.gz",
    )
    return (
        f"select {_selected(table, _source_file(files), number, _positions(names))} from {reader}"
    )


def _landed_branch(
    table: Table,
    files: list[RawFile],
    names: tuple[str, ...],
    scans: list[Scan],
    landing_dir: Path,
) -> str:
    """Cleaned copies, which carry the row numbers of the files they were made from."""
    columns = {"row_number": "bigint", "malformed_reason": "varchar"}
    reader = read_csv(
        [landing_path(file, landing_dir) for file in files],
        columns | dict.fromkeys(_positions(names).values(), "varchar"),
        _longest(scans) + _MARK_BYTES,
        gzipped=False,
    )
    selected = _selected(
        table, _source_file(files), "row_number", _positions(names), "malformed_reason"
    )
    return f"select {selected} from {reader}"


def _parquet_branch(table: Table, files: list[RawFile], names: tuple[str, ...], scan: Scan) -> str:
    """Parquet files of the same columns and types, each value as a CSV file would write it."""
    texts = {
        name: _as_text(f"data.{sql_name(raw)}", kind)
        for name, raw, kind in zip(names, scan.header, scan.types, strict=True)
    }
    reader = read_parquet([file.path for file in files])
    selected = _selected(table, _source_file(files), "data.file_row_number + 1", texts)
    return f"select {selected} from {reader} as data"


def _as_text(column: str, kind: str) -> str:
    """A value as text, in the form in which a careful CSV export has it."""
    if kind == "TIMESTAMP WITH TIME ZONE":
        # By way of the number, so that the result depends on no session's time zone.
        return f"strftime(make_timestamp(epoch_us({column})), '%Y-%m-%d %H:%M:%S')"
    if kind.startswith("TIMESTAMP"):
        return f"strftime({column}, '%Y-%m-%d %H:%M:%S')"
    text = f"cast({column} as varchar)"
    if kind in ("DOUBLE", "FLOAT"):
        # A whole-number column with gaps is stored as 12.0 by pandas; 12 was meant.
        whole = f"{column} = trunc({column}) and abs({column}) < 1e15"
        return f"case when {whole} then cast(cast({column} as bigint) as varchar) else {text} end"
    return f"nullif({text}, '')"


def _longest(scans: list[Scan]) -> int:
    return max(scan.longest for scan in scans) + len("\r\n")


def _positions(names: tuple[str, ...]) -> dict[str, str]:
    return {name: f"c{position}" for position, name in enumerate(names)}


def _selected(
    table: Table,
    source_file: str,
    number: str,
    values: dict[str, str],
    reason: str = _NO_TEXT,
) -> str:
    columns = {
        "source_file": source_file,
        "row_number": number,
        "malformed_reason": reason,
        **{name: values.get(name, _NO_TEXT) for name in table.columns},
    }
    return ", ".join(f"{value} as {sql_name(name)}" for name, value in columns.items())


def _source_file(files: list[RawFile]) -> str:
    return _by_file(sql_text(file.source_file) for file in files)


def _by_file(values: Iterable[str]) -> str:
    """The value that belongs to the file of the row, by the file's place in the list."""
    return f"[{', '.join(values)}][cast(file_index as bigint) + 1]"
