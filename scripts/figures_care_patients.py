"""Figures about the patients of care episodes: how they are insured, their age and gender.

Usage: imported by plot_figures.py; nothing to run.
"""

from __future__ import annotations

import figure_headlines_care as headlines
from figure_headlines import Estimate, short
from figure_registry import MINIMUM_N, Marts, figure
from figure_style import BODY, COMMON, GREY, NAVY, PALE_BLUE, SMALL, Page, ellipsis, label_width
from figures_care import episode_dates
from figures_patients import Population, gender_age_pyramid

SYSTEMS = {"care_episodes": "care episodes", "cancer_registry": "the cancer registry"}
RECORDED = {"care_episodes": "in the latest episode", "cancer_registry": "with the registered case"}
MOST_TYPES = 12
ROW = 0.56
NO_TYPE = f"no system with {MINIMUM_N} or more patients says how they are insured."


@figure("P-02", "kpi_insurance_mix", "fct_episodes", "fct_cancer_cases")
def insurance_types(marts: Marts) -> Page:
    """Patients by insurance type, of care episodes and, where it says so, of the registry."""
    _, _, data_to = episode_dates(marts)
    registry = marts.row(
        "select max(greatest(diagnosis_date, coalesce(last_contact_date, diagnosis_date)))"
        " as data_to from marts.fct_cancer_cases where not is_future"
    )
    cells = marts.rows("""
        with counted as (
            select *, max(case when insurance_type != 'unknown' then 1 else 0 end)
                over (partition by source_system) as says_so
            from marts.kpi_insurance_mix
            where facility_id = 'all' and source_system in ('care_episodes', 'cancer_registry')
        )
        select source_system, insurance_type,
            case when insurance_type = 'unknown' then 'Not known' else insurance_type end as name,
            patients as n, all_patients, round(100 * share, 2) as percent,
            round(100 * share_low, 2) as low, round(100 * share_high, 2) as high,
            format('{:.0f}%', 100 * share) as whole,
            case when share < 0.0005 then '<0.1%' else format('{:.1f}%', 100 * share) end as label,
            format('{:.1f} to {:.1f}', 100 * share_low, 100 * share_high) as interval
        from counted
        where says_so = 1
        order by insurance_type = 'unknown', source_system, patients desc, insurance_type
    """)
    panels = {
        system: {cell.insurance_type: cell for cell in cells if cell.source_system == system}
        for system in SYSTEMS
        if any(c.source_system == system and c.all_patients >= MINIMUM_N for c in cells)
    }
    people = {system: next(iter(panel.values())).all_patients for system, panel in panels.items()}
    types = {
        cell.insurance_type: cell.name
        for panel in panels.values()
        for cell in panel.values()
        if cell.insurance_type != "unknown"
    }
    shown = list(types)[:MOST_TYPES]
    if any("unknown" in panel for panel in panels.values()):
        shown.append("unknown")
    page = Page(
        "P-02",
        headline=headlines.insurance_types(
            [
                (
                    SYSTEMS[system],
                    [
                        Estimate(c.name, c.low, c.high, c.all_patients, c.whole)
                        for c in panel.values()
                        if c.insurance_type != "unknown"
                    ],
                )
                for system, panel in panels.items()
            ]
        ),
        subtitle="Share of patients by insurance type, all facilities: "
        + " and ".join(SYSTEMS[system] for system in panels)
        + "; each patient once",
        notes=[
            "n = "
            + " and ".join(f"{people[s]:,} patients of {SYSTEMS[s]}" for s in panels)
            + ". Lines and brackets: 95% Wilson intervals. Type as recorded "
            + " and ".join(RECORDED[system] for system in panels)
            + "; it is not who paid a bill."
            + (f" The first {MOST_TYPES} of {len(types)} types." if len(types) > MOST_TYPES else "")
        ],
        mart="kpi_insurance_mix",
        data_to=data_to or registry.data_to,
        body=ROW * len(shown) + 0.3,
        no_data=None if panels else NO_TYPE,
        alt="Bars of the share of patients by insurance type: "
        + "; ".join(
            f"{SYSTEMS[system]} "
            + ", ".join(f"{short(c.name)} {c.label} ({c.n:,})" for c in panel.values())
            for system, panel in panels.items()
        ),
        n=sum(people.values()),
    )
    if not page.is_empty:
        _draw_types(page, panels, [(kind, types.get(kind, "Not known")) for kind in shown])
    return page


def _draw_types(page: Page, panels: dict, kinds: list[tuple[str, str]]) -> None:
    """A row for each type, a panel of bars for each system."""
    names = label_width([name for _, name in kinds], 1.7)
    height = ROW * len(kinds)
    panel_width = (BODY - names - 0.12) / len(panels)
    bar_width = panel_width - 1.75
    largest = max(cell.high for panel in panels.values() for cell in panel.values())
    for place, (_, name) in enumerate(kinds):
        page.text(names, height - ROW * (place + 0.5), ellipsis(name, names), ha="right")
    for column, (system, panel) in enumerate(panels.items()):
        left = names + 0.12 + panel_width * column
        ax = page.axes(left, 0, bar_width, height)
        ax.set(ylim=(len(kinds), 0), xlim=(0, largest))
        ax.axis("off")
        title = SYSTEMS[system].removeprefix("the ").capitalize()
        page.text(left, page.body - 0.12, title, size=9.5, color=GREY)
        for place, (kind, _) in enumerate(kinds):
            y, inches = place + 0.5, height - ROW * (place + 0.5)
            cell = panel.get(kind)
            if cell is None:
                page.text(left + 0.1, inches, "none", size=SMALL, color=GREY)
                continue
            colour = "#BBC5CE" if kind == "unknown" else PALE_BLUE
            ax.barh(y, cell.percent, height=0.5, color=colour)
            ax.hlines(y, cell.low, cell.high, color=NAVY, lw=2.2)
            x = left + bar_width * cell.high / largest + 0.1
            page.text(x, inches + 0.085, cell.label, weight="bold", size=11)
            words = f"({cell.interval}), n = {cell.n:,}"
            page.text(x, inches - 0.105, words, size=SMALL, color=GREY)
        page.line([left, left], [0, height], color=COMMON, lw=1)


@figure("P-03", "kpi_patient_demographics", "fct_episodes")
def care_patients_gender_age(marts: Marts) -> Page:
    """Patients of care episodes by age band and gender."""
    _, _, data_to = episode_dates(marts)
    described = Population(
        system="care_episodes",
        subtitle="Patients of care episodes by gender and age band, age at the latest episode, "
        "all facilities",
        note="patients with a care episode, each once, as the latest episode describes them.",
        no_data="no patient of care episodes is in the extract.",
    )
    return gender_age_pyramid(marts, "P-03", described, data_to)
