"""Find the files of a raw folder and count what is in them.

Usage: `inventory(raw_dir())` from other scripts; `python scripts/raw_door.py check` by hand.

A raw folder is <folder>/<system>/<table>.csv|csv.gz|parquet or <folder>/<system>/<table>/*.
Whatever could make a number wrong without being seen stops with one line (UserError): a table
in two places, an unknown name, a missing column, a file that is cut short.
"""

from __future__ import annotations

import errno
import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

import duckdb

from raw_changes import file_state
from raw_contract import Contract, Table, load_contract, match_header
from raw_csv import CsvScan
from raw_parquet import scan_parquet
from raw_signatures import no_gzip
from settings import PROJECT_ROOT, UserError

SEEDS = PROJECT_ROOT / "seeds"
ENDINGS = (".csv", ".csv.gz", ".parquet")
_ENDINGS_TEXT = ".csv, .csv.gz and .parquet"
_NOTES = (".md", ".txt")
_TOP_FILES = ("wardhouse.yml",)
_TEMPORARY = "~$"  # how Office calls its lock files
# Endings under which tables come that are not read: a month that arrives so must not be missed.
_UNREAD = frozenset(
    {".xlsx", ".xls", ".xlsm", ".xlsb", ".ods", ".numbers", ".mdb", ".accdb", ".dbf", ".sqlite"}
    | {".tsv", ".tab", ".psv", ".dat", ".json", ".jsonl", ".xml", ".orc", ".avro", ".feather"}
    | {".zip", ".gz", ".bz2", ".xz", ".zst", ".7z", ".rar", ".tar", ".sav", ".dta", ".sas7bdat"}
)

Advance = Callable[[int], None]  # told how many more bytes have been read


@dataclass(frozen=True)
class RawFile:
    """A file that belongs to a table of the contract."""

    table: Table
    path: Path
    source_file: str  # the path below the raw folder, as users know the file
    ending: str
    size: int
    mtime_ns: int
    inode: int

    @property
    def stamp(self) -> tuple[int, int, int]:
        """What `file_state` said when the file was found."""
        return self.size, self.mtime_ns, self.inode

    @property
    def state(self) -> list:
        """What changes when the file's content does, or another file takes its place."""
        return [str(self.path), *self.stamp]

    @property
    def modified_at(self) -> datetime | None:
        """When the file was last written, in UTC without a zone; None for an impossible time."""
        try:
            return datetime(1970, 1, 1) + timedelta(microseconds=self.mtime_ns // 1000)
        except OverflowError:
            return None


@dataclass(frozen=True)
class Scan:
    """What one file holds."""

    header: tuple[str, ...]
    types: tuple[str, ...]  # DuckDB's names, of a Parquet file only
    records: int
    malformed: int
    clean: bool  # the database reads the file as it is; else a cleaned copy
    longest: int  # bytes of the longest record of a CSV file


@dataclass
class Inventory:
    """The files of a raw folder, or of the demo seeds, with their counts."""

    raw_dir: Path | None
    contract: Contract
    files: list[RawFile] = field(default_factory=list)
    scans: dict[str, Scan] = field(default_factory=dict)  # by absolute path
    names: dict[str, tuple[str, ...]] = field(default_factory=dict)  # columns by absolute path
    warnings: list[str] = field(default_factory=list)

    def scan(self, file: RawFile) -> Scan:
        """The counts of a file."""
        return self.scans[str(file.path)]

    def columns(self, file: RawFile) -> tuple[str, ...]:
        """The names of a file's columns, in the file's order."""
        return self.names[str(file.path)]

    def of_table(self, table: Table) -> list[RawFile]:
        """The files of a table in the order of their names."""
        return [file for file in self.files if file.table is table]

    @property
    def bytes(self) -> int:
        """The size of all files together."""
        return sum(file.size for file in self.files)


def inventory(
    raw_dir: Path | None,
    contract: Contract | None = None,
    known_scans: dict[str, Scan] | None = None,
    advance: Advance = lambda count: None,
) -> Inventory:
    """Find and count everything in the raw folder, or in the demo seeds when it is None."""
    found = find_files(raw_dir, contract or load_contract())
    scan_files(found, known_scans or {}, advance)
    return found


def find_files(raw_dir: Path | None, contract: Contract) -> Inventory:
    """The files of the raw folder, or of the demo seeds when it is None, not yet counted."""
    found = Inventory(raw_dir, contract)
    if raw_dir is None:
        _find_seeds(found)
    else:
        _find_systems(found, raw_dir)
    return found


def _find_seeds(found: Inventory) -> None:
    for table in found.contract.tables.values():
        path = SEEDS / table.system / f"raw_{table.system}__{table.name}.csv"
        if path.exists():
            found.files.append(_raw_file(table, path, path.name))


def _find_systems(found: Inventory, raw_dir: Path) -> None:
    systems = found.contract.systems
    remedy = "set WARDHOUSE_RAW_DIR to a folder that holds " + ", ".join(systems)
    try:
        is_folder, is_there = raw_dir.is_dir(), raw_dir.exists()
    except OSError as error:
        raise UserError(
            f"the raw folder cannot be read ({error.strerror}), {raw_dir}; {_remedy(error)}"
        ) from None
    if not is_folder:
        what = "is not a folder" if is_there else "does not exist"
        raise UserError(f"the raw folder {what}, {raw_dir}; {remedy}")
    try:
        str(raw_dir).encode("utf-8")
    except UnicodeEncodeError:
        raise UserError(f"the path of the raw folder is not UTF-8, {raw_dir}; {remedy}") from None
    folders = []
    ignored = []
    for path in _listed(raw_dir):
        if path.is_dir():
            if path.name not in systems:
                raise UserError(
                    f"unknown source system, {path}; known are {', '.join(systems)}: "
                    "rename the folder or move it away"
                )
            folders.append(path)
        elif _ending(path):
            raise UserError(
                f"a data file outside the folder of its source system, {path}; "
                f"move it into one of {', '.join(systems)}"
            )
        elif path.name in systems:
            _fail_no_folder(path, path.name)
        elif path.name not in _TOP_FILES and path.suffix.lower() not in _NOTES:
            ignored.append(path)
    if not folders:
        raise UserError(f"the raw folder holds no known source system, {raw_dir}; {remedy}")
    for folder in folders:
        ignored += _find_tables(found, raw_dir, folder)
    if ignored:
        names = ", ".join(_below(raw_dir, path) for path in ignored)
        found.warnings.append(f"not read, {names}; only {_ENDINGS_TEXT} files are")


def _find_tables(found: Inventory, raw_dir: Path, folder: Path) -> list[Path]:
    """Add the tables of one system; gives the files that are not data."""
    known = found.contract.names(folder.name)
    places: dict[str, list[Path]] = {}
    ignored = []
    for path in _listed(folder):
        ending = _ending(path)
        if not ending and not path.is_dir():
            if path.name in known:
                _fail_no_folder(path, _below(raw_dir, path))
            if path.name.partition(".")[0] in known:
                _refuse_unread(path, _below(raw_dir, path))
            ignored.append(path)
            continue
        name = path.name if path.is_dir() else path.name[: -len(ending)]
        if name not in known:
            raise UserError(
                f"unknown table {name}, {_below(raw_dir, path)}; known are {', '.join(known)}: "
                "rename it or move it away"
            )
        places.setdefault(name, []).append(path)
    for name, paths in sorted(places.items()):
        if len(paths) > 1:
            both = " and ".join(_below(raw_dir, path) for path in paths)
            raise UserError(f"table {name} is there twice, {both}; keep one of them")
        table = found.contract.tables[folder.name, name]
        files = paths
        if paths[0].is_dir():
            files = []
            for path in _listed(paths[0]):
                if path.is_dir():
                    raise UserError(
                        f"a folder inside the folder of a table, {_below(raw_dir, path)}; "
                        "move its files up"
                    )
                if not _ending(path):
                    _refuse_unread(path, _below(raw_dir, path))
                (files if _ending(path) else ignored).append(path)
            if not files:
                found.warnings.append(
                    f"no data file in the folder of a table, {_below(raw_dir, paths[0])}; "
                    "the table is empty"
                )
        found.files += [_raw_file(table, path, _below(raw_dir, path)) for path in files]
    return ignored


def _listed(folder: Path) -> list[Path]:
    """What is in a folder, by name, without the hidden files."""
    try:
        paths = [path for path in folder.iterdir() if not path.name.startswith(".")]
        for path in paths:
            path.is_dir()  # a folder that may be listed but not entered says so here
    except OSError as error:
        raise UserError(
            f"the folder cannot be read ({error.strerror}), {folder}; give yourself permission"
        ) from None
    return sorted(paths, key=lambda path: path.name)


def _fail_no_folder(path: Path, shown: str) -> None:
    """Stop where a system or table should be, but is a file or a link that leads nowhere."""
    what = "a link that leads nowhere" if path.is_symlink() else "not a folder"
    raise UserError(f"{what} in the place of data, {shown}; put the folder or file there")


def _refuse_unread(path: Path, shown: str) -> None:
    """Stop at a table in a form that is not read; unfinished and temporary files are no table."""
    if path.suffix.lower() in _UNREAD and not path.name.startswith(_TEMPORARY):
        raise UserError(
            f"a table in a form that is not read, {shown}; save it as {_ENDINGS_TEXT} or move it "
            "away"
        )


def _ending(path: Path) -> str | None:
    name = path.name.lower()
    if name.startswith(_TEMPORARY):
        return None
    return next((ending for ending in ENDINGS if name.endswith(ending)), None)


def _below(raw_dir: Path, path: Path) -> str:
    return path.relative_to(raw_dir).as_posix()


def _raw_file(table: Table, path: Path, source_file: str) -> RawFile:
    try:
        source_file.encode("utf-8")
    except UnicodeEncodeError:
        shown = source_file.encode("utf-8", "replace").decode()
        raise UserError(f"the file's name is not UTF-8, {shown}; rename it") from None
    if "\\" in str(path) and any(sign in str(path) for sign in "*?["):
        # DuckDB takes the one for the end of a folder's name where the others make a pattern.
        raise UserError(f"a backslash beside *, ? or [ in the path, {source_file}; rename the file")
    if path.is_symlink() and not path.exists():
        raise UserError(f"a link that leads nowhere, {source_file}; mend the link")
    with told(source_file):
        state = path.stat()
    if not path.is_file():
        raise UserError(f"not a regular file, {source_file}; put a plain file there")
    return RawFile(table, path, source_file, _ending(path), *file_state(state))


def scan_files(
    found: Inventory, known_scans: dict[str, Scan], advance: Advance = lambda count: None
) -> None:
    """Count every file that is not known already, and match its columns with the contract."""
    for file in found.files:
        key = str(file.path)
        scan = known_scans.get(key) or scan_file(file, advance)
        found.scans[key] = scan
        found.names[key] = match_header(file.table, scan.header, file.source_file)


def scan_file(file: RawFile, advance: Advance = lambda count: None) -> Scan:
    """Count the records of one file without the reader that will load it."""
    with unchanged(file), told(file.source_file):
        if file.ending == ".parquet":
            scan = _scan_parquet(file)
            advance(file.size)
        else:
            scan = scan_csv(file, CsvScan(file.source_file), advance)
    return scan


@contextmanager
def unchanged(file: RawFile) -> Iterator[None]:
    """Stop when the file is not what it was when it was found, whatever else is wrong with it."""
    try:
        yield
    except UserError:
        # Most files that are cut short are still being written.
        with suppress(OSError):
            if file_state(file.path.stat()) != file.stamp:
                fail_changed(file)
        raise
    with told(file.source_file):
        state = file_state(file.path.stat())
    if state != file.stamp:
        fail_changed(file)


def fail_changed(file: RawFile) -> None:
    """Stop because a file is not what it was when it was found."""
    raise UserError(
        f"the file changed while it was read, {file.source_file}; "
        "run again when the extract is complete"
    )


def scan_csv(file: RawFile, counts: CsvScan, advance: Advance) -> Scan:
    """Count the records of a CSV file, packed or not."""
    with file.path.open("rb") as disk:
        read = 0

        def tell() -> None:
            nonlocal read
            position = disk.tell()
            advance(position - read)
            read = position

        with _unpacked(disk, file) as stream:
            counts.run(stream, tell)
            plain = file.ending == ".csv" or _is_one_member(disk, stream)
    return Scan(
        header=counts.header,
        types=(),
        records=counts.records,
        malformed=counts.malformed,
        clean=counts.clean and plain,
        longest=counts.longest,
    )


@contextmanager
def _unpacked(disk: BinaryIO, file: RawFile) -> Iterator[BinaryIO]:
    if file.ending == ".csv":
        yield disk
        return
    wrong = no_gzip(disk.read(2))
    if wrong:
        _fail(file, *wrong)
    disk.seek(0)
    with gzip.GzipFile(fileobj=disk) as stream:
        yield stream


def _is_one_member(disk: BinaryIO, stream: BinaryIO) -> bool:
    """Whether a gzip file is one member and nothing else: its last bytes say how long that is.

    Several members, or NUL bytes behind them, are read here but not by every reader.
    """
    size = disk.seek(0, io.SEEK_END)
    disk.seek(max(size - 4, 0))
    return int.from_bytes(disk.read(), "little") == stream.tell() & 0xFFFFFFFF


def _fail(file: RawFile, what: str, remedy: str) -> None:
    raise UserError(f"{what}, {file.source_file}; {remedy}")


def _scan_parquet(file: RawFile) -> Scan:
    header, types, records = scan_parquet(file.path, file.table, file.source_file)
    return Scan(header, types, records, malformed=0, clean=True, longest=0)


@contextmanager
def told(source_file: str) -> Iterator[None]:
    """Turn what goes wrong while a file is read into one line that names it."""
    try:
        yield
    except FileNotFoundError:
        raise UserError(
            f"the file is gone, {source_file}; run again when the extract is complete"
        ) from None
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise UserError(
            f"the gzip file is cut short or damaged, {source_file}; copy it again"
        ) from None
    except OSError as error:
        raise UserError(
            f"the file cannot be read ({error.strerror}), {source_file}; {_remedy(error)}"
        ) from None
    except duckdb.Error as error:
        if "encoding" in str(error):
            raise UserError(
                f"a text of the Parquet file is not UTF-8, {source_file}; export it as UTF-8"
            ) from None
        raise UserError(
            f"the Parquet file is cut short or damaged, {source_file}; copy it again"
        ) from None


def _remedy(error: OSError) -> str:
    if error.errno in (errno.EACCES, errno.EPERM):
        return "give yourself permission"
    return "mend the link" if error.errno == errno.ELOOP else "copy it again"
