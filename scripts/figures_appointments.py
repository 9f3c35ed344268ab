"""Figures about appointments: outcomes, no-shows over time and by lead time, demand in the week.

Usage: imported by plot_figures.py; nothing to run.
"""

from __future__ import annotations

from types import SimpleNamespace

from matplotlib.ticker import MaxNLocator

import figure_headlines as headlines
from figure_headlines import Estimate
from figure_registry import MINIMUM_N, Marts, figure, wilson
from figure_style import (
    BODY,
    COMMON,
    GREY,
    HEAT,
    HIGH,
    INK,
    MID_BLUE,
    NAVY,
    Page,
    horizontal_grid,
    line_style,
    month_text,
    month_ticks,
    number_axis,
    percent_axis,
    period_text,
    spread,
    text_on,
)

NOTHING_DUE = f"fewer than {MINIMUM_N} appointments lie before the as-of date of the extract."
DECIDED = "appointments attended or missed"
INTERVALS = "95% Wilson intervals"


@figure("A-01", "kpi_facility_activity", "fct_appointments")
def appointment_outcomes(marts: Marts) -> Page:
    """Share of each outcome of the appointments due, with the unresolved ones."""
    first, last, data_to = marts.dates()
    rows = marts.rows(f"""
        with counted as (
            select * from marts.kpi_facility_activity
            where facility_id = 'all' and due >= {MINIMUM_N}
        ),
        outcomes as (
            select 1 as place, 'Attended' as name, due, attended as events,
                completed_of_due_rate as share, completed_of_due_rate_low as low,
                completed_of_due_rate_high as high
            from counted
            union all
            select 2, 'Missed (no-show)', due, no_shows,
                no_show_share_of_due, no_show_share_of_due_low, no_show_share_of_due_high
            from counted
            union all
            select 3, 'Cancelled', due, cancelled, cast(cancelled as double) / due,
                {wilson("cancelled", "due", "-")}, {wilson("cancelled", "due", "+")}
            from counted
            union all
            select 4, 'No outcome recorded', due, unresolved,
                unresolved_rate, unresolved_rate_low, unresolved_rate_high
            from counted
        )
        select name, due, events, round(100 * share, 2) as percent,
            round(100 * low, 2) as low, round(100 * high, 2) as high,
            format('{{:.0f}}%', 100 * share) as whole, format('{{:.1f}}%', 100 * share) as label,
            format('{{:.1f}} to {{:.1f}}', 100 * low, 100 * high) as interval
        from outcomes
        order by place
    """)
    due = rows[0].due if rows else 0
    estimates = [Estimate(r.name, r.low, r.high, r.due, r.whole) for r in rows]
    headline = (
        headlines.appointment_outcomes(*estimates[:3])
        if rows
        else "Outcomes of the appointments due"
    )
    page = Page(
        "A-01",
        headline=headline,
        subtitle="Share of the appointments due, by outcome, all branches, "
        + period_text(first, last),
        notes=[
            f"n = {due:,} appointments due, that is before the as-of date; later ones are left "
            f"out. Lines are {INTERVALS}. No outcome recorded: the date has passed but the "
            "appointment is still “scheduled”, so it counts neither as attended nor as missed."
        ],
        mart="kpi_facility_activity",
        data_to=data_to,
        body=0.58 * 4,
        no_data=None if rows else NOTHING_DUE,
        alt="Bar chart of the outcomes of appointments due: "
        + "; ".join(f"{r.name} {r.label} ({r.events:,})" for r in rows),
        n=due,
    )
    if page.is_empty:
        return page
    ax = page.axes(1.8, 0, 4.4, page.body)
    ax.set(xlim=(0, 100), ylim=(4, 0))
    ax.axis("off")
    colours = {"Attended": NAVY, "Missed (no-show)": HIGH, "Cancelled": MID_BLUE}
    for place, row in enumerate(rows):
        y = place + 0.5
        bar = ax.barh(y, row.percent, height=0.52, color=colours.get(row.name, "white"))
        if row.name not in colours:
            bar[0].set(facecolor="white", edgecolor=COMMON, hatch="////", linewidth=1)
        ax.hlines(y, row.low, row.high, color="white", lw=4)
        ax.hlines(y, row.low, row.high, color=INK, lw=1.8)
        inches = page.body - 0.58 * y
        page.text(1.68, inches, row.name, ha="right", size=11)
        x = 1.8 + max(row.high, row.percent) * 4.4 / 100 + 0.12
        page.text(x, inches, row.label, weight="bold", size=12.5)
        page.text(x + 0.62, inches, f"({row.interval}), n = {row.events:,}", size=9.5, color=GREY)
    page.line([1.8, 1.8], [0, page.body], color=COMMON, lw=1)
    return page


@figure("A-02", "kpi_appointment_outcomes_monthly", "fct_appointments", "kpi_facility_activity")
def no_shows_monthly(marts: Marts) -> Page:
    """No-show rate of attended and missed appointments by month, with its Wilson band."""
    first, last, data_to = marts.dates()
    rows, unit = _no_show_series(marts)
    overall = marts.rows("""
        select attended + no_shows as n, round(100 * no_show_rate, 2) as percent,
            format('{:.1f}%', 100 * no_show_rate) as label
        from marts.kpi_facility_activity
        where facility_id = 'all' and attended + no_shows > 0
    """)
    whole = overall[0] if overall else SimpleNamespace(n=0, percent=None, label=None)
    change = _year_on_year(marts)
    shown = [row for row in rows if row.percent is not None]
    fewer = len(rows) - len(shown)
    notes = [
        f"n = {whole.n:,} {DECIDED}; bars show n of each {unit}. "
        f"Cancelled and unresolved appointments are left out. Band: {INTERVALS}."
        + (f" By quarter: most months have fewer than {MINIMUM_N}." if unit == "quarter" else "")
        + (f" Not shown, with fewer than {MINIMUM_N}: {fewer} {unit}(s)." if fewer else "")
    ]
    if change:
        notes.append(
            f"Last 12 months against the 12 before: {change.points} percentage points "
            f"({change.interval}; 95% Newcombe interval)."
        )
    page = Page(
        "A-02",
        headline=headlines.no_shows_monthly(
            whole.label if whole.n >= MINIMUM_N else None,
            change.earlier if change else Estimate("", None, None, 0),
            change.later if change else Estimate("", None, None, 0),
            (change.low, change.high) if change else None,
        ),
        subtitle="No-shows as a share of appointments attended or missed, all branches, "
        f"by {unit}, {period_text(first, last)}",
        notes=notes,
        mart="kpi_appointment_outcomes_monthly",
        data_to=data_to,
        body=3.95,
        no_data=None if shown else f"no {unit} has {MINIMUM_N} or more {DECIDED}.",
        alt=(
            f"Line chart of the no-show rate over {len(shown)} {unit}s; "
            f"overall {whole.label}, last {unit} shown {shown[-1].label}"
            if shown
            else f"No {unit} has enough appointments"
        ),
        n=whole.n,
    )
    if page.is_empty:
        return page
    nothing = float("nan")
    xs = list(range(len(rows)))
    values, lows, highs = (
        [nothing if getattr(r, c) is None else getattr(r, c) for r in rows]
        for c in ("percent", "low", "high")
    )
    left, width, height = 0.5, 6.75, 2.5
    ax = page.axes(left, page.body - height, width, height)
    ax.fill_between(xs, lows, highs, color=NAVY, alpha=0.13, lw=0)
    ax.plot(xs, [whole.percent] * len(xs), color=GREY, lw=1.3, ls=(0, (4, 3)))
    ax.plot(xs, values, color=NAVY, **line_style(len(xs)))
    ax.set_xlim(-0.7, len(xs) - 0.3)
    ax.set_ylim(0, max(r.high for r in shown) * 1.06)
    ax.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    percent_axis(ax)
    horizontal_grid(ax)
    ax.tick_params(axis="x", length=0, labelbottom=False)
    inch = height / ax.get_ylim()[1]
    base = page.body - height
    places = spread([base + whole.percent * inch, base + shown[-1].percent * inch], 0.42)
    x = left + width + 0.1
    for y, title, value, colour in (
        (places[0], "Whole period", whole.label, GREY),
        (
            places[1],
            ("from " if unit == "quarter" else "") + month_text(shown[-1].month),
            shown[-1].label,
            NAVY,
        ),
    ):
        page.text(x, y + 0.09, value, weight="bold", color=colour)
        page.text(x, y - 0.09, title, size=9, color=colour)
    lower = page.axes(left, 0.42, width, 0.62)
    lower.bar(xs, [r.n for r in rows], width=0.62, color="#BBC5CE")
    lower.set_xlim(ax.get_xlim())
    lower.yaxis.set_major_locator(MaxNLocator(2, integer=True, steps=[1, 2, 5, 10]))
    lower.set_ylim(bottom=0)
    number_axis(lower)
    horizontal_grid(lower)
    lower.set_xticks(*month_ticks([r.month for r in rows]))
    page.text(left, 1.2, "Appointments attended or missed, n", size=9.5, color=GREY)
    return page


def _no_show_series(marts: Marts) -> tuple[list[SimpleNamespace], str]:
    """Months, or quarters where most months have too few appointments to show a rate."""
    for unit in ("month", "quarter"):
        rows = marts.rows(f"""
            with counted as (
                select cast(date_trunc('{unit}', month) as date) as month,
                    cast(sum(no_shows) as bigint) as x,
                    cast(sum(attended + no_shows) as bigint) as n
                from marts.kpi_appointment_outcomes_monthly
                where facility_id = 'all'
                group by date_trunc('{unit}', month)
            )
            select month, n,
                case when n >= {MINIMUM_N} then round(100e0 * x / n, 2) end as percent,
                case when n >= {MINIMUM_N} then round(100 * {wilson("x", "n", "-")}, 2) end as low,
                case when n >= {MINIMUM_N} then round(100 * {wilson("x", "n", "+")}, 2) end as high,
                case when n >= {MINIMUM_N} then format('{{:.1f}}%', 100e0 * x / n) end as label
            from counted
            order by month
        """)
        shown = [row for row in rows if row.percent is not None]
        if len(shown) * 2 >= len(rows):
            break
    return rows, unit


def _year_on_year(marts: Marts) -> SimpleNamespace | None:
    """The last 12 months against the 12 before, when the data have both."""
    rows = marts.rows(f"""
        with ranked as (
            select month, attended, no_shows, row_number() over (order by month desc) as back
            from marts.kpi_appointment_outcomes_monthly
            where facility_id = 'all'
        ),
        years as (
            select
                sum(case when back > 12 then no_shows end) as x0,
                sum(case when back > 12 then attended + no_shows end) as n0,
                sum(case when back <= 12 then no_shows end) as x1,
                sum(case when back <= 12 then attended + no_shows end) as n1
            from ranked
            where back <= 24
            having count(*) = 24
        ),
        rated as (
            select n0, n1, x0 / nullif(n0, 0) as p0, x1 / nullif(n1, 0) as p1,
                {wilson("x0", "n0", "-")} as l0, {wilson("x0", "n0", "+")} as u0,
                {wilson("x1", "n1", "-")} as l1, {wilson("x1", "n1", "+")} as u1
            from years
        ),
        compared as (
            select *, p1 - p0 as change,
                p1 - p0 - sqrt((p1 - l1) * (p1 - l1) + (u0 - p0) * (u0 - p0)) as change_low,
                p1 - p0 + sqrt((u1 - p1) * (u1 - p1) + (p0 - l0) * (p0 - l0)) as change_high
            from rated
            where p0 is not null and p1 is not null
        )
        select cast(n0 as bigint) as n0, cast(n1 as bigint) as n1,
            round(100 * l0, 2) as l0, round(100 * u0, 2) as u0,
            round(100 * l1, 2) as l1, round(100 * u1, 2) as u1,
            format('{{:.1f}}%', 100 * p0) as text0, format('{{:.1f}}%', 100 * p1) as text1,
            round(100 * change_low, 2) as low, round(100 * change_high, 2) as high,
            replace(format('{{:+.1f}}', 100 * change), '-', '−') as points,
            replace(format('{{:+.1f}} to {{:+.1f}}', 100 * change_low, 100 * change_high),
                '-', '−') as interval
        from compared
    """)
    for row in rows:
        row.earlier = Estimate("earlier", row.l0, row.u0, row.n0, row.text0)
        row.later = Estimate("later", row.l1, row.u1, row.n1, row.text1)
        return row
    return None


def _band_name(value: str) -> str:
    """Lead-time bands in words: the mart's labels are made to sort."""
    if value == "00 days":
        return "the same day"
    return value.lstrip("0").replace("-0", "–").replace("-", "–").replace(" days", " days ahead")


@figure("A-03", "kpi_no_shows_by_segment", "dq_kpi_requirements", "fct_appointments")
def no_shows_by_lead_time(marts: Marts) -> Page:
    """No-show rate by days between booking and appointment, with intervals."""
    first, last, data_to = marts.dates()
    bands = marts.rows("""
        select value, attended + no_shows as n, no_shows,
            round(100 * no_show_rate, 2) as percent,
            round(100 * no_show_rate_low, 2) as low, round(100 * no_show_rate_high, 2) as high,
            format('{:.0f}%', 100 * no_show_rate) as whole,
            format('{:.1f}%', 100 * no_show_rate) as label
        from marts.kpi_no_shows_by_segment
        where dimension = 'lead_time' and attended + no_shows > 0
        order by value
    """)
    why = marts.rows(
        "select why_not from marts.dq_kpi_requirements"
        " where column_name = 'booked_at' and not is_present order by why_not limit 1"
    )
    reason = f"no band of lead times has {MINIMUM_N} or more {DECIDED}."
    if why:
        reason = f"{why[0].why_not}, so no lead time can be worked out."
    known = [row for row in bands if row.value != "unknown"]
    without = sum(row.n for row in bands if row.value == "unknown")
    shown = [row for row in known if row.n >= MINIMUM_N]
    hidden = [_band_name(row.value) for row in known if row.n < MINIMUM_N]
    n = sum(row.n for row in known)
    page = Page(
        "A-03",
        headline=headlines.no_shows_by_lead_time(
            [Estimate(_band_name(r.value), r.low, r.high, r.n, r.whole) for r in shown]
        ),
        subtitle="No-shows as a share of appointments attended or missed, by days between booking "
        "and appointment, " + period_text(first, last),
        notes=[
            f"n = {n:,} {DECIDED} with a booking date; {without:,} without "
            f"one are left out. Lines are {INTERVALS}. Not adjusted for reason or age, so a gap "
            "is an association and not by itself an effect of waiting."
            + (f" Fewer than {MINIMUM_N}, not shown: {', '.join(hidden)}." if hidden else "")
        ],
        mart="kpi_no_shows_by_segment",
        data_to=data_to,
        body=3.2,
        no_data=None if shown else reason,
        alt="Dot chart with intervals of the no-show rate by lead time: "
        + "; ".join(f"{_band_name(r.value)} {r.label} of {r.n:,}" for r in shown),
        n=n,
    )
    if page.is_empty:
        return page
    height, left, width = 2.6, 0.5, BODY - 0.5
    ax = page.axes(left, page.body - height, width, height)
    xs = list(range(len(shown)))
    ax.vlines(xs, [r.low for r in shown], [r.high for r in shown], color=NAVY, lw=2.2)
    ax.plot(xs, [r.percent for r in shown], "o", color=NAVY, ms=7.5)
    ax.set_xlim(-0.5, max(len(xs), 3) - 0.5)
    ax.set_ylim(0, max(r.high for r in shown) * 1.08)
    ax.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    percent_axis(ax)
    horizontal_grid(ax)
    ax.set_xticks(xs, [""] * len(xs))
    for x, row in zip(xs, shown, strict=True):
        ax.annotate(
            row.label,
            (x, row.percent),
            xytext=(9, 0),
            textcoords="offset points",
            va="center",
            weight="bold",
            size=11,
            color=NAVY,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.2},
        )
        centre = left + width * (x + 0.5) / max(len(xs), 3)
        name = _band_name(row.value)
        page.text(centre, page.body - height - 0.24, name[0].upper() + name[1:], ha="center")
        page.text(
            centre, page.body - height - 0.45, f"n = {row.n:,}", ha="center", size=9, color=GREY
        )
    return page


@figure("A-04", "kpi_demand_profile", "fct_appointments")
def demand_by_weekday_hour(marts: Marts) -> Page:
    """Appointments per day by weekday and hour: a week as it is on a calendar."""
    first, last, data_to = marts.dates()
    cells = marts.rows("""
        with cells as (
            select * from marts.kpi_demand_profile where facility_id = 'all'
        ),
        weekdays as (
            select weekday_number, weekday, max(observed_days) as observed_days
            from cells group by weekday_number, weekday
        ),
        hours as (
            select unnest(range((select min(hour) from cells), (select max(hour) from cells) + 1))
                as hour
        )
        select weekdays.weekday_number, weekdays.weekday, weekdays.observed_days, hours.hour,
            coalesce(cells.appointments, 0) as n,
            case
                when cells.appointments >= 1e6 then format('{:.1f}m', cells.appointments / 1e6)
                when cells.appointments >= 1e5 then format('{:.0f}k', cells.appointments / 1e3)
                else format('{:,}', coalesce(cells.appointments, 0))
            end as n_text,
            coalesce(round(cells.appointments_per_day, 4), 0) as per_day,
            round(cells.appointments_per_day_low, 4) as low,
            round(cells.appointments_per_day_high, 4) as high,
            case
                when cells.appointments_per_day is null then '0'
                when max(cells.appointments_per_day) over () >= 100
                    then format('{:,}', cast(round(cells.appointments_per_day) as bigint))
                when max(cells.appointments_per_day) over () >= 1
                    then case when cells.appointments_per_day < 0.05 then '<0.1'
                        else format('{:.1f}', cells.appointments_per_day) end
                when cells.appointments_per_day < 0.005 then '<0.01'
                else format('{:.2f}', cells.appointments_per_day)
            end as label
        from weekdays
        cross join hours
        left join cells
            on cells.weekday_number = weekdays.weekday_number and cells.hour = hours.hour
        order by hours.hour, weekdays.weekday_number
    """)
    weekdays = marts.rows("""
        with weekdays as (
            select weekday_number, weekday, cast(sum(appointments) as double) as x,
                max(observed_days) as days
            from marts.kpi_demand_profile
            where facility_id = 'all'
            group by weekday_number, weekday
        )
        select weekday_number, weekday, cast(x as bigint) as n,
            -- Byar's interval of a count, per day
            round(x * power(1 - 1 / (9 * x) - 1.959963984540054e0 / (3 * sqrt(x)), 3) / days, 4)
                as low,
            round((x + 1) * power(1 - 1 / (9 * (x + 1))
                + 1.959963984540054e0 / (3 * sqrt(x + 1)), 3) / days, 4) as high,
            case when x / days < 1 then format('{:.2f}', x / days)
                when x / days < 100 then format('{:.1f}', x / days)
                else format('{:,}', cast(round(x / days) as bigint)) end as label
        from weekdays
        where x > 0
        order by weekday_number
    """)
    n = sum(day.n for day in weekdays)
    page_rows = sorted({cell.hour for cell in cells})
    compact = len(page_rows) > 12
    row_height = 0.28 if compact else 0.43
    headline = headlines.demand_by_weekday_hour(
        [
            Estimate(f"{c.weekday} from {c.hour}:00", c.low, c.high, c.n, c.label)
            for c in cells
            if c.n
        ],
        [Estimate(d.weekday, d.low, d.high, d.n, d.label) for d in weekdays],
    )
    page = Page(
        "A-04",
        headline=headline,
        subtitle="Appointments due per day, by weekday and starting hour, all branches, "
        + period_text(first, last),
        notes=[
            f"n = {n:,} appointments due with a time (small figures), cancelled ones included. "
            "Each is divided by the number of such weekdays in the period, public holidays and "
            "closed days included. Weekdays without any appointment are left out."
        ],
        mart="kpi_demand_profile",
        data_to=data_to,
        body=row_height * len(page_rows) + 0.62,
        no_data=None if cells else "no appointment due has a time of day.",
        alt=f"Heat map of appointments per day by weekday and hour, n = {n:,}"
        + "".join(f"; {d.weekday} {d.label} a day" for d in weekdays),
        n=n,
    )
    if page.is_empty:
        return page
    columns = [(d.weekday_number, d.weekday) for d in weekdays]
    left, top = 0.75, page.body - 0.32
    cell_width = min(1.9, (BODY - left) / len(columns))
    largest = max(cell.per_day for cell in cells)
    place_of = {number: place for place, (number, _) in enumerate(columns)}
    day_of = {d.weekday_number: d for d in weekdays}
    for number, name in columns:
        x = left + cell_width * (place_of[number] + 0.5)
        page.text(x, page.body - 0.14, name, ha="center", color=GREY)
        page.text(x, 0.14, day_of[number].label, ha="center", weight="bold")
    page.text(left - 0.12, 0.14, "All day", ha="right", color=GREY)
    for cell in cells:
        x = left + cell_width * place_of[cell.weekday_number]
        y = top - row_height * (page_rows.index(cell.hour) + 1)
        colour = HEAT(cell.per_day / largest)
        page.rectangle(x + 0.02, y + 0.02, cell_width - 0.04, row_height - 0.04, colour)
        ink = text_on(colour)
        middle = x + cell_width / 2
        if compact:
            page.text(
                middle - 0.05, y + row_height / 2, cell.label, ha="right", size=9.5, color=ink
            )
            page.text(middle + 0.05, y + row_height / 2, f"n {cell.n_text}", size=7.5, color=ink)
        else:
            page.text(
                middle, y + row_height * 0.63, cell.label, ha="center", weight="bold", color=ink
            )
            page.text(middle, y + row_height * 0.26, cell.n_text, ha="center", size=8, color=ink)
    for hour in page_rows:
        y = top - row_height * (page_rows.index(hour) + 0.5)
        page.text(left - 0.12, y, f"{hour}:00", ha="right", color=GREY)
    return page
