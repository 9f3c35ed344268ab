"""What is wrong with rows: each row has at most one fault, drawn at the demo's rate.

Usage: imported by scripts/generate_network.py; nothing to run.

The kinds, values and rates are the demo's own (demo_data/*_dirt.py): so many rows of so many.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from demo_data.hospital_dirt import Repair
from network_data.draws import Draws, Sql, literal, text_list

SCALE = 1_000_000_000


@dataclass(frozen=True)
class Fault:
    """One kind of fault: what it is called in the ledgers, how often, where, and its values."""

    kind: str  # repaired, rejected, superseded, flagged, or oddity (looks like dirt but is not)
    column: str
    reason: str
    rate: float  # share of all rows
    where: str = "true"
    share: float = 1.0  # of the rows, how many fulfil the condition
    values: tuple[str | None, ...] = ()
    is_extra: bool = False  # a row besides the others, which stay as they are
    written: str = "true"  # when the extra row is there

    @property
    def name(self) -> tuple[str, str, str]:
        """What the truth record calls it."""
        return self.kind, self.column, self.reason


class Faults:
    """All faults of a table, numbered from 1; 0 is none."""

    def __init__(self, draws: Draws, faults: Iterable[Fault]) -> None:
        """The draws are about the row's number."""
        self.draws, self.list = draws, list(faults)

    def number(self) -> str:
        """The number of a row's fault, 0 for nearly all."""
        place = self.draws.below("fault", SCALE)
        reached, cases = 0.0, []
        for number, fault in enumerate(self.list, start=1):
            reached += fault.rate / fault.share
            found = f"case when {fault.where} then {number} else 0 end"
            cases.append(f"when {place} < {round(reached * SCALE)} then {found}")
        if not cases:
            return "0"
        return f"case when {place} >= {round(reached * SCALE)} then 0 {' '.join(cases)} end"

    def places(self, *reasons: str, column: str = "") -> list[int]:
        """The numbers of the faults with these reasons."""
        return [
            number
            for number, fault in enumerate(self.list, start=1)
            if fault.reason in reasons and column in ("", fault.column)
        ]

    def has(self, *reasons: str, column: str = "") -> str:
        """Whether a row has one of these faults, or the extra row is to be written."""
        found = [self.shown(number) for number in self.places(*reasons, column=column)]
        return f"({' or '.join(found)})" if found else "false"

    def shown(self, number: int) -> str:
        """Whether a row has this fault and it can be seen."""
        written = self.list[number - 1].written
        return f"fault = {number}" + ("" if written == "true" else f" and {written}")

    def counts(self, source: str, where: str) -> str:
        """The query of the number of rows with each fault."""
        cases = " ".join(
            f"when {number} then {fault.written}"
            for number, fault in enumerate(self.list, start=1)
            if fault.written != "true"
        )
        shown = f"case fault {cases} else true end" if cases else "true"
        return (
            f"select fault, count(*) from {source}"
            f" where fault > 0 and {where} and {shown} group by fault"
        )

    def spoilt(self, column: str, usual: str) -> str:
        """The SQL of a column: the usual value, or what a fault in this column makes of it."""
        cases = [
            f"when {number} then {text_list(fault.values)}"
            f"[1 + {self.draws.below('fault value', len(fault.values))}]"
            for number, fault in enumerate(self.list, start=1)
            if fault.column == column and fault.values and not fault.is_extra
        ]
        if not cases:
            return usual
        spoilt = f"case fault {' '.join(cases)} else {usual} end"
        return f"case when fault = 0 then {usual} else {spoilt} end"

    def extra_value(self, column: str) -> str:
        """What an extra row has in the column that is wrong in it."""
        cases = [
            f"when {number} then {text_list(fault.values)}"
            f"[1 + {self.draws.below('fault value', len(fault.values))}]"
            for number, fault in enumerate(self.list, start=1)
            if fault.column == column and fault.values and fault.is_extra
        ]
        return f"case fault {' '.join(cases)} end"


def from_demo(
    repairs: Iterable[Repair],
    table: str,
    rows: int,
    conditions: Mapping[str, tuple[str, float]],
    replaced: Mapping[str, str] | None = None,
) -> list[Fault]:
    """The repairs of a demo table at the demo's rate.

    conditions: for the name of each condition, or the column that must be filled, the SQL and
    the share of the rows that fulfil it.
    """
    faults = []
    for one in repairs:
        if one.table != table:
            continue
        name = one.where.__qualname__.split(".")[0]
        if name == "always":
            where, share = "true", 1.0
        else:
            where, share = conditions[one.column if name == "has" else name]
        values = tuple((replaced or {}).get(value, value) for value in one.values)
        faults.append(
            Fault("repaired", one.column, one.reason, one.number / rows, where, share, values)
        )
    return faults


def insert_row(columns: Iterable[str], values: Mapping[str, str], source: str, where: str) -> str:
    """The query of extra rows: columns that are not given are empty."""
    chosen = ", ".join(f"{values.get(column, 'null')} as {column}" for column in columns)
    return f"select {chosen} from {source} where {where}"


def null() -> Sql:
    """An empty value."""
    return Sql(literal(None))
