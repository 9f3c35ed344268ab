"""Figures about costs: how they are distributed by type, and what intensive care costs by month.

Usage: imported by plot_figures.py; nothing to run.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from math import log10

import figure_headlines as headlines
import figure_headlines_care as care_headlines
from figure_headlines import Estimate
from figure_headlines_care import Ratio
from figure_registry import MINIMUM_N, Marts, figure, money
from figure_style import (
    BAND,
    BODY,
    GREY,
    GRID,
    HIGH,
    MID_BLUE,
    MONTHS,
    NAVY,
    PALE_BLUE,
    SMALL,
    WIDTH,
    Page,
    ellipsis,
    horizontal_grid,
    label_width,
    period_text,
    spread,
    text_width,
)
from figures_care import episode_dates, month_bars
from figures_finance import MOST_TYPES, TREATED, TYPE_NAME

MOST_TICKS = 9
N_OF_P90, N_OF_P95 = 30, 50
TAIL = ({"ms": 4.2}, {"ms": 4.2, "mfc": "white", "mew": 1.3})
NO_ICU = f"no month has {MINIMUM_N} or more episodes with a cost in a department aliased to icu."


@dataclass(frozen=True)
class Costs:
    """Whose costs a distribution shows: a source system, and its words."""

    system: str
    neutral: str  # the headline where nothing can be said
    cost_of: str  # "Cost of a treatment in dollars, by type, share of treatments"
    population: str  # "treatments with a cost, on attended appointments or not"
    one: str  # what an n counts, "treatments"
    no_data: str
    row_height: float = 0.62
    most: int = MOST_TYPES
    tail: bool = False  # whether the 90th and 95th percentiles are shown too


@figure("M-02", "kpi_cost_histogram", "kpi_treatment_costs", "fct_treatments", "fct_appointments")
def treatment_cost_distribution(marts: Marts) -> Page:
    """Distribution of the cost of a treatment by type, on a log axis, with the median."""
    first, last, data_to = marts.dates(TREATED)
    treatments = Costs(
        system="hospital_ops",
        neutral="How the cost of a treatment is distributed, by type",
        cost_of="Cost of a treatment in dollars, by type, share of treatments",
        population="treatments with a cost, on attended appointments or not",
        one="treatments",
        no_data=f"no type has {MINIMUM_N} or more treatments with a usable cost.",
    )
    return cost_distribution(marts, "M-02", treatments, period_text(first, last), data_to)


def cost_distribution(
    marts: Marts, figure_id: str, costs: Costs, period: str, data_to: date | None
) -> Page:
    """Histograms of costs by type of treatment on one log axis, with the median and its n."""
    types = marts.rows(f"""
        select {TYPE_NAME} as name, treatments as n,
            round(median_cost, 2) as median, cast(median_cost_low as double) as low,
            cast(median_cost_high as double) as high,
            {money("median_cost")} as median_text,
            {money("p25_cost")} || ' to ' || {money("p75_cost")} as half_text,
            -- so far up, a quantile of fewer is hardly more than the largest cost
            case when treatments >= {N_OF_P90} then round(p90_cost, 2) end as p90,
            case when treatments >= {N_OF_P95} then round(p95_cost, 2) end as p95,
            {money("p90_cost")} as p90_text, {money("p95_cost")} as p95_text
        from marts.kpi_treatment_costs
        where source_system = '{costs.system}' and cost_scope = 'all' and treatment_type != 'all'
            and treatments > 0
        order by median_cost desc, name
    """)
    bins = marts.rows(f"""
        select {TYPE_NAME} as name, lower_edge, upper_edge, treatments,
            round(100 * share, 3) as percent
        from marts.kpi_cost_histogram
        where source_system = '{costs.system}' and treatment_type != 'all'
        order by treatment_type, bin
    """)
    drawn = [b for b in bins if b.lower_edge > 0]
    free = sum(b.treatments for b in bins if b.lower_edge <= 0)
    shown = [t for t in types if any(b.name == t.name for b in drawn)][: costs.most]
    n = sum(t.n for t in types)
    page = Page(
        figure_id,
        headline=headlines.treatment_cost_distribution(
            [Estimate(t.name, t.low, t.high, t.n, t.median_text) for t in types], costs.neutral
        ),
        subtitle=f"{costs.cost_of} in each class of cost (log scale), {period}",
        notes=[
            f"n = {n:,} {costs.population}. Ten classes to "
            "a factor of ten; all types have the same vertical scale. Vertical line: median; in "
            f"brackets the middle half of the {costs.one}."
            + (
                f" Percentiles need n of {N_OF_P90} (90th) and {N_OF_P95} (95th)."
                if costs.tail
                else ""
            )
            + (f" Not drawn: {free:,} at no cost." if free else "")
            + (
                f" The {len(shown)} dearest of {len(types)} types."
                if len(types) > len(shown)
                else ""
            )
        ],
        mart="kpi_cost_histogram",
        data_to=data_to,
        body=costs.row_height * len(shown) + 0.5,
        no_data=None if any(t.n >= MINIMUM_N for t in shown) else costs.no_data,
        alt=f"Histograms on a log axis of the {costs.cost_of.split(' in ')[0].lower()} by type: "
        + "; ".join(
            f"{headlines.short(t.name)} median {t.median_text} ({t.half_text})"
            + (f", 90th percentile {t.p90_text}" if costs.tail and t.p90 else "")
            + (f", 95th {t.p95_text}" if costs.tail and t.p95 else "")
            for t in shown
        ),
        n=n,
    )
    if not page.is_empty:
        _draw_distributions(page, costs, shown, drawn)
    return page


def _draw_distributions(page: Page, costs: Costs, shown: list, drawn: list) -> None:
    """A row for each type: histogram with its median, then the numbers."""
    names = label_width([t.name for t in shown], 2.0)
    left, axis_room, row_height = names + 0.15, 0.36, costs.row_height
    width = BODY - left - (2.65 if costs.tail else 1.55)
    kept = {t.name for t in shown if t.n >= MINIMUM_N}  # five would set the scale of all
    visible = [b for b in drawn if b.name in kept]
    tallest = max(b.percent for b in visible)
    ax = page.axes(left, axis_room, width, row_height * len(shown))
    ax.set_ylim(len(shown), 0)
    ax.set_xscale("log")
    ax.set_xlim(
        min(b.lower_edge for b in visible) / 1.06, max(b.upper_edge for b in visible) * 1.06
    )
    ax.set_yticks([])
    cost_ticks(ax)
    x = left + width + 0.12
    for place, kind in enumerate(shown):
        floor = place + 0.97
        if place < len(shown) - 1:
            ax.axhline(floor, color=GRID, lw=1.2)
        for one in visible:
            if one.name == kind.name:
                ax.fill_between(
                    [one.lower_edge, one.upper_edge],
                    floor,
                    floor - 0.84 * one.percent / tallest,
                    color=PALE_BLUE,
                    lw=0,
                )
        inches = axis_room + row_height * (len(shown) - place - 0.5)
        page.text(names, inches + 0.085, ellipsis(kind.name, names), ha="right")
        page.text(names, inches - 0.105, f"n = {kind.n:,}", ha="right", size=SMALL, color=GREY)
        if kind.n < MINIMUM_N:
            page.text(x, inches, f"n below {MINIMUM_N}", size=SMALL, color=GREY)
            continue
        ax.vlines(kind.median, floor - 0.9, floor, color=NAVY, lw=2.2)
        page.text(x, inches + 0.085, kind.median_text, weight="bold", size=11, color=NAVY)
        page.text(x, inches - 0.105, f"({kind.half_text})", size=SMALL, color=GREY)
        if costs.tail:
            _tail(page, ax, kind, x + 1.42, inches, floor)
    top = page.body - 0.06
    page.text(x, top, "Median (middle half)", size=9.5, color=GREY)
    if costs.tail:
        for at, style, words in ((1.42, TAIL[0], "90th"), (1.89, TAIL[1], "95th pct.")):
            page.mark(x + at + 0.04, top, "D", HIGH, **style)
            page.text(x + at + 0.12, top, words, size=9.5, color=GREY)


def _tail(page: Page, ax, kind, x: float, inches: float, floor: float) -> None:
    """The high end of a type's costs: what the few dearest cost."""
    for value, style in zip((kind.p90, kind.p95), TAIL, strict=True):
        if value:  # a log axis has no place for nothing
            ax.plot(value, floor - 0.14, "D", color=HIGH, clip_on=False, **style)
    for value, words, up in ((kind.p90, kind.p90_text, 0.085), (kind.p95, kind.p95_text, -0.105)):
        words = words if value is not None else "n too small"
        page.text(x, inches + up, words, size=9.5 if value is not None else SMALL, color=GREY)


@figure("M-06", "kpi_cost_histogram", "kpi_treatment_costs", "fct_episodes")
def episode_costs_by_treatment(marts: Marts) -> Page:
    """Distribution of the cost of a care episode by treatment, with its high end."""
    first, last, data_to = episode_dates(marts, "cost is not null")
    episodes = Costs(
        system="care_episodes",
        neutral="How the cost of a care episode is distributed, by treatment",
        cost_of="Cost of a care episode in dollars, by treatment, share of episodes",
        population="care episodes with a cost",
        one="episodes",
        no_data=f"no treatment has {MINIMUM_N} or more care episodes with a usable cost.",
        row_height=0.45,
        most=20,
        tail=True,
    )
    return cost_distribution(marts, "M-06", episodes, period_text(first, last), data_to)


@figure(
    "M-05",
    "kpi_department_costs_monthly",
    "kpi_costs_seasonal",
    "kpi_patient_volume_monthly",
    "dim_dates",
    "fct_episodes",
)
def icu_costs_monthly(marts: Marts) -> Page:
    """Median cost of an intensive care episode by month on a log axis, winters shaded."""
    first, last, data_to = episode_dates(marts, "department_id = 'icu' and cost is not null")
    months = marts.rows(f"""
        with observed as (
            select month from marts.kpi_patient_volume_monthly
            where facility_id = 'all' and department_id = 'all' and observation_days is not null
        ),
        calendar as (
            select dates.month, max(dates.season) as season
            from marts.dim_dates as dates
            where dates.month in (select month from observed)
            group by dates.month
        )
        select calendar.month, calendar.season, coalesce(costs.episodes, 0) as n,
            case when costs.episodes >= {MINIMUM_N} and costs.median_cost > 0
                then round(costs.median_cost, 2) end as median,
            cast(costs.median_cost_low as double) as low,
            cast(costs.median_cost_high as double) as high,
            {money("costs.median_cost")} as label
        from calendar
        left join marts.kpi_department_costs_monthly as costs
            on costs.month = calendar.month and costs.department_id = 'icu'
        order by calendar.month
    """)
    seasons = {
        row.season: row
        for row in marts.rows(f"""
            select season, episodes, least(episodes_above_zero, rest_episodes_above_zero) as fewer,
                round(geometric_mean_cost, 2) as mean, {money("geometric_mean_cost")} as mean_text,
                {money("geometric_mean_cost_low")} || ' to ' || {money("geometric_mean_cost_high")}
                    as mean_interval,
                round(rest_geometric_mean_cost, 2) as rest,
                {money("rest_geometric_mean_cost")} as rest_text,
                round(geometric_mean_ratio_low, 4) as low,
                round(geometric_mean_ratio_high, 4) as high,
                format('{{:.1f}}', geometric_mean_ratio) as ratio,
                format('{{:.2f}} ({{:.2f}} to {{:.2f}})', geometric_mean_ratio,
                    geometric_mean_ratio_low, geometric_mean_ratio_high) as ratio_text
            from marts.kpi_costs_seasonal
            where department_id = 'icu' and season in ('winter', 'all')
        """)
    }
    winter = seasons.get("winter")
    if winter is not None and (winter.low is None or winter.fewer < MINIMUM_N):
        winter = None
    n = seasons["all"].episodes if "all" in seasons else 0
    shown = [row for row in months if row.median is not None]
    few = sum(1 for row in months if 0 < row.n < MINIMUM_N)
    page = Page(
        "M-05",
        headline=care_headlines.icu_costs_monthly(
            Ratio(winter.low, winter.high, winter.fewer, winter.ratio) if winter else None
        )
        if shown
        else "Cost of intensive care episodes by month",
        subtitle="Cost of an intensive care episode in dollars, median by month (log scale), all "
        "facilities, " + period_text(first, last),
        notes=[
            f"n = {n:,} intensive care episodes with a cost; bars show n of each month. Lines: 95% "
            f"intervals of the median (order statistics). Shaded: winter{_winter(months)}."
            + (f" Months with fewer than {MINIMUM_N} are not shown ({few})." if few else ""),
            *(
                [
                    "Dashed: geometric mean of winter and of the rest of the year; ratio "
                    f"{winter.ratio_text}, 95% Welch interval on logarithms. Not adjusted for "
                    "case mix."
                ]
                if winter
                else []
            ),
        ],
        mart="kpi_department_costs_monthly",
        data_to=data_to,
        body=4.05,
        no_data=None if shown else NO_ICU,
        alt=f"Dots with intervals of the median cost by month, {len(shown)} months, on a log axis"
        + (
            f"; geometric mean {winter.mean_text} in winter and {winter.rest_text} in the rest of "
            f"the year, ratio {winter.ratio_text}"
            if winter
            else ""
        ),
        n=n if shown else 0,
    )
    if not page.is_empty:
        _draw_months(page, months, shown, winter)
    return page


def _winter(months: list) -> str:
    """The months of winter, which the hemisphere of the settings decides: (Jun, Jul, Aug)."""
    numbers = sorted({row.month.month for row in months if row.season == "winter"})
    names = ", ".join(MONTHS[m - 1] for m in sorted(numbers, key=lambda m: m % 12))
    return f" ({names})" if names else ""


def _draw_months(page: Page, months: list, shown: list, winter) -> None:
    """Medians over the number of episodes, month by month."""
    left, width, height = 0.72, 6.35, 2.6
    ax = page.axes(left, page.body - height, width, height)
    ax.set_yscale("log")
    low = min(max(row.low, row.median / 100) for row in shown)
    high = max(row.high for row in shown)
    if winter:
        low, high = min(low, winter.mean, winter.rest), max(high, winter.mean, winter.rest)
    ax.set(xlim=(-0.7, len(months) - 0.3), ylim=(low / 1.25, high * 1.25))
    counts = [row.n for row in months]
    title = "Intensive care episodes with a cost, n"
    lower = month_bars(page, (left, width), months, counts, title)
    for x, row in enumerate(months):
        is_winter = row.season == "winter"
        if is_winter:
            for panel in (ax, lower):
                panel.axvspan(x - 0.5, x + 0.5, color=BAND, lw=0, zorder=0)
        if winter:
            level = winter.mean if is_winter else winter.rest
            style = {"color": NAVY if is_winter else GREY, "lw": 1.3, "ls": (0, (3, 2))}
            ax.hlines(level, x - 0.5, x + 0.5, **style)
        if row.median is not None:
            colour = NAVY if is_winter else MID_BLUE
            ax.vlines(x, max(row.low, low), row.high, color=colour, lw=1.8)
            ax.plot(x, row.median, "o", color=colour, ms=5, mec="white", mew=0.8)
    cost_ticks(ax, "y")
    horizontal_grid(ax)
    ax.tick_params(axis="x", length=0, labelbottom=False)
    if winter:
        _label_levels(page, ax, winter, left + width + 0.1, height)


def _label_levels(page: Page, ax, winter, x: float, height: float) -> None:
    """The two levels in words, beside their lines."""
    levels = [winter.mean, winter.rest]
    ys = [ax.transAxes.inverted().transform(ax.transData.transform((0, v)))[1] for v in levels]
    places = spread([page.body - height + y * height for y in ys], 0.5)
    for y, value, title, colour in (
        (places[0], winter.mean_text, "Winter", NAVY),
        (places[1], winter.rest_text, "Rest of the year", GREY),
    ):
        page.text(x, y + 0.09, value, weight="bold", color=colour)
        page.text(x, y - 0.09, title, size=9, color=colour)


def cost_ticks(ax, which: str = "x") -> None:
    """Round amounts on a log axis, as many as have room: 1, 2, 5, or 1, 3, or powers of ten."""
    axis = ax.xaxis if which == "x" else ax.yaxis
    low, high = ax.get_xlim() if which == "x" else ax.get_ylim()
    box = ax.get_position()
    inches = box.width * WIDTH if which == "x" else box.height * ax.figure.get_figheight()
    for steps in ((1, 2, 5), (1, 3), (1,)):
        amounts = [round(10.0**power * step, 6) for power in range(-3, 13) for step in steps]
        ticks = [amount for amount in amounts if low <= amount <= high]
        labels = [f"${tick:,.10g}" for tick in ticks]
        sizes = [text_width(label) + 0.1 if which == "x" else 0.22 for label in labels]
        fits = all(
            log10(after / before) / log10(high / low) * inches >= (size + next_size) / 2
            for before, after, size, next_size in zip(
                ticks, ticks[1:], sizes, sizes[1:], strict=False
            )
        )
        if fits and len(ticks) <= MOST_TICKS:
            break
    axis.set_ticks(ticks, labels)
    axis.set_ticks([], minor=True)
