"""Calendars: every day once, what has no data hatched, weekdays compared only where that is fair.

Usage: pytest tests/python/test_figures_calendar.py
"""

from __future__ import annotations

import duckdb
import pytest

import figure_headlines as headlines
import figures_calendar
from figure_headlines import Estimate
from test_figures import assert_fits, changed, pages, text_boxes

NEUTRAL = {
    "appointments_calendar": "Appointments due per day",
    "episodes_calendar": "Care episodes per day",
}


def drawn(database, name):
    """One calendar that fits, and all its words."""
    page, _ = pages(database, name)[name]
    assert_fits(page)
    return page, " ".join(words for words, _ in text_boxes(page))


def with_days(demo_warehouse, folder, sql: str):
    """The calendar of episodes when these are the days of the episodes."""
    return drawn(
        changed(
            demo_warehouse,
            folder,
            "create or replace table marts.fct_episodes as select day as episode_date,"
            f" day as separation_date, false as is_future from ({sql})",
        ),
        "episodes_calendar",
    )


DAYS = "(select calendar_date as day, weekday_number as w from marts.dim_dates)"
PERIOD = "day between date '2023-07-03' and date '2026-06-28'"


def day(name: str, low: float | None, high: float | None, days: int = 150) -> Estimate:
    return Estimate(name, low, high, days, "9.5")


@pytest.mark.parametrize(
    ("weekdays", "expected"),
    [
        (
            [day("Monday", 9, 10), day("Tuesday", 4, 5)],
            "Monday is the busiest day of the week, with 9.5 visits on average",
        ),
        ([day("Monday", 9, 10), day("Tuesday", 8, 9.1)], "Visits per day"),
        ([day("Monday", 9, 10, 9), day("Tuesday", 4, 5)], "Visits per day"),  # nine Mondays
        ([day("Monday", None, None), day("Tuesday", 4, 5)], "Visits per day"),
        ([], "Visits per day"),
    ],
)
def test_headline_calendar(weekdays, expected):
    assert headlines.calendar(weekdays, "visits", "Visits per day") == expected


@pytest.mark.parametrize(
    ("name", "start"),
    [
        # Mondays and Tuesdays are both busy: their intervals meet
        ("appointments_calendar", "Appointments due per day"),
        ("episodes_calendar", "Monday is the busiest day of the week, with 9.5 care episodes"),
    ],
)
def test_demo_calendars(demo_warehouse, name, start):
    page, words = drawn(demo_warehouse, name)
    assert page.headline.startswith(start)
    assert all(str(year) in words for year in (2023, 2024, 2025, 2026))
    fact, condition = {
        "appointments_calendar": ("fct_appointments", "outcome != 'future'"),
        "episodes_calendar": ("fct_episodes", "not is_future"),
    }[name]
    with duckdb.connect(str(demo_warehouse), read_only=True) as connection:
        ((n,),) = connection.execute(
            f"select count(*) from marts.{fact} where {condition}"
        ).fetchall()
    assert page.n == n


def test_weekdays_that_are_alike_are_no_finding(demo_warehouse, tmp_path):
    """Every day of the period has two episodes, but for every 20th, which has three."""
    page, words = with_days(
        demo_warehouse,
        tmp_path,
        f"select day from {DAYS}, (values (1), (2), (3)) as c (k)"
        f" where {PERIOD} and (k < 3 or dayofyear(day) % 20 = 0)",
    )
    assert page.headline == NEUTRAL["episodes_calendar"]
    assert "(0 days): none recorded" in words


def test_an_extract_of_snapshots_compares_no_weekday(demo_warehouse, tmp_path):
    page, words = with_days(
        demo_warehouse,
        tmp_path,
        f"select day from {DAYS}, (values (1), (2)) as c (k) where {PERIOD} and w = 7",
    )
    assert page.headline == NEUTRAL["episodes_calendar"]
    assert "no weekday is compared" in words and "care episodes. Numbers" in words


def test_weeks_without_a_record_are_hatched_and_in_no_mean(demo_warehouse, tmp_path):
    """One episode every day, but for four whole weeks and one more Wednesday."""
    page, words = with_days(
        demo_warehouse,
        tmp_path,
        f"select day from {DAYS} where {PERIOD}"
        " and day not between date '2025-03-03' and date '2025-03-30' and day != date '2025-05-07'",
    )
    assert "(1 day): none recorded" in words
    # of 48 Wednesdays with data one has none; no other weekday has such a day
    assert words.count("0.98") == 1 and page.alt.count("1.0 a day") == 6
    assert "Wednesday 0.99 a day" in page.alt


def test_a_lone_date_before_the_data_makes_no_year(demo_warehouse, tmp_path):
    database = changed(
        demo_warehouse,
        tmp_path,
        "create or replace table marts.fct_appointments as select * from marts.fct_appointments"
        " union all by name select date '1990-03-01' as appointment_date, 'attended' as outcome",
        "create or replace table marts.kpi_appointment_outcomes_monthly as"
        " select * from marts.kpi_appointment_outcomes_monthly union all by name"
        " select 'all' as facility_id, date '1990-03-01' as month",
        "create or replace table marts.dim_dates as select * from marts.dim_dates union all by name"
        " select d as calendar_date, 1990 as year, isodow(d) as weekday_number"
        " from (select cast(range as date) as d"
        " from range(date '1990-01-01', date '1991-01-01', interval 1 day))",
    )
    page, words = drawn(database, "appointments_calendar")
    before, _ = drawn(demo_warehouse, "appointments_calendar")
    assert "1990" not in words and page.n == before.n and "Only the last" not in words


def test_more_years_than_fit_are_told(demo_warehouse, tmp_path):
    database = changed(
        demo_warehouse,
        tmp_path,
        "create or replace table marts.dim_dates as select d as calendar_date,"
        " year(d) as year, isodow(d) as weekday_number from (select cast(range as date) as d"
        " from range(date '2015-01-01', date '2027-01-01', interval 1 day))",
        "create or replace table marts.kpi_patient_volume_monthly as select distinct 'all' as"
        " facility_id, 'all' as department_id, cast(date_trunc('month', calendar_date) as date)"
        " as month, 30 as observation_days from marts.dim_dates",
        "create or replace table marts.fct_episodes as select calendar_date as episode_date,"
        " calendar_date as separation_date, false as is_future from marts.dim_dates",
    )
    page, words = drawn(database, "episodes_calendar")
    years = figures_calendar.MOST_YEARS
    assert f"Only the last {years} years are drawn" in words
    assert "2026" in words and "2021" in words and "2020" not in words
    assert page.n == 365 * 6 + 1


def test_large_counts_have_short_classes(demo_warehouse, tmp_path):
    page, words = with_days(
        demo_warehouse,
        tmp_path,
        f"select day from {DAYS}, range(20000) as c (k)"
        " where day between date '2025-01-06' and date '2025-02-16' and k < 1000 * (1 + 2 * w)",
    )
    assert "2.5–5k" in words and "12.5–15k" in words and "or more" not in words
    assert "15,000" in page.alt  # Sundays


@pytest.mark.parametrize("name", NEUTRAL)
def test_nine_records_are_no_calendar(demo_warehouse, tmp_path, name):
    database = changed(
        demo_warehouse,
        tmp_path,
        "create or replace table marts.fct_episodes as"
        " (select * from marts.fct_episodes where not is_future limit 9)",
        "create or replace table marts.fct_appointments as"
        " (select * from marts.fct_appointments where outcome != 'future' limit 9)",
    )
    page, words = drawn(database, name)
    assert page.is_empty and page.n == 0 and "fewer than 10" in words
    assert page.headline == NEUTRAL[name]
