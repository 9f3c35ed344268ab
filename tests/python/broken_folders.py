"""A corpus of raw folders that are laid out wrongly or hold what no extract should hold.

Usage: imported by test_broken_files.py; nothing to run.
"""

from __future__ import annotations

import gzip
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from broken_files import Sound, as_csv

TABLE = "hospital_ops/patients"


@dataclass(frozen=True)
class FolderCase:
    """A raw folder: how it is made and what has to come of it."""

    name: str
    make: Callable[[Path, Sound], None]
    stops: tuple[str, ...] = ()
    files: int = 1  # files that are read, each with the same sound records
    bad: int = 0  # damaged records of each file
    warns: str = ""


def put(raw: Path, name: str | bytes, data: bytes) -> Path:
    """Write a file below the raw folder."""
    path = raw / os.fsdecode(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def stop(name: str, make: Callable[[Path, Sound], None], *words: str) -> FolderCase:
    """A folder that must stop with one line."""
    return FolderCase(name, make, stops=words)


def beside(name: str, data: bytes = b"x") -> Callable[[Path, Sound], None]:
    """A good table, and something else in the raw folder."""

    def make(raw: Path, s: Sound) -> None:
        put(raw, f"{TABLE}.csv", s.text)
        put(raw, name, data)

    return make


def alone(name: str) -> Callable[[Path, Sound], None]:
    """The table under another name, and a good table of another system."""

    def make(raw: Path, s: Sound) -> None:
        put(raw, name, s.text)
        (raw / "team_surveys").mkdir(parents=True, exist_ok=True)

    return make


def linked(name: str, target: str) -> Callable[[Path, Sound], None]:
    """A link in the place of a file or folder."""

    def make(raw: Path, s: Sound) -> None:
        (raw / "hospital_ops").mkdir(parents=True)
        (raw / "team_surveys").mkdir()
        path = raw / name
        if path.is_dir():
            path.rmdir()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)

    return make


def without_rights(name: str, mode: int) -> Callable[[Path, Sound], None]:
    """A file or folder that may not be read."""

    def make(raw: Path, s: Sound) -> None:
        put(raw, f"{TABLE}/1.csv", s.text)
        (raw / name).chmod(mode)

    return make


def fifo(name: str) -> Callable[[Path, Sound], None]:
    """A pipe, on which a careless reader waits for ever."""

    def make(raw: Path, s: Sound) -> None:
        put(raw, f"{TABLE}/1.csv", s.text)
        os.mkfifo(raw / name)

    return make


def a_socket(raw: Path, s: Sound) -> None:
    """A socket among the files."""
    folder = put(raw, f"{TABLE}/1.csv", s.text).parent
    here = Path.cwd()
    try:
        os.chdir(folder)  # the name of a socket may have 108 bytes only
        with socket.socket(socket.AF_UNIX) as end:
            end.bind("2.csv")
    finally:
        os.chdir(here)


def named(name: str | bytes, damaged: bool = False) -> Callable[[Path, Sound], None]:
    """A file of this name in the folder of the table, with one damaged record if asked."""

    def make(raw: Path, s: Sound) -> None:
        data = s.text + (b"damaged\n" if damaged else b"")
        folder = os.fsencode(TABLE) + b"/"
        ending = os.fsencode(name).lower()
        put(
            raw,
            folder + os.fsencode(name),
            gzip.compress(data) if ending.endswith(b".gz") else data,
        )

    return make


def parts(*names: str) -> Callable[[Path, Sound], None]:
    """A good file and others in the folder of the table."""

    def make(raw: Path, s: Sound) -> None:
        put(raw, f"{TABLE}/1.csv", s.text)
        for name in names:
            put(raw, f"{TABLE}/{name}", s.text)

    return make


def only_files(*names: str) -> Callable[[Path, Sound], None]:
    """A folder of the table that holds these files and no good one."""

    def make(raw: Path, s: Sound) -> None:
        (raw / TABLE).mkdir(parents=True)
        for name in names:
            put(raw, f"{TABLE}/{name}", s.text)

    return make


def folder_called(name: str) -> Callable[[Path, Sound], None]:
    """A folder that is called like a file."""

    def make(raw: Path, s: Sound) -> None:
        put(raw, f"{TABLE}/1.csv", s.text)
        put(raw, f"{name}/2.csv", s.text)

    return make


def link_to_folder(raw: Path, s: Sound) -> None:
    """A system whose folder lies elsewhere."""
    put(raw.parent / "elsewhere", "patients.csv", s.text)
    raw.mkdir()
    (raw / "hospital_ops").symlink_to("../elsewhere")


def link_to_file(raw: Path, s: Sound) -> None:
    """A table whose file lies elsewhere, under a name without an ending."""
    put(raw.parent, "elsewhere", s.text)
    (raw / "hospital_ops").mkdir(parents=True)
    (raw / f"{TABLE}.csv").symlink_to("../../elsewhere")


def hard_link(raw: Path, s: Sound) -> None:
    """One file under two names."""
    os.link(put(raw, f"{TABLE}/1.csv", s.text), raw / TABLE / "2.csv")


def no_folder(raw: Path, s: Sound) -> None:
    """Nothing at all."""


def a_file(raw: Path, s: Sound) -> None:
    """A file in the place of the raw folder."""
    raw.write_bytes(s.text)


def normal_forms(raw: Path, s: Sound) -> None:
    """Two names that look the same."""
    for name in ("caf\u00e9.csv", "cafe\u0301.csv"):
        put(raw, f"{TABLE}/{name}", s.text + as_csv(("damaged",)) + b"\n")


LONG = "x" * 251 + ".csv"
NAMES = [
    "it's.csv", 'a"b.csv', "[1].csv", "*.csv", "?.csv", "{1,2}.csv", "a\\b.csv", "**.csv", " .csv",
    "a\nb.csv", "a\tb\rc.csv", "\x1b[31mred.csv", "a..csv.csv", "a;b|c&d.csv", "%2e%2e%2fetc.csv",
    "a..\\..\\secret.csv", "'); drop table raw.files; --.csv", "{{ 1 + 1 }}.csv", "$(touch x).csv",
    "année=2024.csv", "患者.csv",
    "😀.csv", "\u202egnp.csv", "x.csv.csv", "year=2024.csv", "-rf.csv",
    "#1.csv", "a:b.csv", "file:x.csv", "1.CSV", "1.Csv.Gz", "x.csv.gz", LONG,
]  # fmt: skip

FOLDERS = [
    stop("no raw folder", no_folder, "does not exist"),
    stop("a file for a raw folder", a_file, "is not a folder"),
    stop("an empty raw folder", lambda raw, s: raw.mkdir(), "no known source system"),
    stop("an unknown system", beside("hospital/patients.csv"), "unknown source system", "hospital"),
    stop("a system in capitals", alone("HOSPITAL_OPS/patients.csv"), "unknown source system"),
    stop("a data file outside a system", beside("billing.csv"), "outside the folder"),
    stop("an unknown table", beside("hospital_ops/payments.csv"), "unknown table payments"),
    stop("a table in capitals", alone("hospital_ops/PATIENTS.CSV"), "unknown table PATIENTS"),
    stop("a table with spaces", alone("hospital_ops/patients .csv"), "unknown table"),
    stop("a line end in a table's name", alone("hospital_ops/pat\nients.csv"), "pat\\nients"),
    stop("an escape sequence in a system's name", beside("\x1b[2J/a.csv"), "\\x1b[2J"),
    stop("a table as file and folder", beside(f"{TABLE}/1.csv"), "there twice"),
    stop("a table packed and not", beside(f"{TABLE}.csv.gz"), "there twice"),
    stop("a table as CSV and Parquet", beside(f"{TABLE}.parquet"), "there twice"),
    stop("a folder in a table's folder", folder_called(f"{TABLE}/2024"), "folder inside"),
    stop("a folder called like a file", folder_called(f"{TABLE}/x.csv"), "folder inside"),
    stop("a folder called like a table's file", folder_called("hospital_ops/doctors.csv"),
         "unknown table doctors.csv"),
    stop("a system that is a dangling link", linked("hospital_ops", "nowhere"),
         "leads nowhere", "hospital_ops"),
    stop("a system that is a link to itself", linked("hospital_ops", "hospital_ops"),
         "leads nowhere"),
    stop("a system that is a file", beside("team_surveys"), "not a folder", "team_surveys"),
    stop("a table that is a dangling link", linked(f"{TABLE}.csv", "nowhere"), "leads nowhere"),
    stop("a table's folder that is a dangling link", linked(TABLE, "nowhere"), "leads nowhere"),
    stop("a part of a table that is a dangling link", linked(f"{TABLE}/2.csv", "nowhere"),
         "leads nowhere"),
    stop("a link to itself", linked(f"{TABLE}.csv", "patients.csv"), "leads nowhere"),
    stop("a link to a device", linked(f"{TABLE}.csv", "/dev/zero"), "not a regular file"),
    stop("a table without an ending", alone(TABLE), "not a folder", TABLE),
    stop("a pipe as a table", fifo("hospital_ops/doctors.csv"), "not a regular file"),
    stop("a pipe as a part of a table", fifo(f"{TABLE}/2.csv"), "not a regular file"),
    stop("a socket", a_socket, "not a regular file"),
    stop("a table as a spreadsheet", alone(f"{TABLE}.xlsx"), "form that is not read"),
    stop("a table as tab-separated text", alone(f"{TABLE}.tsv"), "form that is not read"),
    stop("a table in a zip archive", alone(f"{TABLE}.csv.zip"), "form that is not read"),
    stop("a month as a spreadsheet", parts("2.xlsx"), "form that is not read", "2.xlsx"),
    stop("a packed month of Parquet", parts("2.parquet.gz"), "form that is not read"),
    stop("a raw folder without rights", without_rights(".", 0), "Permission denied"),
    stop("a system without rights", without_rights("hospital_ops", 0), "Permission denied"),
    stop("a table's folder without rights", without_rights(TABLE, 0), "Permission denied"),
    stop("a folder that may be listed but not entered", without_rights(TABLE, 0o444),
         "Permission denied"),
    stop("a file without rights", without_rights(f"{TABLE}/1.csv", 0), "Permission denied"),
    stop("a backslash and a star in a name", named("a\\*b.csv"), "backslash"),
    stop("a name that is not UTF-8", named(b"\xff.csv"), "name is not UTF-8"),
    FolderCase("a system behind a link", link_to_folder),
    FolderCase("a file behind a link", link_to_file),
    FolderCase("a period loaded twice", parts("2.csv"), files=2),
    FolderCase("one file under two names", hard_link, files=2),
    FolderCase("three hundred files", parts(*[f"m{n}.csv" for n in range(299)]), files=300),
    FolderCase("hidden files", parts(".2.csv", ".~lock.1.csv#", ".1.csv.swp", ".DS_Store")),
    FolderCase("unfinished files", parts("2.csv.part", "2.csv.tmp", "2.csv.crdownload"),
               warns="2.csv.part"),
    FolderCase("lock files of Office", parts("~$2.csv", "~$2.xlsx"), warns="~$2.csv"),
    FolderCase("copies kept beside", parts("1.csv.bak", "1.csv~", "1.csv.old"), warns="1.csv.bak"),
    FolderCase("notes", beside("hospital_ops/README.md"), warns="README.md"),
    FolderCase("a line end in the name of a note", beside("a\nb.md.x"), warns="a\\nb.md.x"),
    FolderCase("an empty folder of a table", only_files(), files=0, warns="no data file"),
    FolderCase("a folder with unfinished files only", only_files("1.csv.part"), files=0,
               warns="no data file"),
    FolderCase("two names that look the same", normal_forms, files=2, bad=1),
    *[FolderCase(f"the name {name[:40]!r}", named(name)) for name in NAMES],
    *[FolderCase(f"the name {name[:40]!r}, damaged", named(name, True), bad=1) for name in NAMES],
]  # fmt: skip
