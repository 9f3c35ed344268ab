"""Figure about emergency departments: when patients arrive.

Usage: imported by plot_figures.py; nothing to run.
"""

from __future__ import annotations

from matplotlib.ticker import MaxNLocator

import figure_headlines_care as headlines
from figure_headlines import Estimate
from figure_registry import MINIMUM_N, Marts, figure, wilson
from figure_style import (
    BODY,
    GREY,
    HEAT,
    NAVY,
    Page,
    horizontal_grid,
    number_axis,
    period_text,
    text_on,
)
from figures_care import episode_dates, number

DAYTIME = (8, 19)  # the hours from 8:00 to 20:00


@figure("V-03", "kpi_emergency_demand", "dq_kpi_requirements", "fct_episodes")
def emergency_by_hour(marts: Marts) -> Page:
    """Emergency arrivals per day by hour, and below by weekday and hour."""
    first, last, data_to = episode_dates(marts, "is_emergency_visit and arrived_at is not null")
    hours = marts.rows(f"""
        select hour, arrivals as n, round(arrivals_per_day, 4) as per_day,
            round(arrivals_per_day_low, 4) as low, round(arrivals_per_day_high, 4) as high,
            {number("arrivals_per_day")} as label
        from marts.kpi_emergency_demand
        where facility_id = 'all' and weekday_number = 0
        order by hour
    """)
    cells = marts.rows("""
        select weekday_number, weekday, hour, coalesce(round(arrivals_per_day, 4), 0) as per_day,
            case when arrivals >= 1e6 then format('{:.1f}m', arrivals / 1e6)
                when arrivals >= 1e4 then format('{:.0f}k', arrivals / 1e3)
                when arrivals >= 1e3 then format('{:.1f}k', arrivals / 1e3)
                else format('{}', arrivals) end as n_text
        from marts.kpi_emergency_demand
        where facility_id = 'all' and weekday_number > 0
        order by weekday_number, hour
    """)
    weekdays = marts.rows(f"""
        with weekdays as (
            select weekday_number, weekday,
                cast(sum(arrivals) as double) / nullif(max(observed_days), 0) as per_day
            from marts.kpi_emergency_demand
            where facility_id = 'all' and weekday_number > 0
            group by weekday_number, weekday
        )
        select weekday_number, weekday, coalesce({number("per_day")}, '0') as label
        from weekdays
        order by weekday_number
    """)
    daytime = marts.row(f"""
        with counted as (
            select cast(coalesce(sum(arrivals), 0) as bigint) as n,
                cast(coalesce(sum(arrivals) filter (where hour between {DAYTIME[0]}
                    and {DAYTIME[1]}), 0) as bigint) as x
            from marts.kpi_emergency_demand
            where facility_id = 'all' and weekday_number = 0
        )
        select n, round(100 * {wilson("x", "n", "-")}, 2) as low,
            round(100 * {wilson("x", "n", "+")}, 2) as high,
            format('{{:.0f}}%', 100e0 * x / nullif(n, 0)) as whole,
            format('{{:.1f}}% ({{:.1f}} to {{:.1f}})', 100e0 * x / nullif(n, 0),
                100 * {wilson("x", "n", "-")}, 100 * {wilson("x", "n", "+")}) as label
        from counted
    """)
    why = marts.rows(
        "select why_not from marts.dq_kpi_requirements where source_system = 'care_episodes'"
        " and column_name = 'arrived_at' and not is_present order by why_not limit 1"
    )
    reason = f"fewer than {MINIMUM_N} emergency visits of the extract have a time of arrival."
    if why:
        reason = f"{why[0].why_not}, so no hour of arrival is known."
    n = daytime.n if daytime.n >= MINIMUM_N else 0
    page = Page(
        "V-03",
        headline=headlines.emergency_by_hour(
            [
                Estimate(f"{r.hour}:00 to {r.hour + 1}:00", r.low, r.high, r.n, r.label)
                for r in hours
                if n
            ],
            Estimate("", daytime.low, daytime.high, n, daytime.whole or ""),
        ),
        subtitle="Emergency arrivals per day by hour of arrival, and by weekday and hour, all "
        "facilities, " + period_text(first, last),
        notes=[
            f"n = {n:,} emergency visits with a time of arrival, counted per calendar day of the "
            "period. Lines above: 95% intervals of a count (Poisson). Cells: arrivals (n), darker "
            f"is more per day. From 8:00 to 20:00: {daytime.label} of arrivals (Wilson)."
        ],
        mart="kpi_emergency_demand",
        data_to=data_to,
        body=4.3,
        no_data=None if n else reason,
        alt="Dots of emergency arrivals per day by hour over a heat map by weekday and hour: "
        + ", ".join(f"{r.hour}:00 {r.label}" for r in hours),
        n=n,
    )
    if not page.is_empty:
        _draw_hours(page, hours, cells, weekdays)
    return page


def _draw_hours(page: Page, hours: list, cells: list, weekdays: list) -> None:
    """Hours with intervals above, the same columns by weekday below."""
    left, row_height, floor = 0.95, 0.27, 0.3
    cell_width = (BODY - left - 0.7) / 24
    table = row_height * len(weekdays)
    base = floor + table + 0.12
    ax = page.axes(left, base, cell_width * 24, page.body - base - 0.05)
    xs = [row.hour + 0.5 for row in hours]
    ax.vlines(xs, [r.low for r in hours], [r.high for r in hours], color=NAVY, lw=2.2)
    ax.plot(xs, [r.per_day for r in hours], "o", color=NAVY, ms=6)
    ax.set_xlim(0, 24)
    ax.set_ylim(0, max(r.high for r in hours) * 1.06)
    ax.yaxis.set_major_locator(MaxNLocator(5))
    number_axis(ax)
    horizontal_grid(ax)
    ax.set_xticks([])
    row_of = {day.weekday_number: place for place, day in enumerate(weekdays)}
    largest = max(cell.per_day for cell in cells) or 1
    for cell in cells:
        x = left + cell_width * cell.hour
        y = floor + table - row_height * (row_of[cell.weekday_number] + 1)
        colour = HEAT(cell.per_day / largest)
        page.rectangle(x + 0.01, y + 0.01, cell_width - 0.02, row_height - 0.02, colour)
        page.text(
            x + cell_width / 2,
            y + row_height / 2,
            cell.n_text,
            ha="center",
            size=7.5,
            color=text_on(colour),
        )
    for place, day in enumerate(weekdays):
        y = floor + table - row_height * (place + 0.5)
        page.text(left - 0.1, y, day.weekday, ha="right", size=9.5, color=GREY)
        page.text(BODY, y, day.label, ha="right", weight="bold")
    page.text(BODY, floor + table + 0.13, "per day", ha="right", size=9.5, color=GREY)
    for hour in range(0, 24, 3):
        x = left + cell_width * (hour + 0.5)
        page.text(x, floor - 0.16, f"{hour}:00", ha="center", size=9.5, color=GREY)
