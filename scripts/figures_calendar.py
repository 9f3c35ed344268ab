"""Calendars: appointments and care episodes of every day, a row per weekday, a column per week.

Usage: imported by plot_figures.py; nothing to run.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from types import SimpleNamespace

import numpy as np
from matplotlib.patches import PathPatch
from matplotlib.path import Path

import figure_headlines as headlines
from figure_headlines import Estimate
from figure_registry import MINIMUM_N, Marts, figure
from figure_style import (
    BODY,
    COMMON,
    GREY,
    HEAT,
    INK,
    MONTHS,
    SMALL,
    Page,
    period_text,
    text_width,
)
from figures_appointments import NOTHING_DUE
from figures_care import NO_EPISODE, episode_dates, number

MOST_YEARS = 6
LEFT, RIGHT, WEEKS = 0.8, 0.55, 54
CELL = (BODY - LEFT - RIGHT) / WEEKS
STRIP, GAP, ABOVE = 7 * CELL, 0.16, 0.86  # a year, the room between years, key and month names
ONE_DAY = 0.9  # of all records on one weekday: dates of an extract, not of activity


@dataclass(frozen=True)
class Calendar:
    """What is counted by day: SQL of its days and of the months that the data cover."""

    figure_id: str
    what: str
    neutral: str
    where: str
    days: str
    months: str
    mart: str
    no_data: str


@figure("A-06", "fct_appointments", "kpi_appointment_outcomes_monthly", "dim_dates")
def appointments_calendar(marts: Marts) -> Page:
    """Appointments due on every day of the last years."""
    calendar = Calendar(
        "A-06",
        "appointments",
        "Appointments due per day",
        "all branches",
        "select appointment_date as day, count(*) as n from marts.fct_appointments"
        " where outcome != 'future' group by appointment_date",
        "select month from marts.kpi_appointment_outcomes_monthly where facility_id = 'all'",
        "fct_appointments",
        NOTHING_DUE,
    )
    return _page(marts, calendar, marts.dates()[2])


@figure("V-04", "fct_episodes", "kpi_patient_volume_monthly", "dim_dates")
def episodes_calendar(marts: Marts) -> Page:
    """Care episodes of every day of the last years."""
    calendar = Calendar(
        "V-04",
        "care episodes",
        "Care episodes per day",
        "all facilities and departments",
        "select episode_date as day, count(*) as n from marts.fct_episodes"
        " where not is_future group by episode_date",
        "select month from marts.kpi_patient_volume_monthly where facility_id = 'all'"
        " and department_id = 'all' and observation_days is not null",
        "fct_episodes",
        NO_EPISODE,
    )
    return _page(marts, calendar, episode_dates(marts)[2])


def _tables(calendar: Calendar) -> str:
    """SQL of the days of the last years: `cells`, those with data, and `scale`, their classes."""
    return f"""
        with counted as ({calendar.days}),
        months as ({calendar.months}),
        gaps as (
            select month,
                case when month > lag(month) over (order by month) + interval 1 month then 1 else 0
                    end as is_new
            from months
        ),
        stretches as (select month, sum(is_new) over (order by month) as stretch from gaps),
        bounds as (
            -- a lone absurd date before the data is a stretch of its own
            select min(day) as first_day, max(day) as last_day
            from counted
            where day >= (
                select min(month) from stretches
                where stretch = (select max(stretch) from stretches)
            )
        ),
        cells as (
            select dates.calendar_date as day, dates.year, dates.weekday_number,
                cast(floor((dayofyear(dates.calendar_date) + isodow(make_date(dates.year, 1, 1))
                    - 2) / 7) as integer) as week,
                coalesce(counted.n, 0) as n,
                dates.calendar_date between first_day and last_day
                    and sum(coalesce(counted.n, 0)) over (
                        partition by date_trunc('week', dates.calendar_date)
                    ) > 0 as is_known
            from marts.dim_dates as dates
            cross join bounds
            left join counted on counted.day = dates.calendar_date
            where dates.year between greatest(extract(year from first_day),
                extract(year from last_day) - {MOST_YEARS - 1}) and extract(year from last_day)
        ),
        known as (select * from cells where is_known),
        steps as (
            select cast(size.n * power(10, tens.n) as bigint) as step
            from (values (1), (2), (3), (4), (5), (6), (8), (12), (15), (25)) as size (n)
            cross join (values (0), (1), (2), (3), (4), (5), (6), (7), (8)) as tens (n)
        ),
        scale as (
            -- seven classes up to what all but a few days have
            select min(step) as step, (select max(n) from known) as most
            from steps
            where 7 * step >= (select quantile_disc(n, 0.98) from known where n > 0)
        )
    """


def _page(marts: Marts, calendar: Calendar, data_to: date | None) -> Page:
    """The page of one calendar."""
    tables = _tables(calendar)
    cells = marts.rows(f"""{tables}
        select day, cast(year as integer) as year, cast(weekday_number as integer) as weekday, week,
            n, is_known, cast(least((n + step - 1) // step, 7) as integer) as place
        from cells
        cross join scale
        order by day
    """)
    classes = marts.rows(f"""{tables}
        select cast(place.n as integer) as place,
            case
                when place.n = 7 and most > 7 * step and step < 1000
                    then format('{{:,}} or more', (place.n - 1) * step + 1)
                when place.n = 7 and most > 7 * step
                    then format('over {{:g}}k', (place.n - 1) * step / 1e3)
                when step = 1 then format('{{}}', place.n)
                when step < 1000
                    then format('{{:,}}–{{:,}}', (place.n - 1) * step + 1, place.n * step)
                else format('{{:g}}–{{:g}}k', (place.n - 1) * step / 1e3, place.n * step / 1e3)
            end as label
        from scale
        cross join (values (1), (2), (3), (4), (5), (6), (7)) as place (n)
        where (place.n - 1) * step < most
        order by place.n
    """)
    means = marts.rows(f"""{tables},
        averaged as (
            select cast(year as integer) as year, cast(weekday_number as integer) as weekday,
                count(*) as days, cast(sum(n) as bigint) as n, avg(n) as mean,
                -- the t quantile of ten days, the fewest that are compared
                2.2621571628540993e0 * stddev_samp(n) / sqrt(count(*)) as margin
            from known
            group by rollup(weekday_number), rollup(year)
            having count(*) > 0
        )
        select year, weekday, days, n, round(mean - margin, 4) as low,
            round(mean + margin, 4) as high,
            case when n = 0 then '0' else {number("mean")} end as label
        from averaged
        order by year nulls first, weekday nulls first
    """)
    whole = next((row for row in means if row.year is None and row.weekday is None), None)
    weekdays = [row for row in means if row.year is None and row.weekday is not None]
    n = whole.n if whole else 0
    known = [cell for cell in cells if cell.is_known]
    years = sorted({cell.year for cell in cells})
    none = sum(cell.n == 0 for cell in known)
    one_day = any(row.n > ONE_DAY * n for row in weekdays)
    fewer = marts.row(f"""{tables}
        select count(*) as days from counted, bounds
        where extract(year from day) <= extract(year from last_day) - {MOST_YEARS}
            and day >= first_day
    """).days
    notes = [
        f"n = {n:,} {calendar.what}"
        + (f", {whole.label} a day" if whole and not one_day else "")
        + ". Numbers at the right: mean per day of the weekday in the year, days with none "
        f"included; of fewer than {MINIMUM_N} days there is no mean. A dot ({none:,} "
        f"{'day' if none == 1 else 'days'}): none recorded, for example closed. Hatched: before or "
        "after the data, or a whole week with no record."
        + (
            " More than nine records in ten have a date on one weekday, which may be the day of "
            "the extract rather than of the patients: no weekday is compared."
            if one_day
            else ""
        )
        + (f" Only the last {MOST_YEARS} years are drawn." if fewer else "")
    ]
    names = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
    page = Page(
        calendar.figure_id,
        headline=headlines.calendar(
            [
                Estimate(names[row.weekday - 1], row.low, row.high, row.days, row.label)
                for row in weekdays
            ]
            if n >= MINIMUM_N and not one_day
            else [],
            calendar.what,
            calendar.neutral,
        ),
        subtitle=f"{calendar.neutral}, {calendar.where}, "
        + (period_text(known[0].day, known[-1].day) if known else ""),
        notes=notes,
        mart=calendar.mart,
        data_to=data_to,
        body=ABOVE + STRIP * len(years) + GAP * (len(years) - 1),
        no_data=None if n >= MINIMUM_N else calendar.no_data,
        alt=f"Calendar of {calendar.what} per day over {len(years)} "
        f"{'year' if len(years) == 1 else 'years'}, a row per weekday and a column per week"
        + "".join(f"; {names[row.weekday - 1]} {row.label} a day" for row in weekdays),
        n=n if n >= MINIMUM_N else 0,
    )
    if page.is_empty:
        return page
    colours = _colours(len(classes))
    _draw_key(page, classes, colours, any(not cell.is_known for cell in cells), none)
    for month, name in enumerate(MONTHS, 1):
        # the years differ by a week at most: the names stand over the first
        week = next(c.week for c in cells if c.day == date(years[0], month, 15))
        x, y = LEFT + CELL * (week + 0.5), page.body - ABOVE + 0.12
        page.text(x, y, name, ha="center", size=9, color=GREY)
    page.text(BODY, page.body - ABOVE + 0.12, "mean a day", ha="right", size=9, color=GREY)
    for place, year in enumerate(years):
        bottom = page.body - ABOVE - STRIP * (place + 1) - GAP * place
        _draw_year(
            page,
            [cell for cell in cells if cell.year == year],
            [row for row in means if row.year == year and row.weekday is not None],
            colours,
            bottom,
        )
    return page


def _colours(count: int) -> list:
    """Colours of so many classes, from the palest to the darkest where there are several."""
    if count == 1:
        return [HEAT(4)]
    return [HEAT(round(place * (HEAT.N - 1) / (count - 1))) for place in range(count)]


def _squares(places: list[tuple[float, float]], size: float) -> Path:
    """One path for many squares, given their middles: a class is one shape in the file."""
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1), (-1, -1)]) * size / 2
    vertices = np.concatenate([np.array(place) + corners for place in places])
    codes = [Path.MOVETO, Path.LINETO, Path.LINETO, Path.LINETO, Path.CLOSEPOLY]
    return Path(vertices, codes * len(places))


def _draw_year(page: Page, cells: list, means: list, colours: list, bottom: float) -> None:
    """A strip of weeks with its weekdays at the left and their means at the right."""
    width = CELL * WEEKS
    ax = page.axes(LEFT, bottom, width, STRIP)
    ax.set(xlim=(0, WEEKS), ylim=(7, 0))
    ax.axis("off")

    def middle(cell: SimpleNamespace) -> tuple[float, float]:
        return cell.week + 0.5, cell.weekday - 0.5

    unknown = [middle(cell) for cell in cells if not cell.is_known]
    if unknown:
        hatched = {"facecolor": "white", "edgecolor": COMMON, "hatch": "//////", "lw": 0}
        ax.add_patch(PathPatch(_squares(unknown, 1), **hatched))
    for place, colour in enumerate(colours, 1):
        those = [middle(c) for c in cells if c.is_known and c.place == place]
        if those:
            ax.add_patch(PathPatch(_squares(those, 0.9), facecolor=colour, lw=0))
    none = [middle(cell) for cell in cells if cell.is_known and cell.n == 0]
    if none:
        ax.plot([x for x, _ in none], [y for _, y in none], "o", ms=1.6, color=COMMON, mew=0)
    for one in (cell for cell in cells if cell.day.day == 1):
        x, y = one.week, one.weekday - 1
        # down the left side of the month: its first day may be in the middle of a week
        corners = [(x + 1, 0), (x + 1, y), (x, y), (x, 7)] if y else [(x, 0), (x, 7)]
        if one.day.month > 1:
            ax.plot([c for c, _ in corners], [c for _, c in corners], color=GREY, lw=0.8)
    page.text(0, bottom + STRIP - CELL / 2, str(cells[0].year), weight="bold", size=11)
    by_weekday = {row.weekday: row for row in means}
    for weekday, name in enumerate(("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"), 1):
        y = bottom + STRIP - CELL * (weekday - 0.5)
        page.text(LEFT - 0.07, y, name, ha="right", size=7.5, color=GREY)
        row = by_weekday.get(weekday)
        words = row.label if row and row.days >= MINIMUM_N else "–"
        page.text(BODY, y, words, ha="right", size=7.5, color=INK)


def _draw_key(page: Page, classes: list, colours: list, is_hatched: bool, none: int) -> None:
    """The classes in one line, what has no colour in the next."""
    x, y = LEFT, page.body - 0.12
    for row, colour in zip(classes, colours, strict=True):
        page.rectangle(x, y - 0.075, 0.22, 0.15, colour, edgecolor=COMMON, lw=0.5)
        page.text(x + 0.28, y, row.label, size=SMALL)
        x += 0.28 + text_width(row.label, SMALL) + 0.2
    x, y = LEFT, y - 0.24
    if none:
        page.mark(x + 0.11, y, "o", COMMON, ms=2.4, mew=0)
        page.text(x + 0.28, y, "none recorded", size=SMALL)
        x += 0.28 + text_width("none recorded", SMALL) + 0.2
    if is_hatched:
        page.rectangle(x, y - 0.075, 0.22, 0.15, "white", edgecolor=COMMON, hatch="//////", lw=0)
        page.text(x + 0.28, y, "no data", size=SMALL)
