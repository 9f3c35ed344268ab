"""Write names, texts, paths and reader calls of DuckDB's SQL safely.

Usage: imported by the raw door; nothing to run.
"""

from __future__ import annotations

from pathlib import Path

# DuckDB's own default; a longer record raises it for the files that need it.
_USUAL_LINE_BYTES = 2_000_000


def sql_name(name: str) -> str:
    """A quoted identifier."""
    return '"' + name.replace('"', '""') + '"'


def sql_text(text: str) -> str:
    """A text literal."""
    return "'" + text.replace("'", "''") + "'"


def sql_path(path: Path) -> str:
    """A path as a literal that stands for this one file, whatever characters it has."""
    # DuckDB takes *, ? and [ in a path for a pattern: [1].csv would read 1.csv instead.
    return sql_text("".join(f"[{sign}]" if sign in "*?[" else sign for sign in str(path)))


def _path_list(paths: list[Path]) -> str:
    return f"[{', '.join(map(sql_path, paths))}]"


def read_parquet(paths: list[Path]) -> str:
    """The call that reads Parquet files; text written without its type mark stays text."""
    return f"read_parquet({_path_list(paths)}, binary_as_string=true, hive_partitioning=false)"


def read_csv(paths: list[Path], columns: dict[str, str], longest: int, gzipped: bool) -> str:
    """The call that reads well-formed CSV files and stops at anything else.

    Nothing is guessed: a folder called year=2024 adds no column, a file's first rows decide no
    type. The columns go by position; the header has been matched before.
    """
    types = ", ".join(f"{sql_text(name)}: '{kind}'" for name, kind in columns.items())
    return (
        f"read_csv({_path_list(paths)}, columns={{{types}}}, auto_detect=false, header=true, "
        "delim=',', quote='\"', escape='\"', nullstr='', strict_mode=true, null_padding=false, "
        f"compression='{'gzip' if gzipped else 'none'}', hive_partitioning=false, "
        f"max_line_size={max(longest, _USUAL_LINE_BYTES)})"
    )
