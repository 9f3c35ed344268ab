"""Figures that watch KPIs over time: the no-show rate in full, and the core KPIs side by side.

Usage: imported by plot_figures.py; nothing to run.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from types import SimpleNamespace

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

import figure_headlines_monitoring as headlines
from figure_headlines import short
from figure_headlines_monitoring import Change, Latest
from figure_registry import MINIMUM_N, Marts, figure, money, wilson
from figure_style import (
    AXIS,
    BODY,
    COMMON,
    GREY,
    HIGH,
    INK,
    LOW,
    MONTHS,
    PLUM,
    SMALL,
    Page,
    ellipsis,
    horizontal_grid,
    month_text,
    month_ticks,
    percent_axis,
    period_text,
    spread,
    text_width,
    wrap,
)

SHADE = "#ECF0F3"  # between the limits: lighter than the grid lines that cross it
KINDS = {  # marker, colour, size and words of each type of point
    "common_cause": ("o", COMMON, 7, "Common cause"),
    "improvement": ("s", LOW, 7, "Special cause, improving"),
    "concern": ("D", HIGH, 7, "Special cause, concerning"),
    "neutral_high": ("^", PLUM, 8, "Special cause, high"),
    "neutral_low": ("v", PLUM, 8, "Special cause, low"),
}
ASSURANCE = {
    "consistent_pass": "always met",
    "consistent_fail": "never met",
    "inconsistent": "hit or miss",
}
RULES = (
    "Special cause: a point outside the limits, part of a run (seven unless set to six) that all "
    "rises or all falls, two of three near one limit, or part of such a run on one side of the "
    "mean."
)
# the core KPIs in the order of the page: the recorded flag only where the rule finds no stay
CORE = {
    "AP03": "No-shows",
    "AP04": "Cancellations",
    "PF01": "Patient volume",
    "PF02": "Length of stay",
    "PF07": "Readmission, 30 days",
    "PF13": "Readmission, as recorded",
    "PF11": "In-hospital mortality",
    "ED03": "Emergency within 4 hours",
    "ED02": "Emergency seen on time",
    "EX01": "Satisfaction",
    "FN02": "Median treatment cost",
    "FN13": "Failed payments",
}
FEWEST_POINTS = 2


def shown(value: str) -> str:
    """SQL of a value as text in the unit of its KPI."""
    return (
        f"case when {value} is null then null"
        f" when unit = 'fraction' then format('{{:.1f}}%', 100 * {value})"
        f" when unit = 'dollars' then {money(value)}"
        f" when unit = 'per day' then format('{{:.1f}} a day', {value})"
        f" when unit = 'minutes' then format('{{:.0f}} min', {value})"
        f" when unit = 'days' then format('{{:.1f}} days', {value})"
        f" when unit = 'count' then format('{{:,.0f}}', {value})"
        f" else format('{{:.1f}}', {value}) end"
    )


@figure("A-05", "kpi_control_charts", "fct_appointments")
def no_show_control_chart(marts: Marts) -> Page:
    """No-show rate of the network as an XmR chart with its moving ranges."""
    points = marts.rows("""
        with points as (
            select *,
                (upper_limit - mean) / 2.66 as mean_range,
                12 * (year(month) - min(year(month)) over ()) + month(month) as absolute
            from marts.kpi_control_charts
            where kpi_id = 'AP03' and facility_id = 'all' and department_id = 'all'
        )
        select month, cast(absolute - min(absolute) over () as bigint) as place, rebase_group,
            points_in_group, special_cause, point_type, variation, assurance, is_trial_limits,
            rebase_reason, annotation,
            cast(denominator as bigint) as n,
            round(100 * value, 3) as percent, format('{:.1f}%', 100 * value) as label,
            round(100 * mean, 3) as mean, format('{:.1f}%', 100 * mean) as mean_label,
            round(100 * greatest(lower_limit, 0), 3) as lower,
            format('{:.1f}%', 100 * greatest(lower_limit, 0)) as lower_label,
            round(100 * upper_limit, 3) as upper,
            format('{:.1f}%', 100 * upper_limit) as upper_label,
            round(100 * target, 3) as target, format('{:.0f}%', 100 * target) as target_label,
            round(100 * moving_range, 3) as moving_range,
            round(100 * mean_range, 3) as mean_range,
            round(100 * 3.267 * mean_range, 3) as range_limit,
            coalesce(moving_range > 3.267 * mean_range, false) as is_large
        from points
        order by month
    """)
    has_chart = len(points) >= FEWEST_POINTS
    first, last, data_to = marts.dates()
    end = points[-1] if has_chart else None
    latest = (
        Latest(
            end.label, month_text(end.month), end.special_cause, end.variation, end.is_trial_limits
        )
        if end
        else None
    )
    n = sum(point.n for point in points)
    starts = [
        p
        for p, before in zip(points[1:], points, strict=False)
        if p.rebase_group != before.rebase_group
    ]
    notes = [
        f"XmR chart; n = {n:,} appointments attended or missed. Limits: mean ± 2.66 × the mean "
        "moving range"
        + ("".join(f", worked out again from {month_text(p.month)}" for p in starts[-1:]))
        + f". {RULES}"
    ]
    if len(starts) > 1:
        notes.append(
            "Limits re-set: "
            + "; ".join(f"{month_text(p.month)}, {short(p.rebase_reason)}" for p in starts[-4:])
            + "."
        )
    if any(p.is_trial_limits for p in points):
        notes.append("Limits from 12 months or fewer are trial limits: each new month moves them.")
    page = Page(
        "A-05",
        headline=headlines.no_show_control_chart(latest, _change(marts)),
        subtitle="Missed appointments as a share of those attended or missed, all branches, by "
        "month, " + period_text(first, last),
        notes=notes,
        mart="kpi_control_charts",
        data_to=data_to,
        body=5.0,
        no_data=None
        if has_chart
        else f"fewer than two months have {MINIMUM_N} appointments attended or missed.",
        alt=_alt(points) if has_chart else "",
        n=n,
    )
    if page.is_empty:
        return page
    _draw_xmr(page, points, starts)
    return page


def _alt(points: list) -> str:
    """The chart in words: each phase, and what is special in it."""
    phases = []
    for group in sorted({point.rebase_group for point in points}):
        part = [point for point in points if point.rebase_group == group]
        one = part[0]
        limits = f", limits {one.lower_label} to {one.upper_label}" if one.upper else ""
        phases.append(
            f"from {month_text(one.month)} mean {one.mean_label}{limits}, "
            f"{sum(p.special_cause != 'none' for p in part)} of {len(part)} months special"
        )
    return "Control chart of the monthly no-show rate: " + "; ".join(phases)


def _change(marts: Marts) -> Change | None:
    """The last phase of the no-show chart against the one before it."""
    rows = marts.rows(f"""
        with phases as (
            select rebase_group, min(month) as since, max(mean) as mean,
                max(is_trial_limits) as is_trial,
                sum(numerator) as x, sum(denominator) as n,
                row_number() over (order by rebase_group desc) as back
            from marts.kpi_control_charts
            where kpi_id = 'AP03' and facility_id = 'all' and department_id = 'all'
            group by rebase_group
        ),
        rated as (
            select *, x / nullif(n, 0) as p,
                {wilson("x", "n", "-")} as l, {wilson("x", "n", "+")} as u
            from phases
        )
        select after.since, before.is_trial or after.is_trial as is_trial,
            format('{{:.1f}}%', 100 * before.mean) as before,
            format('{{:.1f}}%', 100 * after.mean) as after,
            after.p - before.p - sqrt(power(after.p - after.l, 2) + power(before.u - before.p, 2))
                as low,
            after.p - before.p + sqrt(power(after.u - after.p, 2) + power(before.p - before.l, 2))
                as high
        from rated as after
        inner join rated as before on before.back = 2
        where after.back = 1
    """)
    for row in rows:
        since = f"{MONTHS[row.since.month - 1]} {row.since.year}"
        return Change(row.before, row.after, since, row.low, row.high, row.is_trial)
    return None


def _month_axis(ax: Axes, points: list) -> None:
    """Ticks of every month from first to last, with or without a point."""
    year, month = points[0].month.year, points[0].month.month
    months = [
        date(year + (month - 1 + i) // 12, (month - 1 + i) % 12 + 1, 1)
        for i in range(points[-1].place + 1)
    ]
    ax.set_xticks(*month_ticks(months))


def _phases(points: list) -> list[list]:
    """The points of each phase, in order."""
    groups = sorted({point.rebase_group for point in points})
    return [[p for p in points if p.rebase_group == group] for group in groups]


def _draw_limits(ax: Axes, points: list, dashes: float) -> None:
    """Band, limits and mean of each phase, from half a month before it to half a month after."""
    phases = _phases(points)
    for index, phase in enumerate(phases):
        one = phase[0]
        start = one.place - 0.5
        stop = (
            phases[index + 1][0].place - 0.5 if index + 1 < len(phases) else phase[-1].place + 0.5
        )
        if one.upper is not None:
            ax.fill_between([start, stop], one.lower, one.upper, color=SHADE, lw=0, zorder=0.5)
            for limit in (one.lower, one.upper):
                ax.plot([start, stop], [limit] * 2, color=COMMON, lw=dashes, ls=(0, (5, 3)))
        ax.plot([start, stop], [one.mean] * 2, color=INK, lw=1.2 * dashes)


def _draw_points(ax: Axes, points: list, scale: float) -> None:
    """The line, broken between phases, and a marker for each type of point."""
    for phase in _phases(points):
        ax.plot([p.place for p in phase], [p.percent for p in phase], color=COMMON, lw=1.8 * scale)
    for kind, (marker, colour, size, _) in KINDS.items():
        these = [p for p in points if p.point_type == kind]
        ax.plot(
            [p.place for p in these],
            [p.percent for p in these],
            marker,
            ms=size * scale,
            mfc=colour,
            mec="white",
            mew=scale,
            ls="",
            zorder=4,
            clip_on=False,
        )


def _draw_xmr(page: Page, points: list, starts: list) -> None:
    """The chart of values, and below it the chart of moving ranges."""
    left, right_room = 0.5, 1.35
    width = BODY - left - right_room
    bottom, height = 1.7, page.body - 1.7 - 0.42
    ax = page.axes(left, bottom, width, height)
    end = points[-1]
    targets = [p.target for p in points if p.target is not None]
    seen = [p.percent for p in points] + [p.mean for p in points] + targets
    seen += [limit for p in points for limit in (p.lower, p.upper) if limit is not None]
    low, high = min(seen), max(seen)
    room = 0.22 if starts or any(p.annotation for p in points) else 0.14
    floor = 0 if low < (high - low) else low - 0.08 * (high - low)
    ax.set_xlim(-0.9, end.place + 0.9)
    ax.set_ylim(floor, high + room * ((high - floor) or 1))
    ax.yaxis.set_major_locator(MaxNLocator(10, steps=[1, 2, 5, 10]))
    percent_axis(ax)
    horizontal_grid(ax)
    ax.spines["bottom"].set_visible(False)
    ax.tick_params(axis="x", length=0, labelbottom=False)
    _draw_limits(ax, points, 1.5)
    if targets:
        ax.plot(
            [p.place for p in points if p.target is not None],
            targets,
            color=PLUM,
            lw=2,
            ls=(0, (1, 1.6)),
        )
    _draw_points(ax, points, 1)
    x_inch = width / (end.place + 1.8)
    _write_changes(page, points, starts, (left, bottom, width, height), x_inch)
    ends = [(end.mean, f"Mean {end.mean_label}", INK, "bold")]
    if end.upper is not None:
        ends += [
            (end.upper, f"Upper limit {end.upper_label}", GREY, "normal"),
            (end.lower, f"Lower limit {end.lower_label}", GREY, "normal"),
        ]
    if end.target is not None:
        ends.append((end.target, f"Target {end.target_label}", PLUM, "bold"))
    span = ax.get_ylim()[1] - floor
    places = spread([bottom + height * (value - floor) / span for value, *_ in ends], 0.19)
    for y, (_, words, colour, weight) in zip(places, ends, strict=True):
        page.text(left + width + 0.06, y, words, size=9.5, color=colour, weight=weight)
    _write_key(page, points, left)
    _draw_ranges(page, points, (left, 0.42, width, 0.78))


def _write_changes(page: Page, points: list, starts: list, place: tuple, x_inch: float) -> None:
    """A line and its reason where limits are re-set; annotations of other months beside theirs."""
    left, bottom, width, height = place
    marked = [(p, p.rebase_reason, True) for p in starts]
    known = {p.month for p in starts}
    marked += [(p, p.annotation, False) for p in points if p.annotation and p.month not in known]
    marked.sort(key=lambda mark: mark[0].place)
    for index, (point, words, is_change) in enumerate(marked):
        offset = 0.4 if is_change else 0.9
        x = left + x_inch * (point.place + offset)
        page.line(
            [x, x],
            [bottom, bottom + height],
            color=GREY if is_change else AXIS,
            lw=1.4,
            ls="-" if is_change else (0, (2, 2)),
        )
        stop = (
            left + x_inch * (marked[index + 1][0].place + 0.4)
            if index + 1 < len(marked)
            else left + width
        )
        room = stop - x - 0.16
        side, anchor = "left", x + 0.08
        if room < 1.2 and index == 0 and x - left > 1.4:
            room, side, anchor = x - left - 0.16, "right", x - 0.08
        if room < 0.7:
            continue
        y = bottom + height - 0.1
        page.text(anchor, y, month_text(point.month), size=9.5, weight="bold", ha=side)
        for line in wrap(words, min(room, 2.9), 9.5, lines=2):
            y -= 0.17
            page.text(anchor, y, line, size=9.5, ha=side)


def _write_key(page: Page, points: list, left: float) -> None:
    """What the markers mean, how many there are of each, and the two icons in words."""
    x, y = left + 0.08, page.body - 0.12
    for kind in ("common_cause", "improvement", "concern"):
        marker, colour, size, words = KINDS[kind]
        words = f"{words} ({sum(p.point_type == kind for p in points)})"
        page.mark(x, y, marker, colour, ms=size, mec="white", mew=0)
        page.text(x + 0.14, y, words, size=9.5)
        x += text_width(words, 9.5) + 0.45
    end = points[-1]
    x, y = BODY - 1.29, page.body - 0.12
    page.text(x, y, f"{month_text(end.month)}: {end.label}", size=9.5, weight="bold")
    _, colour, _, words = KINDS[end.variation]
    page.text(
        x,
        y - 0.18,
        words.split(", ")[-1].capitalize(),
        size=9.5,
        color=GREY if end.variation == "common_cause" else colour,
    )
    target = ASSURANCE.get(end.assurance)
    page.text(x, y - 0.36, f"Target: {target}" if target else "No target", size=9.5, color=GREY)


def _draw_ranges(page: Page, points: list, place: tuple) -> None:
    """The change from each month to the next, with its mean and limit in each phase."""
    left, bottom, width, height = place
    ax = page.axes(left, bottom, width, height)
    moved = [p for p in points if p.moving_range is not None]
    ax.bar(
        [p.place for p in moved],
        [p.moving_range for p in moved],
        width=0.62,
        color=[HIGH if p.is_large else "#BBC5CE" for p in moved],
    )
    phases = _phases(points)
    for index, phase in enumerate(phases):
        one = phase[0]
        stop = phases[index + 1][0].place if index + 1 < len(phases) else phase[-1].place + 1
        if one.mean_range is not None:
            across = [one.place - 0.5, stop - 0.5]
            ax.plot(across, [one.range_limit] * 2, color=COMMON, lw=1.5, ls=(0, (5, 3)))
            ax.plot(across, [one.mean_range] * 2, color=INK, lw=1.6)
    ax.set_xlim(-0.9, points[-1].place + 0.9)
    ax.set_ylim(bottom=0)
    ax.yaxis.set_major_locator(MaxNLocator(3, steps=[1, 2, 5, 10]))
    ax.set_yticks([tick for tick in ax.get_yticks() if tick <= ax.get_ylim()[1]])
    horizontal_grid(ax)
    _month_axis(ax, points)
    words = "Moving range: change from the month before, percentage points"
    if any(p.is_large for p in moved):
        words += " (orange: beyond its limit)"
    page.text(left, bottom + height + 0.17, words, size=9.5, color=GREY)


@figure("O-01", "kpi_control_charts", "dim_kpis", "fct_appointments", "fct_episodes")
def control_chart_overview(marts: Marts) -> Page:
    """The core KPIs of the network, a small control chart each."""
    points = _core_points(marts)
    series = _core_series(points)
    judged = [rows for rows in series if not (rows[-1].is_trial_limits or rows[-1].is_rare)]
    dates = marts.row("""
        select max(day) as data_to from (
            select max(appointment_date) as day from marts.fct_appointments
            where outcome <> 'future'
            union all
            select max(episode_date) from marts.fct_episodes where not is_future
        ) as days
    """)
    months = [row.month for rows in series for row in rows]
    lines = (len(series) + 2) // 3
    left_out = len(series) - len(judged)
    n = sum(len(rows) for rows in series)
    page = Page(
        "O-01",
        headline=headlines.control_chart_overview(
            [(_title(rows[-1]), rows[-1].variation) for rows in judged]
        ),
        subtitle="Core KPIs of all facilities, by month, each within its own limits, "
        + (period_text(min(months), max(months)) if months else ""),
        notes=[
            f"XmR charts; n = {n:,} months of {len(series)} KPIs, at most the last 48 of each. "
            "Line: mean; shaded: limits, the mean ± 2.66 × the mean moving range, re-set where "
            f"the line breaks. {RULES} By chance alone about one month in "
            "twenty is special."
            + (
                f" Not counted in the headline, with 12 months or fewer or events too rare: "
                f"{left_out}."
                if left_out
                else ""
            ),
        ],
        mart="kpi_control_charts",
        data_to=dates.data_to,
        body=lines * PANEL_HEIGHT + 0.12,
        no_data=None if series else "no core KPI has two months with a value.",
        alt="Small control charts: "
        + "; ".join(f"{_title(rows[-1])} {_sentence(rows[-1])}" for rows in series),
        n=n,
    )
    if page.is_empty:
        return page
    _write_overview_key(page, series)
    for index, rows in enumerate(series):
        _draw_panel(page, rows, index % 3, index // 3)
    return page


PANEL_WIDTH, PANEL_GAP, PANEL_HEIGHT = 2.6, 0.3, 1.83


def _title(row: SimpleNamespace) -> str:
    """The panel's title; costs say what they are of."""
    if (row.kpi_id, row.source_system) == ("FN02", "care_episodes"):
        return "Median episode cost"
    return CORE[row.kpi_id]


def _core_points(marts: Marts) -> list:
    """The last four years of each core KPI, of the system that has most months of it."""
    names = ", ".join(f"'{kpi_id}'" for kpi_id in CORE)
    return marts.rows(f"""
        with points as (
            select charts.*, kpis.unit,
                12 * year(charts.month) + month(charts.month) as absolute,
                count(*) over (partition by charts.kpi_id, charts.source_system) as months,
                max(charts.month) over (partition by charts.kpi_id, charts.source_system)
                    as last_month
            from marts.kpi_control_charts as charts
            inner join marts.dim_kpis as kpis on kpis.kpi_id = charts.kpi_id
            where charts.kpi_id in ({names})
                and charts.facility_id = 'all' and charts.department_id = 'all'
        ),
        ranked as (
            select *, case when unit = 'fraction' then 100e0 else 1e0 end as scale,
                dense_rank() over (
                    partition by kpi_id order by months desc, source_system desc
                ) as choice
            from points
            where months >= {FEWEST_POINTS} and month > last_month - interval 48 month
        )
        select kpi_id, source_system, unit, month, rebase_group, special_cause, point_type,
            variation, assurance, is_trial_limits, is_rare,
            cast(absolute - min(absolute) over (partition by kpi_id) as bigint) as place,
            round(scale * value, 4) as percent, round(scale * mean, 4) as mean,
            round(scale * upper_limit, 4) as upper,
            round(scale * case
                when unit = 'points' then lower_limit
                else case when lower_limit < 0 then 0 else lower_limit end
            end, 4) as lower,
            round(scale * target, 4) as target,
            {shown("value")} as label, {shown("mean")} as mean_label,
            {shown("upper_limit")} as upper_label,
            {shown("case when lower_limit < 0 then 0 else lower_limit end")} as lower_label,
            {shown("target")} as target_label
        from ranked
        where choice = 1
        order by kpi_id, month
    """)


def _core_series(points: list) -> list[list]:
    """The points by KPI, in the order of the page; one kind of readmission is enough."""
    series = {kpi_id: [p for p in points if p.kpi_id == kpi_id] for kpi_id in CORE}
    if series["PF07"]:
        series["PF13"] = []
    return [rows for rows in series.values() if rows]


def _sentence(end: SimpleNamespace) -> str:
    """The last point in words: its value, its variation, its target."""
    words = KINDS[end.variation][3].lower()
    target = f", target {end.target_label} {ASSURANCE[end.assurance]}" if end.assurance else ""
    return f"{end.label} in {month_text(end.month)}, {words}{target}"


def _write_overview_key(page: Page, series: Sequence[list]) -> None:
    """What the markers mean; only what is on the page."""
    x, y = 0.06, page.body - 0.02
    seen = {row.point_type for rows in series for row in rows}
    for kind in (kind for kind in KINDS if kind in seen):
        marker, colour, size, words = KINDS[kind]
        page.mark(x, y, marker, colour, ms=0.8 * size, mec="white", mew=0)
        page.text(x + 0.12, y, words, size=9)
        x += text_width(words, 9) + 0.36


def _draw_panel(page: Page, rows: list, column: int, line: int) -> None:
    """One KPI: its name and last value, the chart, and what the chart says."""
    left = column * (PANEL_WIDTH + PANEL_GAP)
    top = page.body - 0.3 - line * PANEL_HEIGHT
    end = rows[-1]
    value_width = text_width(end.label, 11, "bold")
    name = ellipsis(_title(end), PANEL_WIDTH - value_width - 0.1, 11, "bold")
    page.text(left, top - 0.08, name, size=11, weight="bold")
    page.text(left + PANEL_WIDTH, top - 0.08, end.label, size=11, weight="bold", ha="right")
    ax = page.axes(left, top - 1.1, PANEL_WIDTH, 0.86)
    ax.axis("off")
    _draw_limits(ax, rows, 1.0)
    if end.target is not None:
        ax.axhline(end.target, color=PLUM, lw=1.4, ls=(0, (1, 1.6)))
    _draw_points(ax, rows, 0.6)
    ax.set_xlim(-0.6, end.place + 0.6)
    y = top - 1.2
    page.text(left, y, month_text(rows[0].month), size=SMALL, color=GREY)
    page.text(left + PANEL_WIDTH, y, month_text(end.month), size=SMALL, color=GREY, ha="right")
    _, colour, _, words = KINDS[end.variation]
    words += ", trial limits" if end.is_trial_limits else ", rare events" if end.is_rare else ""
    colour = INK if end.variation == "common_cause" else colour
    page.text(left, y - 0.16, words, size=9, color=colour, weight="bold")
    target = f"Target {end.target_label}: {ASSURANCE[end.assurance]}" if end.assurance else ""
    page.text(left + PANEL_WIDTH / 2, y, target, size=SMALL, color=PLUM, ha="center")
    limits = f"limits {end.lower_label} to {end.upper_label}" if end.upper is not None else ""
    page.text(left, y - 0.31, f"Mean {end.mean_label}, {limits}".rstrip(", "), size=9, color=GREY)
