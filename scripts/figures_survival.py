"""Figures about survival: Kaplan-Meier curves with numbers at risk, by region and by insurance.

Usage: imported by plot_figures.py; nothing to run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import figure_headlines as plain
import figure_headlines_outcomes as headlines
from figure_headlines_outcomes import Group, SurvivalFinding
from figure_registry import MINIMUM_N, Marts, figure
from figure_style import (
    BODY,
    COMMON,
    GREY,
    GRID,
    HIGH,
    LOW,
    NAVY,
    PLUM,
    SMALL,
    TEAL,
    TEAL_TEXT,
    Page,
    ellipsis,
    horizontal_grid,
    percent_axis,
    period_text,
    spread,
    text_width,
)
from figures_cancer import NO_CASE, registry_dates

MARTS = ("kpi_survival_curves", "kpi_survival_summary", "kpi_hazard_ratios", "fct_cancer_cases")
MOST_GROUPS = 8


@dataclass(frozen=True)
class Grouping:
    """What the cases are divided by, and how that is worded."""

    figure_id: str
    column: str
    one: str
    many: str
    headline: Callable[..., SurvivalFinding]
    caution: str = ""


@figure("S-01", *MARTS)
def survival_by_region(marts: Marts) -> Page:
    """Kaplan-Meier curves by region with numbers at risk; no curve without an event flag."""
    return _survival(
        marts,
        Grouping("S-01", "region", "region", "regions", headlines.survival_by_region),
    )


@figure("S-02", *MARTS)
def survival_by_insurance(marts: Marts) -> Page:
    """Kaplan-Meier curves by insurance type, and whether they differ among alike cases."""
    return _survival(
        marts,
        Grouping(
            "S-02",
            "insurance_type",
            "insurance type",
            "insurance types",
            headlines.survival_by_insurance,
            " Stage and cancer type can differ between insurance types.",
        ),
    )


def _survival(marts: Marts, grouping: Grouping) -> Page:
    """The page of one grouping."""
    first, last = registry_dates(marts)
    groups = marts.rows(f"""
        select group_value as name, cases, is_testable, why_not, is_compared,
            events + censored as n,
            format('{{:.0f}}', median_months) as median_text,
            format('{{:.0f}} to ', median_months_low)
                || coalesce(format('{{:.0f}}', median_months_high), 'not reached')
                as median_interval,
            coalesce(at_risk_60m, 0) as at_risk_60m,
            format('{{:.0f}}%', 100 * survival_60m) as five_text,
            format('{{:.0f}}% ({{:.0f}} to {{:.0f}})', 100 * survival_60m, 100 * survival_60m_low,
                100 * survival_60m_high) as five_interval,
            logrank_p_value as p, logrank_stratified_p_value as stratified_p,
            case when logrank_p_value < 0.001 then 'p < 0.001'
                else format('p = {{:.3f}}', logrank_p_value) end as p_text,
            case when logrank_stratified_p_value < 0.001 then 'p < 0.001'
                else format('p = {{:.3f}}', logrank_stratified_p_value) end as stratified_text
        from marts.kpi_survival_summary
        where group_by = '{grouping.column}'
        order by cases desc, group_value
    """)
    points = marts.rows(f"""
        with counted as (
            select *,
                sum(events) over so_far as died, sum(censored) over so_far as left_alive
            from marts.kpi_survival_curves
            where group_by = '{grouping.column}'
            window so_far as (
                partition by group_value order by time_months
                rows between unbounded preceding and 1 preceding
            )
        )
        select group_value as name, time_months as months, at_risk,
            coalesce(cast(died as bigint), 0) as died,
            coalesce(cast(left_alive as bigint), 0) as left_alive,
            round(100 * survival, 4) as percent, round(100 * survival_low, 4) as low,
            round(100 * survival_high, 4) as high
        from counted
        order by group_value, time_months
    """)
    known = [r for r in groups if r.name != "unknown" and r.is_testable and r.n >= MINIMUM_N]
    shown = known[:MOST_GROUPS]
    curves = {
        group.name: [p for p in points if p.name == group.name and p.at_risk >= MINIMUM_N]
        for group in shown
    }
    compared = next((group for group in groups if group.is_compared), None)
    crude, alike = (_side(marts, grouping, shown, strata) for strata in ("=", "!="))
    finding = grouping.headline(
        compared.p if compared else None, crude, compared.stratified_p if compared else None, alike
    )
    apart = {group.name: group for group in crude if group.name in finding.apart}
    n = sum(group.n for group in groups if group.is_testable)
    why = None
    if not groups or sum(group.cases for group in groups) < MINIMUM_N:
        why = NO_CASE
    elif not any(group.is_testable for group in groups):
        reason = groups[0].why_not or "no case has a known vital status."
        why = reason[0].lower() + reason[1:]
    elif not shown:
        why = f"no {grouping.one} is known with {MINIMUM_N} cases that were followed up."
    notes = [
        f"n = {n:,} cases with a known time and vital status. Kaplan–Meier; a curve ends where "
        f"fewer than {MINIMUM_N} are at risk. Intervals: 95% (log–log). Observed survival, all "
        "causes of death. Not adjusted: a difference is not by itself one of care."
        + grouping.caution
    ]
    if compared:
        notes[0] += f" Log-rank test of all {grouping.many}: {compared.p_text}" + (
            f"; within stage and cancer type: {compared.stratified_text}."
            if compared.stratified_text
            else "."
        )
    if shown:
        notes.append(
            "Median survival in months: "
            + "; ".join(
                f"{plain.short(r.name)} {r.median_text} ({r.median_interval})"
                if r.median_text
                else f"{plain.short(r.name)} not reached"
                for r in shown
            )
            + "."
        )
    if apart:
        notes.append(
            "In colour: the interval of the crude hazard ratio (Peto) excludes 1 against most "
            f"other {grouping.many} with at least {MINIMUM_N} deaths, always on the same side ("
            + "; ".join(
                f"{plain.short(r.name)} {r.lower + r.higher} of {r.compared}"
                for r in apart.values()
            )
            + ")."
        )
    if len(known) > len(shown) or len(groups) > len(known):
        left_out = len(groups) - len(shown)
        notes.append(
            f"Not drawn: {left_out:,} "
            + (f"{grouping.one} that is" if left_out == 1 else f"{grouping.many} that are")
            + f" small, not known or beyond the {MOST_GROUPS} largest."
        )
    table_row = 0.4 if len(shown) <= 6 else 0.34
    table = 0.18 + table_row * len(shown)
    chart = max(2.9, 0.4 * len(shown) + 0.3)
    page = Page(
        grouping.figure_id,
        headline=finding.line,
        subtitle="Crude Kaplan–Meier survival from the diagnosis of cancer, "
        f"by {grouping.one}, diagnosed {period_text(first, last)}",
        notes=notes,
        mart="kpi_survival_curves",
        data_to=last,
        body=chart + 0.5 + table,
        no_data=why,
        alt=f"Kaplan–Meier curves by {grouping.one}: "
        + "; ".join(
            f"{plain.short(r.name)} n {r.n:,}, median "
            + (f"{r.median_text} months" if r.median_text else "not reached")
            for r in shown
        ),
        n=n if why is None else 0,
    )
    if page.is_empty:
        return page
    _draw_survival(page, shown, curves, points, apart, table_row)
    return page


def _side(marts: Marts, grouping: Grouping, shown: list, strata: str) -> list[Group]:
    """Against how many others the hazard ratio of each group excludes 1, crude or within strata."""
    rows = marts.rows(f"""
        with compared as (
            select * from marts.kpi_hazard_ratios
            where group_by = '{grouping.column}' and strata {strata} 'none'
        ),
        directed as (
            select group_value as name, hazard_ratio_low as low, hazard_ratio_high as high,
                observed as events, reference_observed as other_events
            from compared
            union all
            select reference_value, 1 / hazard_ratio_high, 1 / hazard_ratio_low,
                reference_observed, observed
            from compared
        )
        select name, count(*) as compared, count(*) filter (where low > 1) as lower,
            count(*) filter (where high < 1) as higher
        from directed
        where events >= {MINIMUM_N} and other_events >= {MINIMUM_N}
        group by name
        order by name
    """)
    counted = {row.name: row for row in rows}
    return [
        Group(
            one.name,
            counted[one.name].compared,
            counted[one.name].lower,
            counted[one.name].higher,
            one.five_text or "" if one.at_risk_60m >= MINIMUM_N else "",
        )
        for one in shown
        if one.name in counted
    ]


def _draw_survival(
    page: Page,
    groups: list,
    curves: dict[str, list],
    points: list,
    apart: dict[str, Group],
    table_row: float,
) -> None:
    """Curves, bands where they can be read, labels at their ends, the table below."""
    left, right_room = 0.5, 1.75
    width, bottom = BODY - left - right_room, 0.18 + table_row * len(groups) + 0.5
    height = page.body - bottom - 0.1
    ax = page.axes(left, bottom, width, height)
    longest = max(curve[-1].months for curve in curves.values() if curve)
    years = max(1, -(-int(longest) // 12))
    ax.set(xlim=(0, 12 * years), ylim=(0, 100))
    step = 1 if years <= 8 else 2 if years <= 16 else 5
    ticks = list(range(0, years + 1, step))
    unit = "year" if ticks[-1] == 1 else "years"
    ax.set_xticks(
        [12 * tick for tick in ticks],
        [f"{tick} {unit}" if tick == ticks[-1] else f"{tick}" for tick in ticks],
    )
    ax.set_yticks([0, 25, 50, 75, 100])
    percent_axis(ax)
    horizontal_grid(ax)
    colours = _colours([group.name for group in groups], apart)
    readable = {r.name for r in groups} if len(groups) <= 3 else set(apart)
    for group in sorted(groups, key=lambda r: r.name in apart):
        curve = curves[group.name]
        months = [0, *(point.months for point in curve)]
        line, word = colours[group.name]
        if group.name in readable:
            banded = [p for p in curve if p.low is not None and p.high is not None]
            ax.fill_between(
                [p.months for p in banded],
                [p.low for p in banded],
                [p.high for p in banded],
                step="post",
                color=line,
                alpha=0.16,
                lw=0,
            )
        ax.step(
            months,
            [100, *(point.percent for point in curve)],
            where="post",
            color=line,
            lw=2.6 if group.name in apart else 1.5 if apart else 1.9,
            zorder=3 if group.name in apart else 2,
        )
    inch = height / 100
    right = left + width
    ends = [(curves[r.name][-1].months, curves[r.name][-1].percent) for r in groups]
    labels = spread([bottom + inch * percent for _, percent in ends], 0.37)
    lowest = min(labels) - bottom - 0.16
    labels = [y - min(lowest, 0) for y in labels]
    for group, (months, percent), y in zip(groups, ends, labels, strict=True):
        line, word = colours[group.name]
        x = left + width * months / (12 * years)
        page.line(
            [x + 0.02, right + 0.06, right + 0.14],
            [bottom + inch * percent, y, y],
            color=line,
            lw=0.8,
            ls=(0, (1, 2)),
        )
        name = ellipsis(group.name, right_room - 0.2, 10.5, "bold")
        page.text(right + 0.18, y + 0.085, name, size=10.5, weight="bold", color=word)
        five = (
            f"5 years: {group.five_interval}"
            if group.five_interval and group.at_risk_60m >= MINIMUM_N
            else f"n = {group.n:,}"
        )
        page.text(right + 0.18, y - 0.09, five, size=SMALL, color=GREY)
    top = bottom - 0.5
    page.text(0, top, "Number at risk", weight="bold", size=9.5)
    x = text_width("Number at risk", 9.5, "bold") + 0.12
    page.text(x, top, "and, below, died / censored before", size=9, color=GREY)
    _at_risk(page, groups, points, colours, (left, width, years, ticks, top - 0.14, table_row))


def _at_risk(page: Page, groups: list, points: list, colours: dict, place: tuple) -> None:
    """The table under the curves: at risk, died and censored before each year."""
    left, width, years, ticks, top, table_row = place
    inch = width / (12 * years)
    for number, group in enumerate(groups):
        y = top - table_row * (number + 0.5)
        _, word = colours[group.name]
        name = ellipsis(group.name, BODY - left - width - 0.5, 9.5)
        page.text(left + width + 0.48, y, name, size=9.5, color=word)
        if number:
            page.line([0, BODY], [y + table_row / 2] * 2, color=GRID, lw=0.8)
        for tick in ticks:
            point = next(
                (p for p in points if p.name == group.name and p.months == 12 * tick), None
            )
            x = left + inch * 12 * tick
            if point is None:
                page.text(x, y + 0.07, "0", size=9.5, ha="center", color=GREY)
                continue
            page.text(x, y + 0.07, f"{point.at_risk:,}", size=9.5, ha="center")
            words = f"{point.died:,} / {point.left_alive:,}"
            page.text(x, y - 0.085, words, size=7.5, ha="center", color=GREY)


def _colours(names: list[str], apart: dict[str, Group]) -> dict[str, tuple[str, str]]:
    """Colour of each line and of its words: those that stand apart, or few, or all grey."""
    if apart:
        return {
            name: ((HIGH, HIGH) if apart[name].lower else (LOW, LOW))
            if name in apart
            else (COMMON, GREY)
            for name in names
        }
    if len(names) <= 3:
        few = [(NAVY, NAVY), (TEAL, TEAL_TEXT), (PLUM, PLUM)]
        return dict(zip(names, few, strict=False))
    return dict.fromkeys(names, (COMMON, GREY))
