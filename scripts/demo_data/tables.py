"""Raw tables, their rows, and the marks that say what is wrong with a row.

Usage: imported by scripts/generate_demo_data.py; nothing to run.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from demo_data.draws import Stream

MANIFEST_COLUMNS = (
    "source_system",
    "source_table",
    "source_file",
    "row_number",
    "kind",
    "column_name",
    "reason",
)


@dataclass(eq=False)
class Row:
    """One raw record, the thing it describes, and the dirt planted on it."""

    values: dict[str, str]
    source: object = None
    marks: list[tuple[str, str, str]] = field(default_factory=list)
    is_taken: bool = False

    def mark(self, kind: str, reason: str, column: str = "") -> None:
        """Note one planted thing for the manifest; the row is then left alone by the others."""
        self.marks.append((kind, column, reason))
        self.is_taken = True

    def repair(self, column: str, value: str, reason: str) -> None:
        """Write an unusable value into a column."""
        self.values[column] = value
        self.mark("repaired", reason, column)

    def reject(self, reason: str, **changes: str) -> None:
        """Make the whole row unusable."""
        self.values.update(changes)
        self.mark("rejected", reason)


@dataclass
class Table:
    """A raw table on its way to a file."""

    system: str
    name: str
    columns: tuple[str, ...]
    rows: list[Row]

    @property
    def file_name(self) -> str:
        """Name the seed file."""
        return f"raw_{self.system}__{self.name}.csv"

    def pick(
        self, number: int, purpose: str, where: Callable[[Row], bool] = lambda row: True
    ) -> list[Row]:
        """Choose rows for some dirt: only rows that nobody has chosen before."""
        free = [row for row in self.rows if not row.is_taken and where(row)]
        return Stream("pick", self.name, purpose).sample(free, number)

    def insert(self, values: dict[str, str], purpose: str, source: object = None) -> Row:
        """Put an extra row at a random place; columns not given are empty."""
        row = Row({column: values.get(column, "") for column in self.columns}, source)
        place = Stream("insert", self.name, purpose).integer(1, len(self.rows))
        self.rows.insert(place, row)
        return row

    def supersede(self, row: Row, **old_values: str) -> Row:
        """Append a newer version of a row; the row itself gets the old values."""
        newer = Row(dict(row.values), row.source, is_taken=True)
        row.values.update(old_values)
        row.mark("superseded", "superseded")
        self.rows.append(newer)
        return newer

    def manifest(self) -> Iterable[tuple[object, ...]]:
        """List the planted dirt, in the order of the file."""
        for number, row in enumerate(self.rows, start=1):
            for kind, column, reason in row.marks:
                yield self.system, self.name, self.file_name, number, kind, column, reason

    def text(self) -> str:
        """Write the table as CSV."""
        records = ([row.values[column] for column in self.columns] for row in self.rows)
        return csv_text(self.columns, records)


def csv_text(header: Iterable[object], records: Iterable[Iterable[object]]) -> str:
    """Write CSV; the csv module is not used because its quoting differs between versions."""
    lines = [header, *records]
    return "".join(",".join(quoted(str(value)) for value in line) + "\n" for line in lines)


def quoted(value: str) -> str:
    """Quote a value where CSV needs it."""
    if any(mark in value for mark in ',"\n\r'):
        return '"' + value.replace('"', '""') + '"'
    return value
