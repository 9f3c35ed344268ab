"""Reads the report's cubes from the marts and packs them, within a budget of rows.

Usage: imported by report_page.py; nothing to run.

A cube comes by facility, department, doctor and month. Where all cubes together would pass the
budget, the largest one is made coarser by SQL, step by step: months become years, then doctors,
departments and the period go; where rows do not add up, those of the total stay. A column of more
values than a code can tell apart goes first of all. The page says for each chart what it cannot be
filtered by, and why.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import duckdb
import numpy as np

from report_registry import CUBES, FILTERS, Chart, Cube, Tile

ROW_BUDGET = 150_000
MOST_VALUES = 60_000  # of one dimension: its codes are 16 bits wide
STEPS = ("years", "doctor_id", "department_id", "period", "facility_id")
TOO_LARGE = "with it the page would be too large to mail"
TOO_MANY = "it has more values than the page can tell apart"
NEVER_HELD = {
    "facility_id": "these numbers are not kept by facility",
    "department_id": "these numbers are not kept by department",
    "doctor_id": "these numbers are not kept by doctor",
    "period": "it holds the whole period",
}
NOT_IN_EDITION = "the tables of this edition do not hold it"


@dataclass
class Loaded:
    """A cube as the page gets it: its columns, and the filters that it does without."""

    cube: Cube
    sql: str
    totals: tuple[str, ...]
    measures: tuple[str, ...]
    dimensions: list[str] = field(default_factory=list)
    without: dict[str, str] = field(default_factory=dict)
    rows: int = 0
    is_by_year: bool = False
    only_total: list[str] = field(default_factory=list)

    @property
    def adds_up(self) -> bool:
        """Whether rows may be added up; if not, the rows of a total are all that can be kept."""
        return self.cube.additive and not self.totals

    def select(self) -> str:
        """The query with what was given up left out; counts and sums are added up by SQL."""
        columns = []
        for name in self.dimensions:
            if name == "period" and self.is_by_year:
                columns.append("left(period, 4) as period")
            else:
                columns.append(name)
        if not self.adds_up:
            measures = [f"cast({m} as double) as {m}" for m in self.measures]
            rows = " and ".join(f"{name} = 'all'" for name in self.only_total) or "true"
            return f"select {', '.join([*columns, *measures])} from ({self.sql}) where {rows}"
        # a hidden count must not vanish in a sum; a sum of floats depends on the order of threads
        measures = [
            f"case when count(*) = count({m})"
            f" then cast(sum(cast({m} as decimal(38, 10))) as double) end as {m}"
            for m in self.measures
        ]
        keys = ", ".join(str(i + 1) for i in range(len(columns)))
        return (
            f"select {', '.join([*columns, *measures])} from ({self.sql})"
            f" {f'group by {keys}' if keys else 'having count(*) > 0'}"
        )

    def can_give_up(self, name: str) -> bool:
        """Whether a column may go: its rows add up, or their total is there."""
        return name in self.dimensions and (self.adds_up or name in self.totals)

    def give_up(self, name: str, reason: str) -> None:
        """Do without a column."""
        self.dimensions.remove(name)
        self.without[name] = reason
        if not self.adds_up:
            self.only_total.append(name)

    def next_step(self) -> str | None:
        """The next thing to give up."""
        for step in STEPS:
            if step == "years":
                if "period" in self.dimensions and not self.is_by_year and self.adds_up:
                    return step
            elif self.can_give_up(step):
                return step
        return None

    def coarsen(self) -> None:
        """Give up the next thing."""
        step = self.next_step()
        if step == "years":
            self.is_by_year = True
        elif step:
            self.give_up(step, TOO_LARGE)


def load(
    connection: duckdb.DuckDBPyConnection, is_shareable: bool, budget: int = ROW_BUDGET
) -> dict[str, Loaded]:
    """Decide the grain of every cube that this edition holds; nothing is read yet."""
    found = {}
    for name, cube in CUBES.items():
        sql = cube.shareable if is_shareable else cube.internal
        if sql is None:
            continue
        totals = cube.shareable_totals if is_shareable else cube.internal_totals
        measures = (is_shareable and cube.shareable_measures) or cube.measures
        loaded = Loaded(cube, sql, totals, measures)
        columns = [column[0] for column in connection.execute(f"describe ({sql})").fetchall()]
        loaded.dimensions = [column for column in columns if column not in measures]
        never = dict.fromkeys(FILTERS, NOT_IN_EDITION) if is_shareable else NEVER_HELD
        reasons = never | dict(cube.reasons)
        loaded.without = {name: reasons[name] for name in FILTERS if name not in loaded.dimensions}
        if has_codes(connection, loaded):
            found[name] = loaded
    for loaded in found.values():
        count_rows(connection, loaded)
    while sum(loaded.rows for loaded in found.values()) > budget:
        largest = max(
            (loaded for loaded in found.values() if loaded.next_step()),
            key=lambda loaded: (loaded.rows, loaded.cube.name),
            default=None,
        )
        if largest is None:
            break
        largest.coarsen()
        count_rows(connection, largest)
    return found


def has_codes(connection: duckdb.DuckDBPyConnection, loaded: Loaded) -> bool:
    """Give up columns of too many values; whether the cube can do without them."""
    counts = ", ".join(f"approx_count_distinct({name})" for name in loaded.dimensions)
    if not counts:
        return True
    about = connection.execute(f"select {counts} from ({loaded.sql})").fetchone()
    for name, roughly in zip(list(loaded.dimensions), about, strict=True):
        if roughly < MOST_VALUES / 2:  # far enough from the limit to be sure
            continue
        (exactly,) = connection.execute(
            f"select count(distinct {name}) from ({loaded.sql})"
        ).fetchone()
        if exactly <= MOST_VALUES:
            continue
        if not loaded.can_give_up(name):
            return False
        loaded.give_up(name, TOO_MANY)
    return True


def has_data(connection: duckdb.DuckDBPyConnection, loaded: Loaded, shown: Chart | Tile) -> bool:
    """Whether a chart or tile has anything to count in these data; a hidden count is something."""
    where, values = _counted(shown)
    sql = f"select 1 from ({loaded.sql}) where {where} limit 1"
    return connection.execute(sql, values).fetchone() is not None


def unknown_column(
    connection: duckdb.DuckDBPyConnection, loaded: Loaded, chart: Chart
) -> str | None:
    """A column of a chart that says "unknown" of everything; None when each says something."""
    where, values = _counted(chart)
    for name in chart.by:
        sql = f"select 1 from ({loaded.sql}) where {where} and {name} not in ('all', 'unknown')"
        if connection.execute(f"{sql} limit 1", values).fetchone() is None:
            return name
    return None


def _counted(shown: Chart | Tile) -> tuple[str, list[str]]:
    """The condition of the rows that a chart or tile counts, and its values."""
    measure = shown.measure
    columns = (*getattr(shown, "parts", {}), *(measure.per or measure.of or measure.given.values()))
    conditions = [f"({' or '.join(f'{column} is null or {column} <> 0' for column in columns)})"]
    values: list[str] = []
    for name, wanted in shown.fixed.items():
        choices = [wanted] if isinstance(wanted, str) else list(wanted)
        conditions.append(f"{name} in ({', '.join('?' for _ in choices)})")
        values += choices
    return " and ".join(conditions), values


def count_rows(connection: duckdb.DuckDBPyConnection, loaded: Loaded) -> None:
    """How many rows a cube has at its present grain."""
    (loaded.rows,) = connection.execute(f"select count(*) from ({loaded.select()})").fetchone()


def pack(
    connection: duckdb.DuckDBPyConnection, found: Mapping[str, Loaded]
) -> tuple[dict[str, dict], bytes]:
    """Columns of all cubes: what they are, and one block of bytes with their values.

    Dimensions are 16-bit codes into their sorted values, measures 64-bit floats, a null is NaN.
    """
    described: dict[str, dict] = {}
    blocks: list[bytes] = []
    at = 0
    for name, loaded in found.items():
        order = ", ".join(str(i + 1) for i in range(len(loaded.dimensions)))
        ordered = f"{loaded.select()} order by {order}" if order else loaded.select()
        table = connection.execute(ordered).fetchnumpy()
        columns = []
        for column in loaded.dimensions:
            texts = np.array(
                ["unknown" if value is None else str(value) for value in _plain(table[column])],
                dtype=object,
            )
            values, codes = np.unique(texts.astype(str), return_inverse=True)
            data = codes.astype("<u2").tobytes()
            columns.append(
                {
                    "name": column,
                    "kind": "dimension",
                    "values": values.tolist(),
                    "has_total": column in loaded.totals,
                    "at": at,
                }
            )
            at = _append(blocks, data, at)
        for measure in loaded.measures:
            numbers = np.ma.filled(np.ma.asarray(table[measure], dtype="float64"), np.nan)
            columns.append({"name": measure, "kind": "measure", "at": at})
            at = _append(blocks, numbers.astype("<f8").tobytes(), at)
        described[name] = {
            "rows": loaded.rows,
            "additive": loaded.cube.additive,
            "without": loaded.without,
            "columns": columns,
        }
    return described, b"".join(blocks)


def _plain(column: np.ndarray) -> list:
    """Values with None for nulls, whatever numpy made of them."""
    masked = np.ma.asarray(column)
    return [
        None if hidden else value
        for value, hidden in zip(masked.data, np.ma.getmaskarray(masked), strict=True)
    ]


def _append(blocks: list[bytes], data: bytes, at: int) -> int:
    """Add bytes, and fill up to a multiple of 8; gives where the next ones begin."""
    padding = -len(data) % 8
    blocks += [data, b"\0" * padding]
    return at + len(data) + padding
