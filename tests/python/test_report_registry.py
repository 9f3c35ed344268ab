"""What the report registers is whole: topics, definitions, and what each edition may read."""

from __future__ import annotations

import csv
import re

import pytest

import build_report
import report_claims
import report_content
import report_tables
from conftest import ROOT
from report_figures import ALSO_INTERACTIVE, SECTION_OF
from report_forms import AXIS_FORMAT, FORMS
from report_registry import CHARTS, CUBES, SECTIONS, TILES
from test_figures import exposures

NAMES = {"dim_facilities", "dim_departments", "dim_doctors"}  # read for names and filters


def marts_of(sql: str | None) -> set[str]:
    return set(re.findall(r"marts\.(\w+)", sql or ""))


def seed(name: str) -> list[dict[str, str]]:
    with (ROOT / "seeds" / "reference" / name).open(newline="") as file:
        return list(csv.DictReader(file))


def test_every_topic_is_in_the_report():
    files = {path.stem for path in (ROOT / "scripts").glob("report_charts_*.py")}
    assert files == {f"report_charts_{topic}" for topic in build_report.TOPICS}
    assert len(SECTIONS) == 10
    shown = {chart.section for chart in CHARTS.values()} | set(report_tables.TABLES)
    shown.add("claims")  # report_claims.py
    assert shown | {tile.section for tile in TILES.values()} == set(SECTIONS)


def test_the_exposure_names_what_the_report_reads():
    read = NAMES | {mart for cube in CUBES.values() for mart in marts_of(cube.internal)}
    read |= marts_of(report_claims.INTERNAL) | marts_of(report_content.FULL_PERIOD)
    for tables in report_tables.TABLES.values():
        read |= {mart for table in tables for mart in marts_of(table[-1])}
    assert exposures("dashboard") == {"report": read}


def test_the_shareable_report_reads_the_shareable_edition_alone():
    held = {row["mart"] for row in seed("shareable_tables.csv") if row["layer"] or row["keys"]}
    assert len(held) > 20
    for cube in CUBES.values():
        assert marts_of(cube.shareable) <= held, cube.name
        assert not (marts_of(cube.shareable) & {"fct_appointments", "kpi_values_monthly"})


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_says_what_it_is(name):
    chart = CHARTS[name]
    assert re.fullmatch(r"[a-z0-9-]+", name)
    assert chart.section in SECTIONS and chart.form in FORMS and chart.unit in AXIS_FORMAT
    assert chart.title and chart.subtitle and not chart.subtitle.endswith(".")
    assert {"group", "value"} <= chart.labels.keys()
    known = {row["kpi_id"] for row in seed("kpis.csv")}
    assert set(chart.kpis) <= known
    assert chart.kpis or chart.note
    cube = CUBES[chart.cube]
    used = {*chart.measure.of, *chart.measure.per, *chart.measure.given.values(), *chart.parts}
    assert used | set(chart.extra) <= {*cube.measures, ""}
    assert set(chart.extra) <= chart.labels.keys()


@pytest.mark.parametrize("name", TILES)
def test_a_tile_judges_nothing_by_itself(name):
    tile = TILES[name]
    known = {row["kpi_id"] for row in seed("kpis.csv")}
    assert {kpi.split(" ")[0] for kpi in tile.kpis} <= known
    words = f"{tile.label} {tile.higher} {tile.lower} {tile.note}".lower()
    assert not re.search(r"\b(better|worse|good|bad|improv\w+|boost\w*|poor)\b", words)


def test_every_reason_has_plain_words():
    """A reader of the report keeps no warehouse: sentinel and orphan are words of those who do."""
    rules = seed("dq_rules.csv")
    assert {row["reason"] for row in rules} == report_tables.REASONS.keys()
    assert {row["kind"] for row in rules} == report_tables.KINDS.keys()
    jargon = r"\b(sentinel|orphan|timestamp|null|key|code map|superseded)\b|_"
    for words in (*report_tables.REASONS.values(), *report_tables.KINDS.values()):
        assert not re.search(jargon, words), words


def test_drawn_figures_have_their_section():
    from figure_registry import REGISTRY
    from plot_figures import TOPICS

    assert TOPICS
    ids = {figure.figure_id for figure in REGISTRY.values()}
    assert {figure_id[0] for figure_id in ids} == SECTION_OF.keys()
    assert set(SECTION_OF.values()) <= SECTIONS.keys()
    assert ids > ALSO_INTERACTIVE
