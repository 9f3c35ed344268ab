"""What the report leaves out, and why: nothing is empty without a reason.

Usage: imported by report_content.py; nothing to run.

A chart or tile is left out when the edition has no table that is fine enough, and when the data set
has none of what it would count (public data often come of one system only).
"""

from __future__ import annotations

import duckdb

import report_cubes
from report_cubes import Loaded
from report_registry import CUBES, TILES, Chart, Tile, of_edition

SYSTEMS = {
    "hospital_ops": "hospital appointments",
    "care_episodes": "care episodes",
    "cancer_registry": "the cancer registry",
}
ALL_UNKNOWN = "These data do not say it of anything that is counted."
NOT_FINE_ENOUGH = "The tables of this edition are not fine enough."


def reason(
    connection: duckdb.DuckDBPyConnection,
    chart: Chart,
    described: dict[str, dict],
    loaded: dict[str, Loaded],
) -> str | None:
    """Why a chart is not in this report; None when it is."""
    cube = described.get(chart.cube)
    if cube is None:
        return NOT_FINE_ENOUGH
    columns = {column["name"] for column in cube["columns"]}
    for name in (*chart.by, *chart.fixed):
        if name not in columns:
            return (
                f"Its data are not held by {name.removesuffix('_id')}: "
                + cube["without"].get(name, "the source does not say")
                + "."
            )
    if not report_cubes.has_data(connection, loaded[chart.cube], chart):
        return no_data(chart, loaded)
    if report_cubes.unknown_column(connection, loaded[chart.cube], chart):
        return ALL_UNKNOWN
    return None


def no_data(shown: Chart | Tile, loaded: dict[str, Loaded]) -> str:
    """That the data set has none of what would be counted; all of a cube, or one of its numbers."""
    if loaded[shown.cube].rows == 0:
        return f"No {CUBES[shown.cube].holds} in these data."
    system = SYSTEMS.get(shown.fixed.get("source_system"))
    if isinstance(shown, Tile) and not system:
        return "What it needs is not in these data."
    counted = getattr(shown, "labels", {}).get("cases", CUBES[shown.cube].holds)
    return f"No {counted}{f' of {system}' if system else ''} in these data."


def tiles_of(
    connection: duckdb.DuckDBPyConnection, loaded: dict[str, Loaded], is_shareable: bool
) -> list[tuple[Tile, str | None]]:
    """The tiles of an edition, each with why it is left out; one that stands in for another that
    is shown is not among them."""
    found: list[tuple[Tile, str | None]] = []
    for tile in (of_edition(each, is_shareable) for each in TILES.values()):
        shown = {other.tile_id for other, why in found if why is None}
        if tile.fallback_of in shown:
            continue
        if tile.cube not in loaded:
            found.append((tile, NOT_FINE_ENOUGH))
        elif report_cubes.has_data(connection, loaded[tile.cube], tile):
            found.append((tile, None))
        elif not tile.fallback_of:  # the tile that it stands in for says why
            found.append((tile, no_data(tile, loaded)))
    return found


def together(absent: list[dict[str, str]]) -> list[dict[str, str]]:
    """What is left out, in one line for each reason."""
    titles: dict[str, list[str]] = {}
    for item in absent:
        titles.setdefault(item["reason"], []).append(item["title"])
    return [{"title": "; ".join(names), "reason": why} for why, names in titles.items()]
