"""Collects what the report shows: filters, tiles, charts, tables, figures and the footer's facts.

Usage: imported by build_report.py; nothing to run.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

import duckdb

import report_absent
import report_claims
import report_cubes
import report_figures
import report_forms
import report_tables
from figure_registry import MINIMUM_N
from figure_style import MONTHS
from report_absent import SYSTEMS
from report_cubes import Loaded
from report_registry import CHARTS, LABELS, SECTIONS, Chart, Tile, of_edition
from shareable import EDITION_TABLE

EDITIONS = {
    "internal": (
        "Internal edition",
        "Within the organisation only: no names of patients, small counts exact.",
    ),
    "shareable": (
        "Shareable edition",
        "Counts from 1 to {largest} are hidden, with others so that none can be worked out;"
        " many of the others are rounded.",
    ),
}
NO_CONTROL_CHARTS = "No control chart: its limits would give hidden counts back."
READING = (
    "The small lines are the last months of each control chart: the grey band holds what chance"
    " alone would do. The icon speaks of the last month drawn, not of the whole period: only a"
    " special cause is a change. A control chart does not say whether the level is good."
)
SPARK = "spark"
# with which doctors are compared; a file without doctors has none, and needs none
FULL_PERIOD = "select max(full_period_share) from marts.kpi_caseload_balance"


def collect(
    connection: duckdb.DuckDBPyConnection, figures: Path | None
) -> tuple[dict[str, Any], dict[str, Any], bytes]:
    """The template's content, the scripts' data, and the cubes' bytes."""
    is_shareable = has_table(connection, EDITION_TABLE)
    loaded = report_cubes.load(connection, is_shareable)
    described, cube_bytes = report_cubes.pack(connection, loaded)
    labels = names(connection)
    months = all_months(described)
    charts = [
        (chart, report_absent.reason(connection, chart, described, loaded))
        for chart in (of_edition(each, is_shareable) for each in CHARTS.values())
    ]
    tiles = report_absent.tiles_of(connection, loaded, is_shareable)
    shown = [chart for chart, reason in charts if reason is None]
    page = {
        "cubes": described,
        "charts": [chart_data(chart) for chart in shown],
        "tiles": [tile_data(tile) for tile, reason in tiles if reason is None],
        "forms": forms(shown),
        "spark": SPARK,
        "labels": labels,
        "facilities": known(described, "facility_id"),
        "departments": known(described, "department_id"),
        "doctors": doctors(connection, loaded),
        "months": months,
        "period": {"first": months[0] if months else None, "last": months[-1] if months else None},
        "whole_period": "whole period",
        "unknown_word": "hidden" if is_shareable else "not reported",
        "full_period_share": None
        if is_shareable
        else connection.execute(FULL_PERIOD).fetchone()[0],
        "minimum_n": MINIMUM_N,
        "publish": report_tables.publish_number(connection),
        "without_control": NO_CONTROL_CHARTS,
    }
    edition = "shareable" if is_shareable else "internal"
    definitions = kpi_definitions(connection)
    content = {
        "title": "Hospital performance report",
        "lead": lead(connection, months, is_shareable),
        "edition": edition,
        "edition_name": EDITIONS[edition][0],
        "edition_words": EDITIONS[edition][1].format(largest=largest_hidden(connection, edition)),
        "reading": READING if "control" in described else "",
        "controls": controls(page, labels, months),
        "sections": [
            section(
                connection,
                name,
                charts,
                tiles,
                definitions,
                figures,
                is_shareable,
                part_of_period(page["full_period_share"]),
            )  # fmt: skip
            for name in SECTIONS
        ],
        "facts": report_tables.facts(connection),
    }
    return content, page, cube_bytes


def has_table(connection: duckdb.DuckDBPyConnection, name: str) -> bool:
    """Whether the published file has this mart."""
    sql = "select 1 from duckdb_tables() where schema_name = 'marts' and table_name = ?"
    return connection.execute(sql, [name]).fetchone() is not None


def part_of_period(share: float | None) -> str:
    """The setting in words; a file without doctors has none."""
    return "most" if share is None else f"{100 * share:g}%"


def largest_hidden(connection: duckdb.DuckDBPyConnection, edition: str) -> int:
    """The largest count that the shareable edition hides."""
    if edition != "shareable":
        return 0
    (minimum,) = connection.execute(f"select minimum_cell from marts.{EDITION_TABLE}").fetchone()
    return minimum - 1


def lead(connection: duckdb.DuckDBPyConnection, months: list[str], is_shareable: bool) -> str:
    """One line under the title: what data these are."""
    source = f"marts.{EDITION_TABLE}" if is_shareable else "ledger.publishes"
    kinds = {kind for (kind,) in connection.execute(f"select data_set from {source}").fetchall()}
    demo = "Fictional demonstration data. " if kinds == {"demo"} else ""
    return (
        f"{demo}Data from {month_name(months[0])} to {month_name(months[-1])}."
        if months
        else f"{demo}No dated events."
    )


# --- filters -------------------------------------------------------------------------------------


def names(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, str]]:
    """What codes are called."""
    found = {}
    for column, table in (
        ("facility_id", "dim_facilities"),
        ("department_id", "dim_departments"),
        ("doctor_id", "dim_doctors"),
    ):
        found[column] = (
            dict(connection.execute(f"select {column}, name from marts.{table}").fetchall())
            if has_table(connection, table)
            else {}
        )
    for column, thing in (
        ("facility_id", "facility"), ("department_id", "department"), ("doctor_id", "doctor"),
    ):  # fmt: skip
        if (
            found[column].get("unknown") == "Unknown"
        ):  # of a doctor at a facility, which of the two is not known?
            found[column]["unknown"] = f"Unknown {thing}"
    for code in found["department_id"]:  # a source's word for no department, or for one called so
        system = SYSTEMS.get(code.removesuffix(".none"))
        if code.endswith(".none") and system and found["department_id"][code] == "None":
            found["department_id"][code] = f"“None” in {system}"
    for column, called in found.items():
        twice = {name for name, times in Counter(called.values()).items() if times > 1}
        # two of one name are two bars, not one
        found[column] = {
            code: f"{name} ({code.replace('_', ' ')})" if name in twice else name
            for code, name in called.items()
        }
    return found | LABELS


def known(described: dict[str, dict], name: str) -> list[str]:
    """Every value of a dimension in any cube."""
    values = {
        value
        for cube in described.values()
        for column in cube["columns"]
        if column["name"] == name
        for value in column["values"]
    }
    return sorted(values - {"all"})


def all_months(described: dict[str, dict]) -> list[str]:
    """Every month in which anything happened; of a cube that has only years, all their months."""
    months: set[str] = set()
    for value in known(described, "period"):
        if re.fullmatch(r"\d{4}-\d{2}", value):
            months.add(value)
        elif re.fullmatch(r"\d{4}", value):
            months |= {f"{value}-{month:02}" for month in range(1, 13)}
    return sorted(months)


def doctors(
    connection: duckdb.DuckDBPyConnection, loaded: dict[str, Loaded]
) -> dict[str, dict[str, list[str]]]:
    """Where each doctor works, for the list of doctors to follow the other filters."""
    found: dict[str, dict[str, set[str]]] = {}
    for cube in loaded.values():
        if "doctor_id" not in cube.dimensions:
            continue
        rows = connection.execute(
            f"select distinct doctor_id, facility_id, department_id from ({cube.sql})"
        ).fetchall()
        for doctor, facility, department in rows:
            entry = found.setdefault(
                doctor or "unknown", {"facilities": set(), "departments": set()}
            )
            entry["facilities"].add(facility)
            entry["departments"].add(department)
    return {
        doctor: {key: sorted(value for value in values if value) for key, values in entry.items()}
        for doctor, entry in sorted(found.items())
    }


def controls(page: dict, labels: dict[str, dict[str, str]], months: list[str]) -> list[dict]:
    """The filters with their choices."""

    def choices(column: str, values: list[str], every: str) -> list[tuple[str, str]]:
        named = [(value, labels[column].get(value) or value.capitalize()) for value in values]
        return [("", every), *sorted(named, key=lambda pair: (pair[0] == "unknown", pair[1]))]

    spans = [(month, month_name(month)) for month in months]
    options = [
        ("facility", "Facility", choices("facility_id", page["facilities"], "All facilities")),
        (
            "department",
            "Department",
            choices("department_id", page["departments"], "All departments"),
        ),
        ("doctor", "Doctor", choices("doctor_id", list(page["doctors"]), "All doctors")),
        ("from", "From", spans),
        ("to", "To", spans),
        (
            "compare",
            "Compare with",
            [
                ("none", "Nothing"),
                ("previous", "The period before"),
                ("year", "The same months a year before"),
                ("others", "All others"),
            ],
        ),
    ]
    return [
        {"name": name, "label": label, "options": choice, "is_idle": len(choice) < 2}
        for name, label, choice in options
    ]


def month_name(month: str) -> str:
    """2026-06 as Jun 2026."""
    year, number = month.split("-")
    return f"{MONTHS[int(number) - 1]} {year}"


# --- charts and tiles ----------------------------------------------------------------------------


def chart_data(chart: Chart) -> dict[str, Any]:
    """A chart as the scripts read it."""
    data = asdict(chart)
    data["id"] = data.pop("chart_id")
    data["spec"] = f"{chart.form}-{chart.unit}"
    for name in ("section", "subtitle", "kpis", "note", "shareable"):
        del data[name]
    return data


def tile_data(tile: Tile) -> dict[str, Any]:
    """A tile as the scripts read it."""
    data = asdict(tile)
    data["id"] = data.pop("tile_id")
    for name in ("fallback_of", "shareable"):
        del data[name]
    return data


def forms(shown: list[Chart]) -> dict[str, dict]:
    """Every compiled form that the charts need, once for each unit."""
    needed = {f"{chart.form}-{chart.unit}": (chart.form, chart.unit) for chart in shown}
    compiled = {name: report_forms.compiled(*which) for name, which in sorted(needed.items())}
    return compiled | {SPARK: report_forms.compiled("spark", "count")}


def kpi_definitions(connection: duckdb.DuckDBPyConnection) -> dict[str, dict]:
    """The catalogue's rows by id."""
    result = connection.execute("""
        select kpi_id, name, numerator, denominator, exclusions, interval_method, source, mart
        from marts.dim_kpis
    """)
    columns = [column[0] for column in result.description]
    return {row[0]: dict(zip(columns, row, strict=True)) for row in result.fetchall()}


def section(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    charts: list[tuple[Chart, str | None]],
    tiles: list[tuple[Tile, str | None]],
    definitions: dict[str, dict],
    figures: Path | None,
    is_shareable: bool,
    full_period: str,
) -> dict[str, Any]:
    """What the template needs of a section."""
    title, question = SECTIONS[name]
    own_tiles = [(tile, reason) for tile, reason in tiles if tile.section == name]
    own_charts = [(chart, reason) for chart, reason in charts if chart.section == name]
    drawn, absent = report_figures.of_section(connection, name, figures, is_shareable)
    left_out = [
        *({"title": tile.label, "reason": reason} for tile, reason in own_tiles if reason),
        *({"title": chart.title, "reason": reason} for chart, reason in own_charts if reason),
        *absent,
        *(report_tables.missing(connection, name) if is_shareable else ()),
    ]
    return {
        "id": name,
        "name": title,
        "question": question,
        "tiles": [
            {
                "id": tile.tile_id,
                "label": tile.label,
                "title": "",
                "note": tile.note,
                "mart": mart(tile.cube, is_shareable),
                "definitions": [definitions[kpi] for kpi in tile.kpis if kpi in definitions],
            }
            for tile, reason in own_tiles
            if reason is None
        ],
        "charts": [
            {
                "id": chart.chart_id,
                "title": chart.title,
                "subtitle": chart.subtitle,
                "note": chart.note.replace("{full_period}", full_period),
                "is_wide": chart.form == "heat",
                "mart": mart(chart.cube, is_shareable),
                "definitions": [definitions[kpi] for kpi in chart.kpis if kpi in definitions],
            }
            for chart, reason in own_charts
            if reason is None
        ],
        "absent": report_absent.together(left_out),
        "claims": report_claims.ledger(connection, is_shareable) if name == "claims" else None,
        "tables": report_tables.tables(connection, name, is_shareable),
        "figures": drawn,
    }


def mart(cube: str, is_shareable: bool) -> str:
    """The mart that a cube is read from."""
    found = report_cubes.CUBES[cube]
    sql = found.shareable if is_shareable else found.internal
    return ", ".join(sorted(set(re.findall(r"marts\.(\w+)", sql or ""))))
