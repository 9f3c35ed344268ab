"""Figures about cancer: who is in the registry, response by treatment, survival by region.

Usage: imported by plot_figures.py; nothing to run.
"""

from __future__ import annotations

from datetime import date

import figure_headlines as plain
import figure_headlines_outcomes as headlines
from figure_headlines import Estimate
from figure_headlines_outcomes import Region
from figure_registry import MINIMUM_N, Marts, figure
from figure_style import (
    BODY,
    COMMON,
    GREY,
    GRID,
    HIGH,
    INK,
    LOW,
    NAVY,
    PLUM,
    SMALL,
    TEAL,
    TEAL_TEXT,
    Page,
    ellipsis,
    horizontal_grid,
    label_width,
    percent_axis,
    period_text,
    spread,
    text_width,
)

NO_CASE = f"the cancer registry has fewer than {MINIMUM_N} cases."
MOST_VALUES, MOST_TREATMENTS, MOST_REGIONS = 10, 14, 8
PANELS = {
    "cancer_type": "Cancer type",
    "treatment": "Treatment",
    "outcome": "Outcome",
    "stage": "Stage",
    "gender": "Gender",
    "age_band": "Age at diagnosis",
    "facility": "Hospital",
    "insurance_type": "Insurance",
}
NAMES = {
    "complete_response": "Complete response",
    "partial_response": "Partial response",
    "stable_disease": "Stable disease",
    "progressive_disease": "Progressive disease",
    "in_progress": "In progress",
    "unknown": "Not known",
    "female": "Female",
    "male": "Male",
    "other": "Other",
}
NOT_KNOWN = "#BBC5CE"


def registry_dates(marts: Marts) -> tuple[date | None, date | None]:
    """First and last diagnosis of the cancer registry."""
    row = marts.row(
        "select min(diagnosis_date) as first, max(diagnosis_date) as last"
        " from marts.fct_cancer_cases where not is_future"
    )
    return row.first, row.last


@figure("C-01", "kpi_cancer_distribution", "dim_facilities", "fct_cancer_cases")
def cancer_distributions(marts: Marts) -> Page:
    """Cases of the registry by cancer type, treatment, outcome and who the patients are."""
    first, last = registry_dates(marts)
    rows = marts.rows(f"""
        with ranked as (
            select *,
                row_number() over (
                    partition by dimension order by value = 'unknown', cases desc, value
                ) as place
            from marts.kpi_cancer_distribution
            where dimension in ('{"', '".join(PANELS)}')
        ),
        gathered as (
            -- the rare values of a long list as one row
            select dimension, all_cases, sum(cases) as cases, count(*) as counted,
                case
                    when value != 'unknown' and place > {MOST_VALUES}
                        and dimension in ('cancer_type', 'treatment', 'facility', 'insurance_type')
                        then null
                    else value
                end as value
            from ranked
            group by dimension, all_cases, 5
        )
        select dimension, value, cast(cases as bigint) as cases, all_cases,
            round(100e0 * cases / all_cases, 3) as percent,
            case when 200 * cases < all_cases then '<1%'
                else format('{{:.0f}}%', 100e0 * cases / all_cases) end as share_text,
            case
                when value is null then format('{{:,}} others', counted)
                when dimension = 'facility' and value != 'unknown'
                    then coalesce(nullif(trim(facilities.name), ''), value)
                else value
            end as name
        from gathered
        left join marts.dim_facilities as facilities
            on facilities.facility_id = gathered.value
            and gathered.dimension = 'facility'
        order by dimension, coalesce(value, '') = 'unknown', value is null,
            case when dimension in ('age_band', 'stage') then value end,
            case dimension || ' ' || value
                when 'outcome complete_response' then 1
                when 'outcome partial_response' then 2
                when 'outcome stable_disease' then 3
                when 'outcome progressive_disease' then 4
                when 'outcome in_progress' then 5
                else 6
            end, cases desc, value
    """)
    types = marts.rows("""
        select value as name, cases, round(100 * share_low, 2) as low,
            round(100 * share_high, 2) as high, format('{:.0f}%', 100 * share) as label
        from marts.kpi_cancer_distribution
        where dimension = 'cancer_type' and value != 'unknown'
        order by cases desc, value
    """)
    panels = {name: [row for row in rows if row.dimension == name] for name in PANELS}
    n = max((row.all_cases for row in rows), default=0)
    pitch, title_room = 0.2, 0.46
    # a dimension that the extract does not have needs one line to say so
    lines = {
        name: 1 if all(row.value == "unknown" for row in panel) else len(panel)
        for name, panel in panels.items()
    }
    columns = (list(PANELS)[:5], list(PANELS)[5:])
    heights = [sum(title_room + pitch * lines[name] for name in column) for column in columns]
    page = Page(
        "C-01",
        headline=headlines.cancer_distributions(
            [Estimate(r.name, r.low, r.high, r.cases, r.label) for r in types]
        ),
        subtitle="Cases of the cancer registry, number and share of all, diagnosed "
        + period_text(first, last),
        notes=[
            f"n = {n:,} cases; a person with two cancers counts twice. Shares are of all cases, "
            "so that each panel adds up to 100%; all bars have the same scale. Not known is shown "
            "and never left out."
        ],
        mart="kpi_cancer_distribution",
        data_to=last,
        body=max(heights) - 0.14,
        no_data=None if n >= MINIMUM_N else NO_CASE,
        alt="Bars of registry cases: "
        + "; ".join(
            f"{title}: "
            + ", ".join(
                f"{plain.short(NAMES.get(row.value, row.name))} {row.share_text}"
                for row in panels[name][:5]
            )
            for name, title in PANELS.items()
        ),
        n=n,
    )
    if page.is_empty:
        return page
    widest = max(row.percent for row in rows if row.value != "unknown")
    column_width = (BODY - 0.45) / 2
    for number, column in enumerate(columns):
        x, y = number * (column_width + 0.45), page.body
        for name in column:
            page.text(x, y - 0.11, PANELS[name], weight="bold", size=11)
            y -= 0.25
            shown = panels[name]
            if all(row.value == "unknown" for row in shown):
                page.text(x, y - pitch / 2, "Not in the extract", size=9.5, color=GREY)
                y -= pitch + title_room - 0.25
                continue
            _bars(page, shown, (x, y, column_width), pitch, widest)
            y -= pitch * len(shown) + title_room - 0.25
    return page


def _bars(page: Page, rows: list, place: tuple[float, ...], pitch: float, widest: float) -> None:
    """One panel: a bar, a number and a share for each value."""
    x, y, width = place
    names, numbers = 1.62, 0.95
    bars = width - names - numbers
    for row in rows:
        y -= pitch
        name = NAMES.get(row.value, row.name).replace(
            "-", "–" if row.dimension == "age_band" else "-"
        )
        is_known = row.value != "unknown"
        page.text(
            x + names - 0.08,
            y + pitch / 2,
            ellipsis(name, names - 0.08, 9.5),
            size=9.5,
            ha="right",
            color=INK if is_known else GREY,
        )
        length = bars * min(row.percent / widest, 1)
        page.rectangle(x + names, y + 0.025, length, pitch - 0.05, NAVY if is_known else NOT_KNOWN)
        page.text(
            x + width - 0.42, y + pitch / 2, f"{row.cases:,}", size=9.5, ha="right", color=INK
        )
        page.text(x + width, y + pitch / 2, row.share_text, size=9.5, ha="right", color=GREY)
    page.line([x + names] * 2, [y, y + pitch * len(rows)], color=COMMON, lw=1)


@figure("C-02", "kpi_treatment_outcomes", "fct_cancer_cases")
def cancer_outcomes_by_treatment(marts: Marts) -> Page:
    """Share of evaluable cases with complete or partial response, by treatment."""
    first, last = registry_dates(marts)
    rows = marts.rows(f"""
        select treatment, case when treatment = 'unknown' then 'Not known' else treatment end
                as name,
            cases, evaluable, successes, not_evaluable, round(100 * success_rate, 2) as percent,
            round(100 * success_rate_low, 2) as low, round(100 * success_rate_high, 2) as high,
            format('{{:.0f}}%', 100 * success_rate) as whole,
            format('{{:.1f}}%', 100 * success_rate) as label,
            format('{{:.1f}} to {{:.1f}}', 100 * success_rate_low, 100 * success_rate_high)
                as interval
        from marts.kpi_treatment_outcomes
        where source_system = 'cancer_registry' and facility_id = 'all'
        order by treatment = 'unknown', evaluable < {MINIMUM_N}, success_rate desc nulls last,
            treatment
    """)
    whole = next((row for row in rows if row.treatment == "all"), None)
    treatments = [row for row in rows if row.treatment != "all"]
    known = [row for row in treatments if row.treatment != "unknown"]
    largest = sorted(treatments, key=lambda row: (-row.cases, row.name))[:MOST_TREATMENTS]
    shown = [row for row in treatments if row in largest]
    n = whole.evaluable if whole else 0
    why = None
    if whole is None or whole.cases < MINIMUM_N:
        why = NO_CASE
    elif n < MINIMUM_N:
        why = (
            "the extract does not say what became of the treatments: fewer than "
            f"{MINIMUM_N} cases have a known result."
        )
    row_height = 0.5
    page = Page(
        "C-02",
        headline=headlines.cancer_outcomes_by_treatment(
            [Estimate(r.name, r.low, r.high, r.evaluable, r.whole) for r in known],
            whole.whole if whole else None,
        ),
        subtitle="Complete or partial response as a share of cases with a known result, by "
        f"treatment, diagnosed {period_text(first, last)}",
        notes=[
            f"n = {n:,} cases with a known result; left out: "
            f"{whole.not_evaluable if whole else 0:,} in progress or not recorded. Lines and small "
            "figures: 95% Wilson intervals. Result as recorded, whenever it was assessed. Who gets "
            "which treatment depends on stage and cancer type: nothing here is adjusted for that, "
            "and a difference is no effect of the treatment."
            + (
                f" The {MOST_TREATMENTS} most frequent of {len(treatments):,} treatments."
                if len(treatments) > MOST_TREATMENTS
                else ""
            )
        ],
        mart="kpi_treatment_outcomes",
        data_to=last,
        body=row_height * len(shown) + 0.78,
        no_data=why,
        alt="Dots with intervals of the response rate by treatment: "
        + "; ".join(
            f"{plain.short(r.name)} {r.label} ({r.interval}), n {r.evaluable:,}"
            for r in shown
            if r.percent is not None
        ),
        n=n,
    )
    if page.is_empty:
        return page
    names = label_width([row.name for row in shown], 2.3)
    left, bottom, height = names + 0.15, 0.42, row_height * len(shown)
    width = BODY - left - 1.15
    ax = page.axes(left, bottom, width, height)
    ax.set(xlim=(0, 100), ylim=(len(shown), 0))
    ax.set_yticks([])
    ax.grid(axis="x", color=GRID, lw=1)
    percent_axis(ax, "x")
    for place, row in enumerate(shown):
        y = place + 0.5
        inches = bottom + height - row_height * y
        page.text(names, inches + 0.085, ellipsis(row.name, names), ha="right")
        words = f"n = {row.evaluable:,} of {row.cases:,}"
        page.text(names, inches - 0.105, words, ha="right", size=SMALL, color=GREY)
        x = left + width + 0.15
        if row.evaluable < MINIMUM_N:
            page.text(x, inches, f"n below {MINIMUM_N}", size=SMALL, color=GREY)
            continue
        colour = NAVY if row.treatment != "unknown" else COMMON
        ax.hlines(y, row.low, row.high, color=colour, lw=2.4)
        ax.plot(row.percent, y, "o", color=colour, ms=8, clip_on=False)
        page.text(x, inches + 0.085, row.label, weight="bold", size=11)
        page.text(x, inches - 0.105, row.interval, size=SMALL, color=GREY)
    x = left + width * whole.percent / 100
    page.line([x, x], [bottom, bottom + height], color=GREY, lw=1.2, ls=(0, (4, 3)))
    page.text(x, bottom + height + 0.14, f"all {whole.label}", size=9.5, color=GREY, ha="center")
    return page


@figure(
    "S-01",
    "kpi_survival_curves",
    "kpi_survival_summary",
    "kpi_hazard_ratios",
    "fct_cancer_cases",
)
def survival_by_region(marts: Marts) -> Page:
    """Kaplan-Meier curves by region with numbers at risk; no curve without an event flag."""
    first, last = registry_dates(marts)
    regions = marts.rows("""
        select group_value as name, cases, is_testable, why_not, is_compared,
            events + censored as n,
            format('{:.0f}', median_months) as median_text,
            format('{:.0f} to ', median_months_low)
                || coalesce(format('{:.0f}', median_months_high), 'not reached') as median_interval,
            coalesce(at_risk_60m, 0) as at_risk_60m,
            format('{:.0f}%', 100 * survival_60m) as five_text,
            format('{:.0f}% ({:.0f} to {:.0f})', 100 * survival_60m, 100 * survival_60m_low,
                100 * survival_60m_high) as five_interval,
            logrank_p_value as p,
            case when logrank_p_value < 0.001 then 'p < 0.001'
                else format('p = {:.3f}', logrank_p_value) end as p_text,
            case when logrank_stratified_p_value < 0.001 then 'p < 0.001'
                else format('p = {:.3f}', logrank_stratified_p_value) end as stratified_text
        from marts.kpi_survival_summary
        where group_by = 'region'
        order by cases desc, group_value
    """)
    ratios = _ratios(marts)
    points = marts.rows("""
        with counted as (
            select *,
                sum(events) over so_far as died, sum(censored) over so_far as left_alive
            from marts.kpi_survival_curves
            where group_by = 'region'
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
    known = [r for r in regions if r.name != "unknown" and r.is_testable and r.n >= MINIMUM_N]
    shown = known[:MOST_REGIONS]
    curves = {
        region.name: [p for p in points if p.name == region.name and p.at_risk >= MINIMUM_N]
        for region in shown
    }
    compared = next((region for region in regions if region.is_compared), None)
    p_value = compared.p if compared else None
    compared_regions = [
        Region(
            region.name,
            ratios[region.name].compared,
            ratios[region.name].lower,
            ratios[region.name].higher,
            region.five_text or "" if region.at_risk_60m >= MINIMUM_N else "",
        )
        for region in shown
        if region.name in ratios
    ]
    differs = p_value is not None and p_value < plain.SIGNIFICANT
    apart = {r.name: r for r in compared_regions if differs and r.stands_apart}
    n = sum(region.n for region in regions if region.is_testable)
    why = None
    if not regions or sum(region.cases for region in regions) < MINIMUM_N:
        why = NO_CASE
    elif not any(region.is_testable for region in regions):
        reason = regions[0].why_not or "no case has a known vital status."
        why = reason[0].lower() + reason[1:]
    elif not shown:
        why = f"no region is known with {MINIMUM_N} cases that were followed up."
    notes = [
        f"n = {n:,} cases with a known time and vital status. Kaplan–Meier; a curve ends where "
        f"fewer than {MINIMUM_N} are at risk. Intervals: 95% (log–log). Observed survival, all "
        "causes of death. Not adjusted: a difference is not by itself one of care."
    ]
    if compared:
        notes[0] += f" Log-rank test of all regions: {compared.p_text}" + (
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
            f"other regions with at least {MINIMUM_N} deaths, always on the same side ("
            + "; ".join(
                f"{plain.short(r.name)} {r.lower + r.higher} of {r.compared}"
                for r in apart.values()
            )
            + ")."
        )
    if len(known) > len(shown) or len(regions) > len(known):
        notes.append(
            f"Not drawn: {len(regions) - len(shown):,} regions that are small, not known or "
            f"beyond the {MOST_REGIONS} largest."
        )
    table_row = 0.4 if len(shown) <= 6 else 0.34
    table = 0.18 + table_row * len(shown)
    chart = max(2.9, 0.4 * len(shown) + 0.3)
    page = Page(
        "S-01",
        headline=headlines.survival_by_region(p_value, compared_regions),
        subtitle="Crude Kaplan–Meier survival from the diagnosis of cancer, by region, diagnosed "
        + period_text(first, last),
        notes=notes,
        mart="kpi_survival_curves",
        data_to=last,
        body=chart + 0.5 + table,
        no_data=why,
        alt="Kaplan–Meier curves by region: "
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


def _ratios(marts: Marts) -> dict:
    """Against how many other regions the crude hazard ratio excludes 1, by region."""
    rows = marts.rows(f"""
        with directed as (
            select group_value as name, hazard_ratio_low as low, hazard_ratio_high as high,
                observed as events, reference_observed as other_events
            from marts.kpi_hazard_ratios
            where group_by = 'region' and strata = 'none'
            union all
            select reference_value, 1 / hazard_ratio_high, 1 / hazard_ratio_low,
                reference_observed, observed
            from marts.kpi_hazard_ratios
            where group_by = 'region' and strata = 'none'
        )
        select name, count(*) as compared, count(*) filter (where low > 1) as lower,
            count(*) filter (where high < 1) as higher
        from directed
        where events >= {MINIMUM_N} and other_events >= {MINIMUM_N}
        group by name
        order by name
    """)
    return {row.name: row for row in rows}


def _draw_survival(
    page: Page,
    regions: list,
    curves: dict[str, list],
    points: list,
    apart: dict[str, Region],
    table_row: float,
) -> None:
    """Curves, bands where they can be read, labels at their ends, the table below."""
    left, right_room = 0.5, 1.75
    width, bottom = BODY - left - right_room, 0.18 + table_row * len(regions) + 0.5
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
    colours = _colours([region.name for region in regions], apart)
    readable = {r.name for r in regions} if len(regions) <= 3 else set(apart)
    for region in sorted(regions, key=lambda r: r.name in apart):
        curve = curves[region.name]
        months = [0, *(point.months for point in curve)]
        line, word = colours[region.name]
        if region.name in readable:
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
            lw=2.6 if region.name in apart else 1.5 if apart else 1.9,
            zorder=3 if region.name in apart else 2,
        )
    inch = height / 100
    right = left + width
    ends = [(curves[r.name][-1].months, curves[r.name][-1].percent) for r in regions]
    labels = spread([bottom + inch * percent for _, percent in ends], 0.37)
    lowest = min(labels) - bottom - 0.16
    labels = [y - min(lowest, 0) for y in labels]
    for region, (months, percent), y in zip(regions, ends, labels, strict=True):
        line, word = colours[region.name]
        x = left + width * months / (12 * years)
        page.line(
            [x + 0.02, right + 0.06, right + 0.14],
            [bottom + inch * percent, y, y],
            color=line,
            lw=0.8,
            ls=(0, (1, 2)),
        )
        name = ellipsis(region.name, right_room - 0.2, 10.5, "bold")
        page.text(right + 0.18, y + 0.085, name, size=10.5, weight="bold", color=word)
        five = (
            f"5 years: {region.five_interval}"
            if region.five_interval and region.at_risk_60m >= MINIMUM_N
            else f"n = {region.n:,}"
        )
        page.text(right + 0.18, y - 0.09, five, size=SMALL, color=GREY)
    top = bottom - 0.5
    page.text(0, top, "Number at risk", weight="bold", size=9.5)
    x = text_width("Number at risk", 9.5, "bold") + 0.12
    page.text(x, top, "and, below, died / censored before", size=9, color=GREY)
    _at_risk(page, regions, points, colours, (left, width, years, ticks, top - 0.14, table_row))


def _at_risk(page: Page, regions: list, points: list, colours: dict, place: tuple) -> None:
    """The table under the curves: at risk, died and censored before each year."""
    left, width, years, ticks, top, table_row = place
    inch = width / (12 * years)
    for number, region in enumerate(regions):
        y = top - table_row * (number + 0.5)
        _, word = colours[region.name]
        name = ellipsis(region.name, BODY - left - width - 0.5, 9.5)
        page.text(left + width + 0.48, y, name, size=9.5, color=word)
        if number:
            page.line([0, BODY], [y + table_row / 2] * 2, color=GRID, lw=0.8)
        for tick in ticks:
            point = next(
                (p for p in points if p.name == region.name and p.months == 12 * tick), None
            )
            x = left + inch * 12 * tick
            if point is None:
                page.text(x, y + 0.07, "0", size=9.5, ha="center", color=GREY)
                continue
            page.text(x, y + 0.07, f"{point.at_risk:,}", size=9.5, ha="center")
            words = f"{point.died:,} / {point.left_alive:,}"
            page.text(x, y - 0.085, words, size=7.5, ha="center", color=GREY)


def _colours(names: list[str], apart: dict[str, Region]) -> dict[str, tuple[str, str]]:
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
