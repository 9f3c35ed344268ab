"""Tiles of the report: their control charts, and what is left out when data or tables lack it."""

from __future__ import annotations

import duckdb
import pytest

import build_report  # noqa: F401  (registers every topic)
import report_absent
from report_charts_overview import LEAST_MONTHS, MONTHS_SHOWN
from report_cubes import Loaded
from report_registry import CHARTS, CUBES, TILES, Chart, Cube, count, of_edition, rate

CONTROL = CUBES["control"].internal
COLUMNS = (
    "kpi_id varchar, source_system varchar, facility_id varchar, department_id varchar, month date,"
    " value double, mean double, lower_limit double, upper_limit double, rebase_group bigint,"
    " point_type varchar, variation varchar, assurance varchar, is_trial_limits boolean,"
    " is_rare boolean, is_reportable boolean"
)


@pytest.fixture
def marts():
    with duckdb.connect() as connection:
        connection.execute("create schema marts")
        connection.execute(f"create table marts.kpi_control_charts ({COLUMNS})")
        yield connection


def add_series(marts, kpi, months=40, facility="all", department="all", **flags):
    """Points that are all concerning, so that what hides that is seen."""
    system = flags.get("system", "care_episodes")
    trial, rare = flags.get("trial", False), flags.get("rare", False)
    marts.execute(
        """
        insert into marts.kpi_control_charts
        select ?, ?, ?, ?, cast(date '2020-01-01' + to_months(cast(i as integer)) as date),
            i, 1, 0, 2, 1, 'concern', 'concern', null, ?, ?, not (? or ?)
        from range(?) as points(i)
        """,
        [kpi, system, facility, department, trial, rare, trial, rare, months],
    )


def control(marts, columns="*"):
    return marts.execute(f"select {columns} from ({CONTROL}) order by all").fetchall()


def test_one_series_for_each_kpi_and_place(marts):
    for system in ("care_episodes", "hospital_ops"):
        add_series(marts, "FN02", system=system)
    add_series(marts, "PF01", facility="a")
    add_series(marts, "PF01", department="x")
    add_series(marts, "PF01", facility="a", department="x")  # the page has no room for these
    add_series(marts, "AP08")  # no tile points to it
    found = control(marts, "distinct kpi, facility_id, department_id")
    assert found == [
        ("FN02 care_episodes", "all", "all"),
        ("FN02 hospital_ops", "all", "all"),
        ("PF01", "a", "all"),
        ("PF01", "all", "x"),
    ]
    rows = control(marts, "kpi, facility_id, department_id, month")
    assert len(rows) == len(set(rows)) == 4 * MONTHS_SHOWN
    assert min(month for *_, month in rows) == "2020-05"


def test_a_large_network_has_fewer_months_of_each_series(marts):
    marts.execute(
        """
        insert into marts.kpi_control_charts
        select 'PF01', 'care_episodes', 'f' || f, 'all',
            cast(date '2020-01-01' + to_months(cast(i as integer)) as date),
            i, 1, 0, 2, 1, 'concern', 'concern', null, false, false, true
        from range(3000) as facilities(f), range(40) as points(i)
        """
    )
    assert control(marts, "count(*)") == [(3000 * LEAST_MONTHS,)]


@pytest.mark.parametrize("why", ["trial", "rare"])
def test_limits_that_are_no_finding_have_no_icon_and_no_band(marts, why):
    add_series(marts, "PF01", months=3, **{why: True})
    found = control(marts, "distinct point_type, variation, mean, lower_limit, upper_limit")
    assert found == [("common_cause", why, None, None, None)]
    marts.execute("delete from marts.kpi_control_charts")
    add_series(marts, "PF01", months=3)
    found = control(marts, "distinct point_type, variation, mean, lower_limit, upper_limit")
    assert found == [("concern", "concern", 1, 0, 2)]


def test_a_tile_points_to_charts_that_are_there():
    known = set(duckdb.sql(f"select * from (values {_listed()})").fetchall())
    for tile in TILES.values():
        series = tile.kpis if tile.control is None else tile.control
        assert {(name,) for name in series} <= known, tile.tile_id
        assert not tile.fallback_of or tile.fallback_of in TILES


def _listed() -> str:
    from report_charts_overview import CONTROLLED

    return ", ".join(f"('{name}')" for name in CONTROLLED)


# --- what is left out ----------------------------------------------------------------------------


def loaded_of(sql: str, rows: int) -> dict[str, Loaded]:
    cube = Cube("episodes", ("n", "of"), sql)
    return {"episodes": Loaded(cube, sql, (), ("n", "of"), ["kind"], {}, rows)}


def described_of(*columns: str) -> dict[str, dict]:
    return {"episodes": {"columns": [{"name": name} for name in columns], "without": {}}}


def chart_of(**changes) -> Chart:
    values = {
        "chart_id": "c", "section": "activity", "title": "C", "subtitle": "c", "cube": "episodes",
        "by": ("kind",), "measure": rate(["n"], ["of"]), "form": "dots", "unit": "percent",
        "labels": {"cases": "answers"},
    }  # fmt: skip
    return Chart(**(values | changes))


ONE = "select 'a' as kind, 0 as n, 4 as of"
NONE = "select 'a' as kind, 0 as n, 0 as of"
EMPTY = f"{ONE} where false"
HIDDEN = "select 'a' as kind, null as n, null as of"


@pytest.mark.parametrize(
    ("sql", "rows", "changes", "wanted"),
    [
        (ONE, 1, {}, None),
        (HIDDEN, 1, {}, None),
        (ONE, 1, {"fixed": {"kind": "a"}}, None),
        (NONE, 1, {}, "No answers in these data."),
        (EMPTY, 0, {}, "No care episodes in these data."),
        (ONE, 1, {"fixed": {"kind": "b"}}, "No answers in these data."),
        (ONE, 1, {"measure": count("n")}, "No answers in these data."),
        (ONE, 1, {"cube": "other"}, report_absent.NOT_FINE_ENOUGH),
        (ONE, 1, {"by": ("doctor_id",)}, "not held by doctor"),
    ],
)
def test_a_chart_without_data_says_so(sql, rows, changes, wanted):
    found = report_absent.reason(
        duckdb.connect(), chart_of(**changes), described_of("kind"), loaded_of(sql, rows)
    )
    assert (found is None) if wanted is None else (wanted in found)


def tiles_shown(readmissions: int, others: int = 1) -> tuple[set[str], dict[str, str]]:
    """The tiles of care episodes that are shown, and the reasons of the others."""
    measures = CUBES["episodes"].measures
    numbers = dict.fromkeys(measures, others) | {
        "index_stays": readmissions, "readmissions": readmissions, "emergency_visits": 0,
    }  # fmt: skip
    sql = "select " + ", ".join(f"{numbers[name]} as {name}" for name in measures)
    loaded = {"episodes": Loaded(CUBES["episodes"], sql, (), measures, [], {}, 1)}
    found = report_absent.tiles_of(duckdb.connect(), loaded, is_shareable=False)
    return (
        {tile.tile_id for tile, why in found if why is None},
        {tile.tile_id: why for tile, why in found if why is not None},
    )


def test_the_recorded_flag_stands_in_only_where_stays_cannot_be_linked():
    shown, absent = tiles_shown(readmissions=3)
    assert "readmission" in shown and "readmission-recorded" not in shown | absent.keys()
    assert absent["emergency"] == "What it needs is not in these data."
    shown, absent = tiles_shown(readmissions=0)
    assert "readmission-recorded" in shown and "readmission" in absent
    shown, absent = tiles_shown(readmissions=0, others=0)  # one line for both of them
    assert "readmission" in absent and "readmission-recorded" not in shown | absent.keys()


def test_what_is_left_out_for_one_reason_is_one_line():
    found = report_absent.together(
        [
            {"title": "A", "reason": "r"},
            {"title": "B", "reason": "s"},
            {"title": "C", "reason": "r"},
        ]
    )
    assert found == [{"title": "A; C", "reason": "r"}, {"title": "B", "reason": "s"}]


def test_an_edition_changes_only_what_it_names():
    tile = TILES["mortality"]
    assert of_edition(tile, is_shareable=False) is tile
    shareable = of_edition(tile, is_shareable=True)
    assert (shareable.cube, shareable.unit) == ("mortality_places", "whole_percent")
    assert shareable.label == tile.label


# --- in the page ---------------------------------------------------------------------------------

SAID = """() => [...document.querySelectorAll('#overview .tile')].map(tile => ({
    id: tile.id.replace('tile-', ''),
    icons: [...tile.querySelectorAll('.says use')].map(use => use.getAttribute('href').slice(6)),
    says: tile.querySelector('.says').textContent,
    compared: tile.querySelector('.compared').textContent,
    has_line: !tile.querySelector('.line').hidden,
}))"""
ICON = {
    "common_cause": "common", "improvement": "improvement", "concern": "concern",
    "neutral_high": "neutral", "neutral_low": "neutral",
}  # fmt: skip


def test_a_tile_has_the_icon_of_the_last_month_shown(report, demo_warehouse):
    seen = set()
    for facility in ("all", "grevillea_gorge_hospital"):
        for to in ("", "2025-04", "2024-06"):
            seen |= icons_seen(report, demo_warehouse, facility, to)
    assert {"common", "improvement"} <= seen


def icons_seen(report, database, facility: str, to: str) -> set[str]:
    """The icons of a selection, each compared with its control chart."""
    with duckdb.connect(str(database), read_only=True) as connection:
        rows = connection.execute(
            f"""
            select kpi, month, point_type, variation from ({CONTROL})
            where facility_id = ? and department_id = 'all' and (? = '' or month <= ?)
            order by kpi, month
            """,
            [facility, to, to],
        ).fetchall()
    series = {}
    for kpi, *point in rows:
        series.setdefault(kpi, []).append(point)
    report.set_filters(facility="" if facility == "all" else facility, to=to)
    seen = set()
    for tile in report.page.evaluate(SAID):
        definition = TILES[tile["id"]]
        kpis = definition.kpis if definition.control is None else definition.control
        points = next((series[kpi] for kpi in kpis if len(series.get(kpi, [])) > 1), None)
        if points is None:
            assert not tile["icons"] and not tile["has_line"], tile
            continue
        _, point_type, variation = points[-1]
        wanted = [] if variation in ("trial", "rare") else [ICON[point_type]]
        targets = {"pass", "fail", "hit-or-miss"}
        assert [icon for icon in tile["icons"] if icon not in targets] == wanted, tile
        assert ("improving" in tile["says"]) == (wanted == ["improvement"]), tile
        assert ("concerning" in tile["says"]) == (wanted == ["concern"]), tile
        seen |= set(wanted)
    return seen


@pytest.mark.parametrize("name", ["collection", "readmission"])
def test_months_that_are_not_over_are_said_to_be_not_judged(report, name):
    """Their control charts end before the data do; a selection that ends there needs no word."""
    tile, words = TILES[name], "Later months are not judged yet"

    def says() -> str:
        return report.page.locator(f"#tile-{name} .says").text_content()

    report.set_filters()
    assert f"{words}: {tile.open_months}" in says()
    report.set_filters(to="2025-12")
    assert words not in says()


def test_no_comparison_with_months_before_the_data(report):
    """The registry's months reach further back than those of the hospitals."""
    report.set_filters(**{"from": "2023-09", "to": "2024-02", "compare": "previous"})
    tiles = {tile["id"]: tile["compared"] for tile in report.page.evaluate(SAID)}
    assert "its data are of Jul 2023 to Jun 2026" in tiles["episodes"]
    assert "in Mar 2023 to Aug 2023" in tiles["cancer-cases"]


def headline(report, chart_id: str, rows: list[dict]) -> str | None:
    chart = CHARTS[chart_id]
    words = {"headline": chart.headline, "words": dict(chart.words), "reference": chart.reference,
             "unit": chart.unit, "measure": {"kind": chart.measure.kind}}  # fmt: skip
    return report.page.evaluate("([c, rows]) => window.wardhouse.headline(c, rows)", [words, rows])


def test_headlines_say_no_more_than_the_rows(report):
    a_headline_on_the_day_needs_more_than_half_for_certain(report)
    a_headline_against_what_is_expected_counts_those_beyond_chance(report)
    a_hidden_group_may_be_the_highest(report)


def a_headline_on_the_day_needs_more_than_half_for_certain(report):
    def hours(day: int, night: int) -> list[dict]:
        return [{"key": "10", "num": day}, {"key": "23", "num": night}]

    chart = "emergency-by-hour"
    assert headline(report, chart, hours(700, 300)).startswith("70.0% of emergency patients")
    assert headline(report, chart, hours(6, 4)) is None
    assert headline(report, chart, hours(300, 700)) is None
    assert headline(report, chart, [{"key": "10", "num": None}, {"key": "23", "num": 5}]) is None


def a_headline_against_what_is_expected_counts_those_beyond_chance(report):
    def places(*bounds: tuple[float, float]) -> list[dict]:
        return [
            {
                "key": f"f{i}",
                "label": f"Facility {i}",
                "value": (low + high) / 2,
                "low": low,
                "high": high,
            }
            for i, (low, high) in enumerate(bounds)
        ]

    chart = "readmission-expected"
    within = [(0.5, 1.4), (0.7, 1.1), (0.9, 1.6)]
    assert headline(report, chart, places(*within)).startswith("None of 3 facilities")
    one = headline(report, chart, places(*within, (1.2, 2.0)))
    assert one.startswith(
        "Facility 3 has 1.60 times the readmissions expected, beyond chance: 1 of 4"
    )
    many = headline(report, chart, places(*within, *[(1.2, 2.0)] * 4))
    assert many.startswith("4 of 7 facilities compared: readmissions differ")
    assert headline(report, chart, places(*within[:2])) is None


def a_hidden_group_may_be_the_highest(report):
    rows = [
        {"key": "a", "label": "A", "value": 9, "low": 8.9, "high": 9.1},
        {"key": "b", "label": "B", "value": 7, "low": 6.9, "high": 7.1},
    ]
    hidden = {"key": "c", "label": "C", "value": None, "low": None, "high": None, "hidden": True}
    assert "A" in headline(report, "satisfaction-spread", rows)
    assert headline(report, "satisfaction-spread", [*rows, hidden]) is None
