"""Figures of control charts: findings only where the charts say special cause.

Usage: pytest tests/python/test_figures_monitoring.py
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import figure_headlines_monitoring as headlines
from figure_headlines_monitoring import Change, Latest
from figure_registry import REGISTRY
from test_figures import HOSTILE, assert_fits, changed, pages, text_boxes

NAMES = ("no_show_control_chart", "control_chart_overview")
VALUED = re.compile(r"\b(better|worse|improv|concern|fell|rose|higher|lower)", re.IGNORECASE)
CALM = (
    "update marts.kpi_control_charts set special_cause = 'none', point_type = 'common_cause',"
    " variation = 'common_cause', is_outside_limits = false, is_trend = false,"
    " is_two_of_three = false, is_shift = false"
)
# a copy without the contract's checks, which hold what a test has to undo
LOOSE = "create or replace table marts.kpi_control_charts as select * from marts.kpi_control_charts"
ONE_PHASE = "update marts.kpi_control_charts set rebase_group = 0, rebase_reason = null"
NO_SHOWS = "kpi_id = 'AP03' and facility_id = 'all' and department_id = 'all'"


def drawn(database: Path, name: str):
    return pages(database, name)[name][0]


def words_of(page) -> str:
    return "\n".join(words for words, _ in text_boxes(page))


def after(demo_warehouse: Path, folder: Path, name: str, *statements: str):
    """The page of one figure after some statements on a copy of the demo warehouse."""
    return drawn(changed(demo_warehouse, folder, LOOSE, *statements), name)


def special(cause: str, kind: str) -> str:
    """A statement that gives the last month of the no-show chart a special cause."""
    return (
        f"update marts.kpi_control_charts set variation = '{kind}',"
        f" special_cause = case when month = (select max(month) from marts.kpi_control_charts"
        f" where {NO_SHOWS}) then '{cause}' else special_cause end where {NO_SHOWS}"
    )


@pytest.mark.parametrize("name", NAMES)
def test_demo_figures_fit_and_read_what_they_name(demo_warehouse, name):
    page, read = pages(demo_warehouse, name)[name]
    assert not page.is_empty and page.n > 0
    assert_fits(page)
    assert read == {f"marts.{mart}" for mart in REGISTRY[name].marts}
    assert page.mart == REGISTRY[name].marts[0] == "kpi_control_charts"
    assert page.figure_id == REGISTRY[name].figure_id


# The no-show chart


def test_the_planted_change_of_no_shows_is_found(demo_warehouse):
    page = drawn(demo_warehouse, "no_show_control_chart")
    assert re.match(
        r"No-shows fell from \d+\.\d% to \d\.\d% of appointments after a change in Feb 2025",
        page.headline,
    )
    assert "Text reminders before every appointment" in words_of(page)
    assert "2 phases" not in page.headline and "from Feb 2025 mean" in page.alt


def test_without_a_change_or_a_special_cause_nothing_is_better_or_worse(demo_warehouse, tmp_path):
    page = after(demo_warehouse, tmp_path, "no_show_control_chart", CALM, ONE_PHASE)
    assert page.headline.startswith("No-shows vary as they always have")
    assert not VALUED.search(page.headline)
    assert "Text reminders before" not in words_of(page)
    assert_fits(page)


def test_phases_without_a_clear_difference_are_no_finding(demo_warehouse, tmp_path):
    page = after(
        demo_warehouse,
        tmp_path,
        "no_show_control_chart",
        CALM,
        "update marts.kpi_control_charts set numerator = 0.08 * denominator, value = 0.08,"
        f" mean = 0.08 where {NO_SHOWS}",
    )
    assert not VALUED.search(page.headline)


@pytest.mark.parametrize(
    ("cause", "kind", "words"),
    [
        ("above_limit", "concern", "above the upper limit"),
        ("shift_below", "improvement", "part of an unbroken run below the mean"),
    ],
)
def test_a_special_last_month_is_said(demo_warehouse, tmp_path, cause, kind, words):
    page = after(
        demo_warehouse, tmp_path, "no_show_control_chart", CALM, ONE_PHASE, special(cause, kind)
    )
    assert page.headline.startswith("No-shows stand out: ")
    assert page.headline.endswith(f"in Jun 2026 is {words}")


def test_trial_limits_find_nothing(demo_warehouse, tmp_path):
    page = after(
        demo_warehouse,
        tmp_path,
        "no_show_control_chart",
        special("above_limit", "concern"),
        "update marts.kpi_control_charts set is_trial_limits = true",
    )
    assert page.headline == "No-show rate by month, with trial limits from few months"
    assert "trial limits" in words_of(page)


def test_many_changes_and_long_reasons_fit(demo_warehouse, tmp_path):
    page = after(
        demo_warehouse,
        tmp_path,
        "no_show_control_chart",
        "update marts.kpi_control_charts set rebase_group = cast(floor(point / 3) as bigint),"
        f" rebase_reason = '{HOSTILE[1]}', annotation = '{HOSTILE[2]}', target = 0.05",
    )
    assert_fits(page)


def test_a_target_is_drawn_and_named(demo_warehouse, tmp_path):
    page = after(
        demo_warehouse,
        tmp_path,
        "no_show_control_chart",
        "update marts.kpi_control_charts set target = 0.05, assurance = 'inconsistent'",
    )
    assert {"Target 5%", "Target: hit or miss"} <= set(words_of(page).split("\n"))
    assert_fits(page)


@pytest.mark.parametrize("name", NAMES)
def test_no_values_no_chart(demo_warehouse, tmp_path, name):
    page = after(demo_warehouse, tmp_path, name, "delete from marts.kpi_control_charts")
    assert page.is_empty and page.alt and not VALUED.search(page.headline)


@pytest.mark.parametrize("points", [1, 2, 3])
def test_short_series_fit(demo_warehouse, tmp_path, points):
    database = changed(
        demo_warehouse,
        tmp_path,
        LOOSE,
        f"delete from marts.kpi_control_charts where point > {points}",
        "update marts.kpi_control_charts set is_trial_limits = true"
        + (", upper_limit = null, lower_limit = null" if points == 2 else ""),
    )
    for name in NAMES:
        page = drawn(database, name)
        assert page.is_empty == (points == 1)
        assert_fits(page)


def test_a_long_series_fits(demo_warehouse, tmp_path):
    """Sixty years: the no-show chart shows them all, the overview the last four."""
    database = changed(
        demo_warehouse,
        tmp_path,
        LOOSE,
        "insert into marts.kpi_control_charts select * exclude (i) replace ("
        " cast(month - to_months(cast(36 * i as integer)) as date) as month,"
        " point - 36 * i as point)"
        " from (select charts.*, unnest(range(1, 20)) as i from marts.kpi_control_charts as charts"
        " where facility_id = 'all' and department_id = 'all')",
    )
    for name in NAMES:
        assert_fits(drawn(database, name))
    assert "Jul 2022" in words_of(drawn(database, "control_chart_overview"))


# The overview


def test_the_overview_counts_what_the_charts_say(demo_warehouse, tmp_path):
    page = after(demo_warehouse, tmp_path, "control_chart_overview", CALM)
    assert page.headline == "All 11 KPIs end within common variation"
    page = after(
        demo_warehouse,
        tmp_path,
        "control_chart_overview",
        CALM,
        "update marts.kpi_control_charts set variation = 'concern' where kpi_id = 'PF11'",
        "update marts.kpi_control_charts set variation = 'improvement' where kpi_id like 'AP0%'",
        "update marts.kpi_control_charts set variation = 'neutral_high' where kpi_id = 'PF01'",
    )
    assert page.headline == (
        "Two of 11 KPIs are better, one is worse and one is different than common variation "
        "explains"
    )
    assert {"Special cause, concerning", "Special cause, improving", "Special cause, high"} <= set(
        words_of(page).split("\n")
    )
    assert_fits(page)


def test_one_special_kpi_is_named(demo_warehouse, tmp_path):
    page = after(
        demo_warehouse,
        tmp_path,
        "control_chart_overview",
        CALM,
        "update marts.kpi_control_charts set variation = 'concern' where kpi_id = 'PF11'",
    )
    assert page.headline.startswith("In-hospital mortality: worse than common variation explains")


def test_trial_limits_and_rare_events_are_shown_but_not_counted(demo_warehouse, tmp_path):
    page = after(
        demo_warehouse,
        tmp_path,
        "control_chart_overview",
        CALM,
        "update marts.kpi_control_charts set variation = 'concern', is_rare = true"
        " where kpi_id = 'PF11'",
        "update marts.kpi_control_charts set variation = 'concern', is_trial_limits = true"
        " where kpi_id = 'PF02'",
    )
    assert page.headline == "All 9 KPIs end within common variation"
    found = words_of(page)
    assert "Special cause, concerning, rare events" in found
    assert "Special cause, concerning, trial limits" in found
    assert_fits(page)


def test_targets_of_every_kpi_fit(demo_warehouse, tmp_path):
    page = after(
        demo_warehouse,
        tmp_path,
        "control_chart_overview",
        "update marts.kpi_control_charts set target = 1.1 * mean, assurance = 'consistent_fail',"
        " variation = 'concern', is_trial_limits = true",
    )
    assert_fits(page)


def test_the_recorded_flag_stands_in_where_the_rule_finds_no_stay(demo_warehouse, tmp_path):
    page = after(
        demo_warehouse,
        tmp_path,
        "control_chart_overview",
        "delete from marts.kpi_control_charts where kpi_id = 'PF07'",
    )
    assert "Readmission, as recorded" in words_of(page)
    assert "Readmission, as recorded" not in words_of(drawn(demo_warehouse, NAMES[1]))


# The headlines themselves


CALM_MONTH = Latest("5.0%", "Jun 2026", "none", "common_cause", False)


def test_headlines_name_no_side_where_the_interval_holds_zero():
    for low, high in ((-0.01, 0.01), (None, None), (0.0, 0.02), (-0.02, 0.0)):
        change = Change("8%", "7%", "Feb 2025", low, high, False)
        assert not VALUED.search(headlines.no_show_control_chart(CALM_MONTH, change))
    rose = Change("7%", "8%", "Feb 2025", 0.01, 0.02, False)
    assert headlines.no_show_control_chart(CALM_MONTH, rose).startswith("No-shows rose from 7%")
    trial = Change("7%", "8%", "Feb 2025", 0.01, 0.02, True)
    assert not VALUED.search(headlines.no_show_control_chart(CALM_MONTH, trial))
    assert not VALUED.search(headlines.no_show_control_chart(None, None))


def test_a_special_month_stands_beside_the_change():
    fell = Change("9%", "7%", "Feb 2025", -0.03, -0.01, False)
    month = Latest("12.0%", "Jun 2026", "above_limit", "concern", False)
    assert headlines.no_show_control_chart(month, fell) == (
        "No-shows fell from 9% to 7% of appointments after a change in Feb 2025; 12.0% in Jun 2026 "
        "is above the upper limit"
    )


def test_overview_headline_of_nothing():
    assert headlines.control_chart_overview([]) == "Control charts of the core KPIs"
