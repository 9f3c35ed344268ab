"""Figures about care episodes: volume by month, departments.

Usage: imported by plot_figures.py; nothing to run.
"""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

import figure_headlines_care as headlines
from figure_headlines import Estimate, short
from figure_headlines_care import Ratio
from figure_registry import MINIMUM_N, Marts, figure, money
from figure_style import (
    COMMON,
    GREY,
    NAVY,
    SMALL,
    Page,
    ellipsis,
    horizontal_grid,
    label_width,
    line_style,
    month_text,
    month_ticks,
    number_axis,
    period_text,
    spread,
)

NO_EPISODE = f"fewer than {MINIMUM_N} care episodes lie before the as-of date of the extract."
MOST_DEPARTMENTS = 18


def episode_dates(
    marts: Marts, condition: str = "true"
) -> tuple[date | None, date | None, date | None]:
    """First and last day of the episodes that a figure shows, and the day the data end."""
    dates = marts.row(f"""
        select min(case when {condition} then episode_date end) as first,
            max(case when {condition} then episode_date end) as last,
            max(coalesce(separation_date, episode_date)) as data_to
        from marts.fct_episodes
        where not is_future
    """)
    return dates.first, dates.last, dates.data_to


def number(value: str, leading: str | None = None) -> str:
    """SQL of a number as text, with as many decimals as the size of `leading` asks for."""
    leading = leading or value
    return (
        f"case when {value} is null then null"
        f" when {leading} >= 100 then format('{{:,}}', cast(round({value}) as bigint))"
        f" when {leading} >= 1 then format('{{:.1f}}', {value})"
        f" when {value} > 0 and {value} < 0.005 then '<0.01'"
        f" else format('{{:.2f}}', {value}) end"
    )


def interval(low: str, high: str, leading: str) -> str:
    """SQL of an interval as text, as precise as the number that it belongs to."""
    return f"{number(low, leading)} || ' to ' || {number(high, leading)}"


@figure("V-01", "kpi_patient_volume_monthly", "fct_episodes")
def patient_volume_monthly(marts: Marts) -> Page:
    """Care episodes per day with data by month: months differ in days, so counts do not do."""
    _, _, data_to = episode_dates(marts)
    months = marts.rows(f"""
        select month, episodes as n, observation_days as days,
            round(episodes_per_observation_day, 4) as per_day,
            round(episodes_per_observation_day_low, 4) as low,
            round(episodes_per_observation_day_high, 4) as high,
            {number("episodes_per_observation_day")} as label
        from marts.kpi_patient_volume_monthly
        where facility_id = 'all' and department_id = 'all' and observation_days is not null
        order by month
    """)
    whole = marts.row(f"""
        with months as (
            select * from marts.kpi_patient_volume_monthly
            where facility_id = 'all' and department_id = 'all' and observation_days is not null
        ),
        summed as (
            select coalesce(cast(sum(episodes) as bigint), 0) as n,
                cast(coalesce(sum(observation_days), 0) as bigint) as days,
                cast(sum(episodes) as double) / nullif(sum(observation_days), 0) as per_day,
                min(observation_days) as fewest, max(observation_days) as most
            from months
        )
        select n, days, fewest, most, round(per_day, 4) as per_day,
            {number("per_day")} as label
        from summed
    """)
    change = _year_on_year(marts)
    shown = [row for row in months if row.per_day is not None]
    if whole.n < MINIMUM_N:
        shown = []
    notes = [
        f"n = {whole.n:,} care episodes on {whole.days:,} days with data: a month is divided by "
        "its days (or snapshots, where an extract holds only some days) on which any episode is "
        f"dated ({whole.fewest} to {whole.most} a month). Band: 95% interval of a count (Poisson); "
        "what makes whole days busy comes on top of it."
    ]
    if change:
        notes.append(
            f"Last 12 months against the 12 before: {change.percent} ({change.interval}; 95% t "
            "interval over the 12 pairs of the same calendar month, so that seasons cancel out)."
        )
    page = Page(
        "V-01",
        headline=headlines.patient_volume_monthly(
            whole.label if shown else None,
            Ratio(change.low, change.high, change.n, change.whole) if change else None,
        ),
        subtitle="Care episodes per day with data, all facilities and departments, by month, "
        + (period_text(months[0].month, months[-1].month) if months else ""),
        notes=notes,
        mart="kpi_patient_volume_monthly",
        data_to=data_to,
        body=3.95,
        no_data=None if shown else NO_EPISODE,
        alt=(
            f"Line chart of care episodes per day over {len(shown)} months; overall {whole.label}, "
            f"last month {shown[-1].label}"
            if shown
            else ""
        ),
        n=whole.n if shown else 0,
    )
    if page.is_empty:
        return page
    nothing = float("nan")
    xs = list(range(len(months)))
    values, lows, highs = (
        [nothing if getattr(r, c) is None else getattr(r, c) for r in months]
        for c in ("per_day", "low", "high")
    )
    left, width, height = 0.55, 6.7, 2.5
    ax = page.axes(left, page.body - height, width, height)
    ax.fill_between(xs, lows, highs, color=NAVY, alpha=0.13, lw=0)
    ax.plot(xs, [whole.per_day] * len(xs), color=GREY, lw=1.3, ls=(0, (4, 3)))
    ax.plot(xs, values, color=NAVY, **line_style(len(xs)))
    ax.set_xlim(-0.7, len(xs) - 0.3)
    ax.set_ylim(0, max(r.high for r in shown) * 1.06)
    ax.yaxis.set_major_locator(MaxNLocator(5))
    number_axis(ax)
    horizontal_grid(ax)
    ax.tick_params(axis="x", length=0, labelbottom=False)
    inch = height / ax.get_ylim()[1]
    base = page.body - height
    places = spread([base + whole.per_day * inch, base + shown[-1].per_day * inch], 0.42)
    for y, title, value, colour in (
        (places[0], "Whole period", whole.label, GREY),
        (places[1], month_text(shown[-1].month), shown[-1].label, NAVY),
    ):
        page.text(left + width + 0.1, y + 0.09, value, weight="bold", color=colour)
        page.text(left + width + 0.1, y - 0.09, title, size=9, color=colour)
    days = [row.days for row in months]
    month_bars(page, (left, width), months, days, "Days with data in the month")
    return page


def month_bars(
    page: Page, place: tuple[float, float], months: list, counts: list[int], title: str
) -> Axes:
    """A small panel under a chart by month: how much is behind each month."""
    left, width = place
    ax = page.axes(left, 0.42, width, 0.62)
    ax.bar(range(len(months)), counts, width=0.62, color="#BBC5CE")
    ax.set_xlim(-0.7, len(months) - 0.3)
    ax.yaxis.set_major_locator(MaxNLocator(2, integer=True, steps=[1, 2, 5, 10]))
    ax.set_ylim(bottom=0)
    ax.set_yticks([tick for tick in ax.get_yticks() if tick <= ax.get_ylim()[1]])
    number_axis(ax)
    horizontal_grid(ax)
    ax.set_xticks(*month_ticks([row.month for row in months]))
    page.text(left, 1.2, title, size=9.5, color=GREY)
    return ax


def _year_on_year(marts: Marts) -> SimpleNamespace | None:
    """The last 12 months against the 12 before, when the data have both.

    Episodes of a day come together, so the counts' own interval would be too narrow: the twelve
    ratios of a calendar month to the same one of the year before say how much months vary.
    """
    rows = marts.rows("""
        with months as (
            select month, episodes, episodes_per_observation_day as rate,
                row_number() over (order by month desc) as back
            from marts.kpi_patient_volume_monthly
            where facility_id = 'all' and department_id = 'all' and observation_days is not null
        ),
        paired as (
            select later.episodes as later_n, earlier.episodes as earlier_n,
                ln(later.rate / earlier.rate) as change
            from months as later
            inner join months as earlier
                on earlier.month = cast(later.month - interval 12 month as date)
            where later.back <= 12 and earlier.back <= 24
                and later.rate > 0 and earlier.rate > 0
        ),
        summed as (
            select cast(least(sum(later_n), sum(earlier_n)) as bigint) as n, avg(change) as change,
                -- Student's t at 11 degrees of freedom
                2.200985160082949e0 * stddev_samp(change) / sqrt(12) as margin
            from paired
            having count(*) = 12
        )
        select n, round(exp(change - margin), 4) as low, round(exp(change + margin), 4) as high,
            case when abs(100 * (exp(change) - 1)) < 0.95
                then format('{:.1f}%', abs(100 * (exp(change) - 1)))
                else format('{:.0f}%', abs(100 * (exp(change) - 1))) end as whole,
            replace(format('{:+.1f}%', 100 * (exp(change) - 1)), '-', '−') as percent,
            replace(format('{:+.1f} to {:+.1f}', 100 * (exp(change - margin) - 1),
                100 * (exp(change + margin) - 1)), '-', '−') as interval
        from summed
    """)
    return rows[0] if rows else None


@figure("V-02", "kpi_department_activity", "dim_departments", "fct_episodes")
def department_activity(marts: Marts) -> Page:
    """Departments by episodes, with what an episode costs, how long it lasts, how it ends."""
    first, last, data_to = episode_dates(marts)
    days = "activity.mean_length_of_stay_days"
    rows = marts.rows(f"""
        select activity.department_id,
            case
                when activity.department_id = 'unknown' then 'Department not known'
                else coalesce(nullif(trim(departments.name), ''), activity.department_id)
            end as name,
            activity.episodes as n,
            round(100 * activity.share_low, 2) as low, round(100 * activity.share_high, 2) as high,
            format('{{:.0f}}%', 100 * activity.share) as whole,
            format('{{:.1f}}% ({{:.1f}} to {{:.1f}})', 100 * activity.share,
                100 * activity.share_low, 100 * activity.share_high) as share_text,
            activity.costs_known, cast(activity.median_cost_low as double) as cost_low,
            cast(activity.median_cost_high as double) as cost_high,
            {money("activity.median_cost")} as cost,
            {money("activity.median_cost_low")} || ' to ' || {money("activity.median_cost_high")}
                as cost_interval,
            activity.stays_recorded, {number(days)} as stay,
            {interval(f"greatest({days}_low, 0)", f"{days}_high", days)} as stay_interval,
            activity.evaluable, round(100 * activity.success_rate, 2) as success,
            round(100 * activity.success_rate_low, 2) as success_low,
            round(100 * activity.success_rate_high, 2) as success_high,
            format('{{:.1f}}%', 100 * activity.success_rate) as success_text,
            format('{{:.1f}} to {{:.1f}}', 100 * activity.success_rate_low,
                100 * activity.success_rate_high) as success_interval
        from marts.kpi_department_activity as activity
        left join marts.dim_departments as departments
            on departments.department_id = activity.department_id
        where activity.episodes > 0
        order by activity.department_id in ('all', 'unknown'), activity.episodes desc,
            activity.department_id
    """)
    n = next((row.n for row in rows if row.department_id == "all"), 0)
    departments = [row for row in rows if row.department_id != "all"]
    known = [row for row in departments if row.department_id != "unknown"]
    enough = [row for row in departments if row.n >= MINIMUM_N]
    shown = enough[:MOST_DEPARTMENTS]
    small, cut = len(departments) - len(enough), len(enough) - len(shown)
    row_height = 0.5
    page = Page(
        "V-02",
        headline=headlines.department_activity(
            [Estimate(r.name, r.low, r.high, r.n, r.whole) for r in known],
            [Estimate(r.name, r.cost_low, r.cost_high, r.costs_known, r.cost) for r in known],
        ),
        subtitle="Care episodes by department, with median cost, mean length of stay and recorded "
        "success, all facilities, " + period_text(first, last),
        notes=[
            f"n = {n:,} care episodes. Below each number its 95% interval: Wilson for shares, "
            "order statistics for medians, t for means. Stays in days; those recorded in hours "
            "divided by 24. Success is the treatment’s, as recorded. Not adjusted for case mix."
            + (
                f" Not shown, with fewer than {MINIMUM_N} episodes: {small} "
                + ("department." if small == 1 else "departments.")
                if small
                else ""
            )
            + (f" The {len(shown)} busiest of {len(enough)} others." if cut else "")
        ],
        mart="kpi_department_activity",
        data_to=data_to,
        body=row_height * len(shown) + 0.3,
        no_data=None if shown else NO_EPISODE,
        alt="Bars of care episodes by department, with median cost, mean stay and success: "
        + "; ".join(
            f"{short(r.name)} {r.n:,}, {r.cost or 'no cost'}, {r.stay or 'no'} days, "
            f"{r.success_text or 'none'} successful"
            for r in shown
        ),
        n=n if shown else 0,
    )
    if not page.is_empty:
        _draw_departments(page, shown, row_height)
    return page


def _draw_departments(page: Page, shown: list, row_height: float) -> None:
    """A row for each department: a bar, two columns of numbers, a dot with its interval."""
    names = label_width([row.name for row in shown], 1.75)
    bars, costs, stays, dots, dot_width = names + 0.12, 4.1, 5.2, 6.2, 1.3
    bar_width = costs - bars - 1.5
    height = row_height * len(shown)
    left = page.axes(bars, 0, bar_width, height)
    right = page.axes(dots, 0, dot_width, height)
    largest = max(row.n for row in shown)
    for ax, limit in ((left, largest), (right, 100)):
        ax.set(ylim=(len(shown), 0), xlim=(0, limit))
        ax.axis("off")
    top = page.body - 0.12
    for x, title in (
        (bars, "Episodes, share"),
        (costs, "Median cost"),
        (stays, "Mean stay, days"),
        (dots, "Success, 0 to 100%"),
    ):
        page.text(x, top, title, size=9.5, color=GREY)
    for place, row in enumerate(shown):
        y = place + 0.5
        inches = height - row_height * y
        is_known = row.department_id != "unknown"
        left.barh(y, row.n, height=0.5, color=NAVY if is_known else "#BBC5CE")
        page.text(names, inches, ellipsis(row.name, names), ha="right")
        bar_end, dot_end = bars + bar_width * row.n / largest, dots + dot_width
        columns = [
            (bar_end + 0.09, 1.4, row.n, f"{row.n:,}", row.share_text),
            (costs, 1.06, row.costs_known, row.cost, row.cost_interval),
            (stays, 0.96, row.stays_recorded, row.stay, row.stay_interval),
            (dot_end + 0.15, 0.8, row.evaluable, row.success_text, row.success_interval),
        ]
        for x, room, count, value, bounds in columns:
            if count < MINIMUM_N or value is None:
                page.text(x, inches, f"n below {MINIMUM_N}", size=SMALL, color=GREY)
                continue
            page.text(x, inches + 0.085, value, weight="bold", size=11)
            page.text(x, inches - 0.105, ellipsis(bounds, room, SMALL), size=SMALL, color=GREY)
        if row.evaluable >= MINIMUM_N:
            right.hlines(y, row.success_low, row.success_high, color=NAVY, lw=2.2)
            right.plot(row.success, y, "o", color=NAVY, ms=5, clip_on=False)
    page.line([bars, bars], [0, height], color=COMMON, lw=1)
    page.line([dots, dots], [0, height], color=COMMON, lw=1)
