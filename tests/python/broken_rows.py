"""A raw folder of good rows and planted damage, one file of each per table, over all systems.

Usage: python tests/python/broken_rows.py FOLDER

writes the corpus as a raw folder. Each planted row says where it must end: what its status and
reason are, what of it is repaired, which of its links leads nowhere, what it is flagged for. The
damage itself is in broken_row_cases.py; the good rows are the demo's own without its dirt.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DIRT = ROOT / "tests" / "data" / "demo_dirt.csv"
GOOD_FILE = "2023.csv"
BROKEN_FILE = "2024-broken.csv"
LATER_FILE = "2024-later.csv"
# a hyphen comes before a dot: whole names would put it before 2023.csv
AGAIN_FILE = "2023-again.csv"
VERSION_COLUMNS = ("record_status", "record_updated_at")

# good rows of each table: enough of them that a planted handful is no breach
GOOD_ROWS = {
    ("hospital_ops", "patients"): 5000,
    ("hospital_ops", "doctors"): 100,
    ("hospital_ops", "appointments"): 4000,
    ("hospital_ops", "treatments"): 4000,
    ("hospital_ops", "billing"): 4000,
    ("hospital_ops", "slots"): 2000,
    ("care_episodes", "episodes"): 3000,
    ("care_episodes", "available_beds"): 2000,
    ("cancer_registry", "cases"): 2000,
    ("team_surveys", "responses"): 1000,
}
KEYS = {
    "patients": "patient_id",
    "doctors": "doctor_id",
    "appointments": "appointment_id",
    "treatments": "treatment_id",
    "billing": "bill_id",
    "episodes": "episode_id",
    "cases": "patient_id",
    "responses": "response_id",
}
_LINKS = {
    "treatments": ("appointment_id", "appointments"),
    "billing": ("treatment_id", "treatments"),
}


@dataclass(frozen=True)
class Planted:
    """One damaged row and what must come of it."""

    case: str
    system: str
    table: str
    values: dict[str, str] = field(hash=False)
    status: str = "accepted"
    reason: str | None = None
    repairs: frozenset[str] = frozenset()
    orphans: frozenset[str] = frozenset()
    flags: frozenset[str] = frozenset()
    staged: dict[str, object] = field(default_factory=dict, hash=False)
    file: str = BROKEN_FILE


def seed(system: str, table: str) -> tuple[list[str], list[dict[str, str]]]:
    """Header and rows of a demo seed."""
    path = ROOT / "seeds" / system / f"raw_{system}__{table}.csv"
    with path.open(newline="", encoding="utf-8") as stream:
        reader = csv.DictReader(stream)
        return list(reader.fieldnames or []), list(reader)


def _dirty() -> set[tuple[str, str, int]]:
    """The rows of the demo seeds that are there to be found fault with."""
    with DIRT.open(newline="", encoding="utf-8") as stream:
        return {
            (row["source_system"], row["source_table"], int(row["row_number"]))
            for row in csv.DictReader(stream)
        }


def good_rows() -> dict[tuple[str, str], list[dict[str, str]]]:
    """Rows of the demo without a fault, whose links lead to one another."""
    dirty = _dirty()
    good: dict[tuple[str, str], list[dict[str, str]]] = {}
    for (system, table), limit in GOOD_ROWS.items():
        _, rows = seed(system, table)
        clean = [row for number, row in enumerate(rows, 1) if (system, table, number) not in dirty]
        if table == "appointments":
            people = {row["patient_id"] for row in good[system, "patients"]}
            doctors = {row["doctor_id"] for row in good[system, "doctors"]}
            clean = [r for r in clean if r["patient_id"] in people and r["doctor_id"] in doctors]
        elif table == "slots":
            clean = [r for r in clean if r["doctor_id"] in doctors]
        elif table in _LINKS:
            column, parent = _LINKS[table]
            known = {row[column] for row in good[system, parent]}
            clean = [row for row in clean if row[column] in known]
            if table == "billing":
                clean = [row for row in clean if row["patient_id"] in people]
        good[system, table] = clean[:limit]
    return good


def write_rows(path: Path, header: Iterable[str], rows: Iterable[dict[str, str]]) -> None:
    """A CSV file of rows; columns that a row does not have are empty."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(header), restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def header_of(system: str, table: str) -> list[str]:
    """The columns of a table, with those that speak of the record itself."""
    return [*seed(system, table)[0], *VERSION_COLUMNS]


def plant(folder: Path, planted: Iterable[Planted]) -> dict[tuple[str, str, int], Planted]:
    """Write good and planted rows; each planted row by table, source file and row number."""
    good = good_rows()
    placed: dict[tuple[str, str, int], Planted] = {}
    files: dict[tuple[str, str, str], list[Planted]] = {}
    for row in planted:
        files.setdefault((row.system, row.table, row.file), []).append(row)
    for (system, table), rows in good.items():
        write_rows(folder / system / table / GOOD_FILE, header_of(system, table), rows)
    for (system, table, name), rows in files.items():
        path = folder / system / table / name
        write_rows(path, header_of(system, table), (row.values for row in rows))
        for number, row in enumerate(rows, 1):
            placed[table, f"{system}/{table}/{name}", number] = row
    return placed


def again(good: list[dict[str, str]], system: str, table: str) -> Iterator[Planted]:
    """A period loaded twice: the same rows in a later file."""
    for row in good:
        yield Planted("period loaded twice", system, table, row, file=AGAIN_FILE)


def main(argv: list[str]) -> int:
    """Write the corpus."""
    from broken_row_cases import all_cases

    if len(argv) != 1:
        print("usage: python tests/python/broken_rows.py FOLDER", file=sys.stderr)
        return 2
    placed = plant(Path(argv[0]), all_cases())
    print(f"{len(placed)} rows of {len({row.case for row in placed.values()})} cases")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
