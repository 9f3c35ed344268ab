"""Figures about cancer: who is in the registry, response by treatment.

Usage: imported by plot_figures.py; nothing to run.
"""

from __future__ import annotations

from datetime import date

import figure_headlines as plain
import figure_headlines_outcomes as headlines
from figure_headlines import Estimate
from figure_registry import MINIMUM_N, Marts, figure
from figure_style import (
    BODY,
    COMMON,
    GREY,
    GRID,
    INK,
    NAVY,
    SMALL,
    Page,
    ellipsis,
    label_width,
    percent_axis,
    period_text,
)

NO_CASE = f"the cancer registry has fewer than {MINIMUM_N} cases."
MOST_VALUES, MOST_TREATMENTS = 10, 14
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
