"""A corpus of damaged and of unusual Parquet files.

Usage: imported by test_broken_files.py; nothing to run.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from broken_files import ROWS, Case, Sound


@cache
def writer() -> duckdb.DuckDBPyConnection:
    """The database that writes the files."""
    return duckdb.connect(config={"autoinstall_known_extensions": False})


def parquet(s: Sound, query: str = "select * from sound", options: str = "") -> bytes:
    """A Parquet file of a query over the sound records, which are all text."""
    db = writer()
    columns = ", ".join(f'"{name}" varchar' for name in s.header)
    db.execute(f"create or replace temp table sound ({columns})")
    marks = ", ".join("?" for _ in s.header)
    rows = [[value or None for value in row] for row in s.rows]
    db.executemany(f"insert into sound values ({marks})", rows)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "x.parquet"
        db.execute(f"copy ({query}) to '{path}' (format parquet{options})")
        return path.read_bytes()


def last_as(s: Sound, expression: str) -> bytes:
    """A Parquet file whose last column is something else."""
    return parquet(s, f'select * replace ({expression} as "{s.header[-1]}") from sound')


def extra(s: Sound, columns: str) -> bytes:
    """A Parquet file with further columns."""
    return parquet(s, f"select *, {columns} from sound")


def stop(name: str, make: Callable[[Sound], bytes], *words: str) -> Case:
    """A case that must stop."""
    return Case(name, make, stops=words, ending=".parquet")


def goes(name: str, make: Callable[[Sound], bytes], good: int = ROWS, altered: int = 0) -> Case:
    """A case whose records must all come through."""
    return Case(name, make, good=good, altered=altered, ending=".parquet")


def flipped(data: bytes) -> bytes:
    """A file whose first pages are overwritten, its footer whole."""
    return data[:4] + b"\xff" * 60 + data[64:]


def miscounted(data: bytes) -> bytes:
    """A file whose footer tells 8 rows instead of 6 (field 3 of its Thrift structure)."""
    return data.replace(b"\x16\x0c\x19\x1c", b"\x16\x10\x19\x1c")


def with_bad_text(s: Sound) -> bytes:
    """A text column whose bytes are no UTF-8."""
    query = f"select * replace (repeat('Q', 40) as \"{s.header[-1]}\") from sound"
    return parquet(s, query, ", compression uncompressed").replace(b"Q" * 40, b"\xff" * 40)


NESTED = "a list, structure or map"
PARQUET_CASES = [
    goes("a good Parquet file", parquet),
    goes(
        "a Parquet file without a row", lambda s: parquet(s, "select * from sound where false"), 0
    ),
    stop("an empty Parquet file", lambda s: b"", "the file is empty"),
    stop("a Parquet file without its footer", lambda s: parquet(s)[:-8], "cut short or damaged"),
    stop(
        "a half-written Parquet file",
        lambda s: parquet(s)[: len(parquet(s)) // 2],
        "cut short or damaged",
    ),
    stop("only the mark of Parquet", lambda s: b"PAR1", "cut short or damaged"),
    stop(
        "a footer of an absurd length",
        lambda s: parquet(s)[:-8] + b"\xff\xff\xff\x7fPAR1",
        "cut short or damaged",
    ),
    stop(
        "a Parquet file with damaged pages", lambda s: flipped(parquet(s)), "cut short or damaged"
    ),
    stop("a Parquet file that tells another number of rows",
         lambda s: miscounted(parquet(s)),
         "says 8 rows and holds 6"),
    stop("a Parquet file that is CSV", lambda s: s.text, "is no Parquet file"),
    stop("a Parquet file of NUL bytes", lambda s: b"\0" * 4096, "is no Parquet file"),
    stop("an encrypted Parquet file", lambda s: b"PARE" + parquet(s)[4:-4] + b"PARE", "encrypted"),
    stop("text in Parquet that is not UTF-8", with_bad_text, "UTF-8"),
    stop("a list in a column", lambda s: last_as(s, "[1, 2]"), NESTED),
    stop("a structure in a column", lambda s: last_as(s, "{'a': 1}"), NESTED),
    stop("a map in a column", lambda s: last_as(s, "map {'a': 1}"), NESTED),
    goes(
        "nested columns that nobody reads",
        lambda s: extra(s, "[1] as more_list, {'a': 1} as more_struct, map {1: 2} as more_map"),
    ),
    goes(
        "binary columns that nobody reads",
        lambda s: extra(s, "'\\xFF\\x00'::blob as more_blob, uuid() as more_uuid"),
    ),
    goes("a binary column of text", lambda s: last_as(s, f'cast("{s.header[-1]}" as blob)')),
    goes("decimals", lambda s: last_as(s, "cast(12.50 as decimal(18, 2))"), 0, ROWS),
    goes("numbers of 128 bits", lambda s: last_as(s, "cast(12 as hugeint)"), 0, ROWS),
    goes("times with a zone", lambda s: last_as(s, "cast('2024-01-01' as timestamptz)"), 0, ROWS),
    goes(
        "times to the nanosecond",
        lambda s: last_as(s, "cast('2024-01-01 01:02:03.123456789' as timestamp_ns)"),
        0,
        ROWS,
    ),
    goes("times of day", lambda s: last_as(s, "cast('08:30' as time)"), 0, ROWS),
    goes("infinite dates", lambda s: last_as(s, "cast('infinity' as date)"), 0, ROWS),
    goes("infinite times", lambda s: last_as(s, "cast('-infinity' as timestamp)"), 0, ROWS),
    goes("numbers that are none", lambda s: last_as(s, "cast('nan' as double)"), 0, ROWS),
    goes("infinite numbers", lambda s: last_as(s, "cast('-infinity' as float)"), 0, ROWS),
    goes(
        "an enumeration as a dictionary",
        lambda s: last_as(s, "cast('a' as enum('a', 'b'))"),
        0,
        ROWS,
    ),
    goes("intervals", lambda s: last_as(s, "interval 3 days"), 0, ROWS),
    goes("a column without any value", lambda s: extra(s, "cast(null as integer) as more_null")),
    goes("many row groups", lambda s: parquet(s, options=", row_group_size 2")),
    goes("compressed by zstd", lambda s: parquet(s, options=", compression zstd")),
    goes(
        "two thousand columns of Parquet",
        lambda s: extra(s, ", ".join(f"1 as extra_{n}" for n in range(2_000))),
    ),
    goes("a column called filename", lambda s: extra(s, "'x' as filename")),
    stop(
        "columns called like the reader's own",
        lambda s: extra(s, "7 as file_row_number, 9 as file_index"),
        "file_row_number, file_index",
    ),
    goes(
        "column names with quotes and SQL",
        lambda s: extra(s, """1 as "a'b", 2 as "c""; drop table x; --", 3 as "d e" """),
    ),
    stop(
        "a Parquet column that is there twice",
        lambda s: extra(s, f'1 as "{s.header[0].upper()} "'),
        "occurs twice",
    ),
    stop(
        "a Parquet file without a required column",
        lambda s: parquet(s, f'select * exclude ("{s.header[0]}") from sound'),
        "required column",
    ),
    stop("a Parquet file of one column", lambda s: parquet(s, "select 1 as x"), "required column"),
]  # fmt: skip
