"""Land cleaned copies of the CSV files that the database cannot read as they are.

Usage: imported by the raw door; nothing to run.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from raw_csv import CsvScan
from raw_files import RawFile, Scan, fail_changed, scan_csv, told, unchanged
from settings import UserError

_LONGEST_NAME = 240  # bytes, of the 255 that a file system allows


def landing_path(file: RawFile, landing_dir: Path) -> Path:
    """Where the cleaned copy of a file belongs."""
    name = file.path.name
    if len(name.encode("utf-8")) > _LONGEST_NAME:  # no room for the endings
        name = hashlib.sha256(name.encode("utf-8")).hexdigest()
    return landing_dir / file.table.system / file.table.name / f"{name}.csv"


def land(file: RawFile, scan: Scan, landing_dir: Path) -> None:
    """Write a cleaned copy: damaged records keep only their number and the reason.

    Good records are copied byte for byte behind their number, so what the database reads is
    what the file says.
    """
    target = landing_path(file, landing_dir)
    unfinished = target.with_name(target.name + ".tmp")
    with _written(file, target):
        target.parent.mkdir(parents=True, exist_ok=True)
        out = unfinished.open("wb")
    with out, unchanged(file), told(file.source_file):
        again = _copy_good(file, scan, out, target)
    if (again.records, again.malformed) != (scan.records, scan.malformed):
        fail_changed(file)
    with _written(file, target):
        unfinished.replace(target)


def _copy_good(file: RawFile, scan: Scan, out: BinaryIO, target: Path) -> Scan:
    empty = b"," * len(scan.header)
    header = io.StringIO()
    csv.writer(header, lineterminator="\n").writerow(["_row_number", "_malformed", *scan.header])

    def write(line: bytes) -> None:
        with _written(file, target):
            out.write(line)

    def keep(number: int, text: bytes, reason: str | None) -> None:
        if reason is None:
            write(b"%d,,%s\n" % (number, text or empty[1:]))
        else:
            write(b"%d,%s%s\n" % (number, reason.encode(), empty))

    write(header.getvalue().encode("utf-8"))
    again = scan_csv(file, CsvScan(file.source_file, keep), lambda count: None)
    with _written(file, target):
        out.flush()
    return again


@contextmanager
def _written(file: RawFile, target: Path) -> Iterator[None]:
    """A copy that cannot be written is no fault of the file that is read."""
    try:
        yield
    except OSError as error:
        raise UserError(
            f"the cleaned copy of {file.source_file} cannot be written ({error.strerror}), "
            f"{target.parent}; make room there or set WARDHOUSE_BUILD_DIR to another folder"
        ) from None


def remove_stale(landing_dir: Path, wanted: set[Path]) -> None:
    """Remove the cleaned copies that are no longer needed, and the folders left empty."""
    if not landing_dir.is_dir():
        return
    for path in sorted(landing_dir.rglob("*"), reverse=True):
        if path.is_dir():
            if not any(path.iterdir()):
                path.rmdir()
        elif path not in wanted:
            path.unlink()
