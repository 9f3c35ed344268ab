"""What the report shows: cubes, charts, tiles and sections, each registered by the topic's module.

Usage: imported by the report modules; nothing to run.

A chart says which cube it adds up, by which columns, what number it makes of the sums and in which
form it is drawn. The page does the sums; the words around them are here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from figure_registry import MINIMUM_N

FILTERS = ("facility_id", "department_id", "doctor_id", "period")
NOT_HELD = {"cube": ""}  # as `shareable`: the tables of that edition do not have its columns


@dataclass(frozen=True)
class Cube:
    """Counts and sums by filters and categories, read from one mart.

    `internal` and `shareable` are queries on the marts of the two editions; None: that edition has
    no such table. Columns of `measures` are numbers, all others dimensions; a filter column has the
    name of FILTERS, months come as `period` ('YYYY-MM'). `totals` names the dimensions whose rows
    'all' hold the total (for numbers that do not add up, and for protected totals).
    `shareable_measures` are those of the shareable query where they are others; `reasons` say why a
    filter is not held, where that is not the source's doing.
    """

    name: str
    measures: tuple[str, ...]
    internal: str | None
    shareable: str | None = None
    additive: bool = True
    internal_totals: tuple[str, ...] = ()
    shareable_totals: tuple[str, ...] = ()
    holds: str = "data for it"  # what its rows count; said when a data set has none of it
    shareable_measures: tuple[str, ...] = ()
    reasons: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Measure:
    """What number is made of the sums of a group.

    kind: `count` and `total` (the sum of `of`), `rate` (`of` over `per`, Wilson), `share` (the
    group's part of all groups, Wilson), `mean` (`of` over `n` with `squares`, Student), `ratio` (a
    sum over a sum, with the number of cases behind them; no interval), `given` (columns of a cube
    whose rows are not added up).
    """

    kind: str
    of: tuple[str, ...] = ()
    per: tuple[str, ...] = ()
    squares: str = ""
    given: Mapping[str, str] = field(default_factory=dict)
    minimum_n: int = MINIMUM_N  # fewer, and no value is shown
    n_is_part: bool = False  # of `given` shares: the count is the part itself, not what it is of


def count(*of: str) -> Measure:
    """How many; a count needs no interval: it is what it is."""
    return Measure("count", of, minimum_n=0)


def total(of: str, n: str) -> Measure:
    """A sum of money, with the number of cases behind it."""
    return Measure("total", (of,), (n,), minimum_n=0)


def rate(of: Sequence[str], per: Sequence[str]) -> Measure:
    """A share of cases with its Wilson interval."""
    return Measure("rate", tuple(of), tuple(per))


def share(*of: str) -> Measure:
    """Each group's part of all groups shown, with its Wilson interval."""
    return Measure("share", of)


def mean(of: str, squares: str, n: str) -> Measure:
    """A mean with its interval by Student's t."""
    return Measure("mean", (of,), (n,), squares)


def ratio(of: str, per: str, n: str) -> Measure:
    """A sum over a sum, as dollars paid of dollars billed: no count, so that Wilson has no say."""
    return Measure("ratio", (of,), (per, n))


def given(n: str, n_is_part: bool = False, **columns: str) -> Measure:
    """Numbers that the mart holds ready (value, low, high); n: "" where it is not published.

    n is what the number was divided by, never another count that is at hand; of a share it may be
    the part itself (`n_is_part`), which the page then does not call n.
    """
    return Measure("given", (), (n,) if n else (), given=columns, n_is_part=n_is_part)


@dataclass(frozen=True)
class Chart:
    """One interactive chart: where it stands, what it adds up, how it is drawn and worded."""

    chart_id: str
    section: str
    title: str  # the neutral headline; what the numbers support replaces it
    subtitle: str  # measure, population and unit; the page adds the period
    cube: str
    by: tuple[str, ...]
    measure: Measure
    form: str  # a function of report_forms.py
    unit: str  # percent, whole_percent (rounded data), count, money, score, days
    headline: str = "neutral"  # a function of headlines.js
    words: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)  # heading of each column
    fixed: Mapping[str, Any] = field(default_factory=dict)
    parts: Mapping[str, str] = field(default_factory=dict)  # measures that are categories
    extra: tuple[str, ...] = ()  # further measures, for the table only
    order: str = "value"  # value (largest first), name, or given (as in `sequence`)
    sequence: tuple[str, ...] = ()
    top: int = 25
    kpis: tuple[str, ...] = ()
    note: str = ""
    shareable: Mapping[str, Any] = field(default_factory=dict)  # fields that differ in that edition
    reference: float | None = None  # a value to compare with, drawn as a line
    within: str = ""  # of `by`: shares are of each of its values; else of all that is shown


@dataclass(frozen=True)
class Tile:
    """One number of the overview, with the control chart of its KPI."""

    tile_id: str
    label: str
    cube: str
    measure: Measure
    unit: str
    kpis: tuple[str, ...]  # the first one that has a control chart gives the icon (see `control`)
    higher: str  # words for more and less of it, without judgement
    lower: str
    note: str = ""
    # its control charts where they are not those of its KPIs: another number's line would be wrong
    control: tuple[str, ...] | None = None
    line: str = ""  # what the control chart shows where it is not the tile's own number
    line_unit: str = ""
    open_months: str = ""  # why its line ends before the data do
    fallback_of: str = ""  # the tile that is shown instead where the data have what it needs
    shareable: Mapping[str, Any] = field(default_factory=dict)  # fields that differ in that edition
    section: str = "overview"
    fixed: Mapping[str, Any] = field(default_factory=dict)


LABELS: dict[str, dict[str, str]] = {}  # what the codes of a column are called
CUBES: dict[str, Cube] = {}
CHARTS: dict[str, Chart] = {}
TILES: dict[str, Tile] = {}
SECTIONS = {
    "overview": ("Overview", "How are we doing, and is a change real or noise?"),
    "appointments": ("Appointments", "Which appointments are missed?"),
    "branches": ("Branches and doctors", "Is workload really uneven?"),
    "patients": ("Patients", "Whom do we care for?"),
    "activity": ("Activity", "Trends and peaks"),
    "outcomes": ("Outcomes", "Outcomes, crude and adjusted"),
    "experience": ("Experience", "What patients and teams say"),
    "money": ("Money", "What care costs, and what is paid"),
    "claims": ("Claims", "What may be said?"),
    "quality": ("Quality and method", "Can I trust it?"),
}


def _add(registry: dict, name: str, item: Any) -> None:
    if name in registry:
        raise ValueError(f"{name} is registered twice")
    registry[name] = item


def of_edition(item: Any, is_shareable: bool) -> Any:
    """A chart or tile as an edition has it: other tables may need another measure."""
    return replace(item, **item.shareable) if is_shareable else item


def add_cubes(*cubes: Cube) -> None:
    """Register cubes under their names."""
    for cube in cubes:
        _add(CUBES, cube.name, cube)


def add_charts(*charts: Chart) -> None:
    """Register charts in the order in which the page shows them."""
    for chart in charts:
        if chart.section not in SECTIONS:
            raise ValueError(f"{chart.chart_id}: no section {chart.section}")
        _add(CHARTS, chart.chart_id, chart)


def add_tiles(*tiles: Tile) -> None:
    """Register tiles in the order in which the page shows them."""
    for tile in tiles:
        _add(TILES, tile.tile_id, tile)
