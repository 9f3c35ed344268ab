"""A corpus of files that are damaged as a whole, each with what has to come of it.

Usage: imported by test_broken_files.py; nothing to run.

A case takes a few sound records of one table and damages their file. What must happen is either
`stops` (one line that holds these words) or counts: how many records come through exactly as they
were (`good`), how many are there but changed by the damage (`altered`), and how many are refused
with a reason (`bad`). Every case can be made for every table of the four source systems. Damage to
folders, names, settings and Parquet files: broken_folders.py, broken_parquet.py.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROWS = 6  # sound records of a case
MEGABYTE = 1 << 20

# The column by which the records of a case are told from those of all other cases.
TABLES = {
    ("hospital_ops", "patients"): "patient_id",
    ("hospital_ops", "doctors"): "doctor_id",
    ("hospital_ops", "appointments"): "appointment_id",
    ("hospital_ops", "treatments"): "treatment_id",
    ("hospital_ops", "billing"): "bill_id",
    ("hospital_ops", "slots"): "doctor_id",
    ("care_episodes", "episodes"): "episode_id",
    ("care_episodes", "available_beds"): "facility",
    ("cancer_registry", "cases"): "patient_id",
    ("team_surveys", "responses"): "response_id",
}


@cache
def demo_records(system: str, table: str) -> tuple[tuple[str, ...], ...]:
    """Header and the first records of a demo seed, those with an empty key left out."""
    path = ROOT / "seeds" / system / f"raw_{system}__{table}.csv"
    with path.open(newline="", encoding="utf-8") as file:
        records = [tuple(next(reader)) for reader in [csv.reader(file)] for _ in range(40)]
    key = records[0].index(TABLES[system, table])
    return (records[0], *[row for row in records[1:] if row[key].strip()])


@dataclass(frozen=True)
class Sound:
    """A few sound records of one table, which no other case has."""

    system: str
    table: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def lines(self) -> list[bytes]:
        """Header and records as CSV, without line ends."""
        return [as_csv(row) for row in (self.header, *self.rows)]

    @property
    def text(self) -> bytes:
        """The whole file as it should be."""
        return joined(self.lines)


def sound(system: str, table: str, tag: str) -> Sound:
    """Sound records under keys of their own."""
    header, *rows = demo_records(system, table)
    key = header.index(TABLES[system, table])
    tagged = [
        (*row[:key], f"{tag}-{number}", *row[key + 1 :])
        for number, row in enumerate(rows[:ROWS], start=1)
    ]
    return Sound(system, table, header, tuple(tagged))


def as_csv(row: tuple[str, ...]) -> bytes:
    """One record as CSV."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(row)
    return text.getvalue()[:-1].encode("utf-8")


def joined(lines: list[bytes], end: bytes = b"\n") -> bytes:
    """Lines with their ends."""
    return b"".join(line + end for line in lines)


def with_lines(s: Sound, changes: dict[int, bytes]) -> bytes:
    """The file with some lines replaced: 0 is the header, 1 the first record."""
    return joined([changes.get(number, line) for number, line in enumerate(s.lines)])


def inserted(s: Sound, *extra: bytes, after: int = 3) -> bytes:
    """The file with further lines after a record."""
    return joined([*s.lines[: after + 1], *extra, *s.lines[after + 1 :]])


def with_field(s: Sound, number: int, text: bytes, column: int = -1) -> bytes:
    """The file with one field of one record written as given."""
    fields = [as_csv((field,)) if field else b"" for field in s.rows[number - 1]]
    fields[column] = text
    return with_lines(s, {number: b",".join(fields)})


@dataclass(frozen=True)
class Case:
    """One damaged file: how it is made and what has to come of it."""

    name: str
    make: Callable[[Sound], bytes]
    stops: tuple[str, ...] = ()
    good: int = 0
    bad: int = 0
    altered: int = 0
    ending: str = ".csv"
    in_combined: bool = True  # whether its file may lie beside others in one build

    @property
    def records(self) -> int:
        """How many records the file must be found to have."""
        return self.good + self.bad + self.altered


def stop(name: str, make: Callable[[Sound], bytes], *words: str, ending: str = ".csv") -> Case:
    """A case that must stop with one line that holds the words."""
    return Case(name, make, stops=words, ending=ending)


def zip_of(data: bytes, name: str) -> bytes:
    """A zip archive, as which spreadsheets are stored too."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, data)
    return target.getvalue()


def quoted_all(s: Sound, sign: bytes = b'"') -> list[bytes]:
    """Every field in quotes."""
    return [
        b",".join(sign + field.encode().replace(sign, sign * 2) + sign for field in row)
        for row in (s.header, *s.rows)
    ]


def swapped(s: Sound, sign: str) -> bytes:
    """The file with another separator."""
    text = io.StringIO()
    csv.writer(text, delimiter=sign, lineterminator="\n").writerows([s.header, *s.rows])
    return text.getvalue().encode("utf-8")


def recoded(s: Sound, codec: str) -> bytes:
    """The whole file in another encoding, without the signs that this one lacks."""
    return s.text.decode("utf-8").encode(codec, "ignore")


def more_columns(s: Sound, count: int) -> bytes:
    """The file with many columns that nobody knows."""
    extra = b"".join(b",extra_%d" % number for number in range(count))
    values = b"".join(b",%d" % number for number in range(count))
    head, *records = s.lines
    return joined([head + extra, *[record + values for record in records]])
