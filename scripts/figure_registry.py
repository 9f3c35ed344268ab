"""What every figure is: a function registered under its file name, and the marts that it reads.

Usage: imported by the figure modules and by plot_figures.py; nothing to run.

A figure's function takes a `Marts` reader and returns a `Page`. All numbers, their rounding and
their units come from SQL; Python only places and words them.
"""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from types import SimpleNamespace

import duckdb

from figure_style import Page
from settings import PROJECT_ROOT


def minimum_n(rule_id: str) -> int:
    """The number of a rule of the table that a user edits; the marts are built with the same."""
    path = PROJECT_ROOT / "seeds" / "reference" / "minimum_n_rules.csv"
    with path.open(newline="", encoding="utf-8") as file:
        (number,) = (row["minimum_n"] for row in csv.DictReader(file) if row["rule_id"] == rule_id)
    return int(number)


MINIMUM_N = minimum_n("rate")  # a rate, mean or median of fewer is not shown
Z95 = "1.959963984540054e0"


class Marts:
    """Reads the published marts and remembers which of them it read."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Read through an open, read-only connection."""
        self._connection = connection
        self.read: set[str] = set()

    def rows(self, sql: str) -> list[SimpleNamespace]:
        """All rows of a query, a column an attribute."""
        names = self._connection.get_table_names(sql, qualified=True)
        self.read |= {name.split(" AS ")[0] for name in names}
        result = self._connection.execute(sql)
        names = [column[0] for column in result.description]
        return [SimpleNamespace(**dict(zip(names, row, strict=True))) for row in result.fetchall()]

    def row(self, sql: str) -> SimpleNamespace:
        """The one row of a query."""
        (row,) = self.rows(sql)
        return row

    def dates(self, sql: str = "") -> tuple[date | None, date | None, date | None]:
        """First and last day of a figure's events, and the day the data of the system end."""
        due = self.row(
            "select min(appointment_date) as first, max(appointment_date) as last"
            " from marts.fct_appointments where outcome <> 'future'"
        )
        period = self.row(sql) if sql else due
        return period.first, period.last, due.last


@dataclass(frozen=True)
class RegisteredFigure:
    """A figure of the registry."""

    name: str
    figure_id: str
    marts: tuple[str, ...]
    draw: Callable[[Marts], Page]


REGISTRY: dict[str, RegisteredFigure] = {}


def figure(figure_id: str, *marts: str) -> Callable:
    """Register a function under its own name, which is the name of its files."""

    def register(draw: Callable[[Marts], Page]) -> Callable[[Marts], Page]:
        name = draw.__name__
        if name in REGISTRY or figure_id in {known.figure_id for known in REGISTRY.values()}:
            raise ValueError(f"{name} or {figure_id} is registered twice")
        REGISTRY[name] = RegisteredFigure(name, figure_id, marts, draw)
        return draw

    return register


def wilson(x: str, n: str, sign: str) -> str:
    """SQL of a bound of the 95 % Wilson interval, for a share that no mart holds ready."""
    x, n = f"cast({x} as double)", f"cast({n} as double)"
    return (
        f"((2 * {x} + {Z95} * {Z95} {sign} {Z95} * sqrt({Z95} * {Z95}"
        f" + 4 * {x} * (1 - {x} / nullif({n}, 0)))) / (2 * (nullif({n}, 0) + {Z95} * {Z95})))"
    )


def money(amount: str) -> str:
    """SQL of an amount in dollars as text: $171, $1,182,908, $12.3m."""
    return (
        f"case when {amount} is null then null"
        f" when abs({amount}) >= 1e10 then format('${{:,.1f}}bn', cast({amount} as double) / 1e9)"
        f" when abs({amount}) >= 1e7 then format('${{:,.1f}}m', cast({amount} as double) / 1e6)"
        f" else format('${{:,}}', cast(round({amount}, 0) as bigint)) end"
    )
