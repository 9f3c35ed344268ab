"""Figures about outcomes: treatment success by insurance.

Usage: imported by plot_figures.py; nothing to run.
"""

from __future__ import annotations

from datetime import date

from matplotlib.axes import Axes

import figure_headlines as plain
import figure_headlines_outcomes as headlines
from figure_headlines_outcomes import Comparison
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
    period_text,
    text_width,
)

SYSTEMS = {
    "care_episodes": ("Care episodes", "recorded as successful", "treatment type"),
    "cancer_registry": ("Cancer registry", "complete or partial response", "cancer type"),
}


def care_dates(marts: Marts) -> tuple[date | None, date | None]:
    """First and last day of the care episodes."""
    row = marts.row(
        "select min(episode_date) as first, max(episode_date) as last"
        " from marts.fct_episodes where not is_future"
    )
    return row.first, row.last


def inner_ticks(ax: Axes) -> None:
    """Keep the ticks that lie inside the axis, so that no label hangs over its end."""
    low, high = ax.get_xlim()
    ax.set_xticks([tick for tick in ax.get_xticks() if low <= tick <= high])


@figure("R-02", "kpi_insurance_outcomes", "fct_episodes", "fct_cancer_cases")
def insurance_outcomes(marts: Marts) -> Page:
    """Difference in success between private and public patients, crude and among alike cases."""
    days = marts.rows("""
        select 'care_episodes' as source_system, min(episode_date) as first,
            max(episode_date) as last
        from marts.fct_episodes where not is_future
        union all
        select 'cancer_registry', min(diagnosis_date), max(diagnosis_date)
        from marts.fct_cancer_cases where not is_future
    """)
    pairs = marts.rows(f"""
        with pairs as (
            select *, exposed_cases + unexposed_cases as cases,
                row_number() over (
                    partition by source_system
                    order by case
                            when lower(exposed) = 'private' and lower(unexposed) = 'public' then 0
                            else 1
                        end,
                        exposed_cases + unexposed_cases desc, exposed, unexposed
                ) as place
            from marts.kpi_insurance_outcomes
            where exposed_cases >= {MINIMUM_N} and unexposed_cases >= {MINIMUM_N}
        )
        select source_system, exposed, unexposed, cases,
            format('{{:,}} of {{:,}} ({{:.1f}}%)', exposed_successes, exposed_cases,
                100 * exposed_success_rate) as exposed_text,
            format('{{:,}} of {{:,}} ({{:.1f}}%)', unexposed_successes, unexposed_cases,
                100 * unexposed_success_rate) as unexposed_text,
            {_difference("crude")}, {_difference("mh", "adjusted")},
            usable_share, rr_homogeneity_p_value as homogeneity_p,
            format('{{:.0f}}%', 100 * usable_share) as usable_text,
            format('{{:.0f}}%', 100 * known_share) as known_text,
            case when rr_homogeneity_p_value is null then null
                when rr_homogeneity_p_value < 0.001 then 'p < 0.001'
                else format('p = {{:.3f}}', rr_homogeneity_p_value) end as homogeneity_text
        from pairs
        where place = 1
        order by source_system
    """)
    n = sum(pair.cases for pair in pairs)
    shown = {pair.source_system for pair in pairs}
    days = [one for one in days if one.first and (one.source_system in shown or not shown)]
    first = min((one.first for one in days), default=None)
    last = max((one.last for one in days), default=None)
    notes = [
        f"n = {n:,} episodes and registry cases with a known result and insurance. Lines: 95% "
        "intervals (Newcombe; Mantel–Haenszel with Sato’s variance). An association: insurance "
        "goes with much that was not recorded, so no difference here is an effect of the cover."
    ]
    for pair in pairs:
        system, _, kind = SYSTEMS[pair.source_system]
        notes.append(
            f"{system}: alike means of the same stage, {kind} and age group, all three known for "
            f"{pair.known_text}; {pair.usable_text} of cases have a counterpart there"
            + (
                f"; test of equal ratios: {pair.homogeneity_text}."
                if pair.homogeneity_text
                else "."
            )
        )
    block = 1.34
    page = Page(
        "R-02",
        headline=headlines.insurance_outcomes(
            [
                Comparison(
                    _in_prose(pair.exposed),
                    _in_prose(pair.unexposed),
                    pair.cases,
                    (pair.crude_low, pair.crude_high),
                    (pair.adjusted_low, pair.adjusted_high),
                    pair.usable_share,
                    pair.homogeneity_p,
                )
                for pair in pairs
            ]
        ),
        subtitle="Difference in the share of treatments that succeed, in percentage points, "
        + period_text(first, last),
        notes=notes,
        mart="kpi_insurance_outcomes",
        data_to=last,
        body=block * len(pairs) + 0.75,
        no_data=None
        if pairs
        else f"no two insurance types have {MINIMUM_N} cases each with a known result.",
        alt="Dots with intervals of the difference in treatment success: "
        + "; ".join(
            f"{SYSTEMS[p.source_system][0]}, {plain.short(p.exposed)} {p.exposed_text} against "
            f"{plain.short(p.unexposed)} {p.unexposed_text}: {p.crude_text} as it stands, "
            f"{p.adjusted_text or 'not estimable'} among alike cases"
            for p in pairs
        ),
        n=n,
    )
    if page.is_empty:
        return page
    left, bottom, width = 1.75, 0.62, 4.55
    height = block * len(pairs)
    ax = page.axes(left, bottom, width, height)
    ax.set_ylim(len(pairs), 0)
    ax.set_yticks([])
    bounds = [
        bound
        for pair in pairs
        for bound in (pair.crude_low, pair.crude_high, pair.adjusted_low, pair.adjusted_high)
        if bound is not None
    ]
    reach = max(2.0, *(abs(bound) for bound in bounds)) * 1.08
    ax.set_xlim(-reach, reach)
    ax.xaxis.set_major_formatter(
        lambda value, _: f"{value:+.10g}".replace("-", "−") if value else "0"
    )
    inner_ticks(ax)
    one = pairs[0]
    same = len({(pair.exposed, pair.unexposed) for pair in pairs}) == 1
    more, less = (one.exposed, one.unexposed) if same else ("First", "second")
    for x, align, first in (
        (left + width / 2 - 0.1, "right", less),
        (left + width / 2 + 0.1, "left", more),
    ):
        words = ellipsis(f"{first} more often", width / 2 - 0.1, 9.5)
        page.text(x, 0.12, words, size=9.5, color=GREY, ha=align)
    for place, pair in enumerate(pairs):
        top = bottom + height - block * place
        if place:
            page.line([0, BODY], [top, top], color=GRID, lw=1)
        page.line([left + width / 2] * 2, [top - block + 0.02, top - 0.54], color=GREY, lw=1.2)
        system, success, _ = SYSTEMS[pair.source_system]
        page.text(0, top - 0.2, system, weight="bold", size=11)
        page.text(text_width(system, 11, "bold") + 0.12, top - 0.2, success, size=9.5, color=GREY)
        groups = ((pair.exposed, pair.exposed_text), (pair.unexposed, pair.unexposed_text))
        words = ", ".join(f"{plain.short(name)} {label}" for name, label in groups)
        page.text(0, top - 0.4, ellipsis(words, BODY, 9.5), size=9.5, color=GREY)
        for row, (title, name, colour) in enumerate(
            (("As it stands", "crude", COMMON), ("Among alike cases", "adjusted", NAVY))
        ):
            y = top - 0.72 - 0.34 * row
            page.text(left - 0.15, y, title, ha="right", size=10)
            value, low = getattr(pair, name), getattr(pair, f"{name}_low")
            x = left + width + 0.12
            if value is None or low is None:
                page.text(x, y, "not estimable", size=SMALL, color=GREY)
                continue
            spot = place + (top - y) / block
            ax.hlines(spot, low, getattr(pair, f"{name}_high"), color=colour, lw=2.4)
            ax.plot(value, spot, "o" if row else "D", color=colour, ms=8 if row else 6.5)
            number, interval = getattr(pair, f"{name}_text").split(" ", 1)
            page.text(x, y, number, weight="bold", size=11, color=INK)
            x += text_width(number, 11, "bold") + 0.08
            page.text(x, y, interval, size=SMALL, color=GREY)
    return page


def _in_prose(insurance: str) -> str:
    """The two common words in small letters; any other name as the source writes it."""
    return insurance.lower() if insurance.lower() in ("private", "public") else insurance


def _difference(column: str, name: str = "") -> str:
    """SQL of a risk difference with its interval in percentage points, as numbers and as text."""
    name = name or column
    points = {bound: f"100 * {column}_risk_difference{bound}" for bound in ("", "_low", "_high")}
    numbers = ", ".join(f"round({points[bound]}, 2) as {name}{bound}" for bound in points)
    return (
        f"{numbers}, replace(format('{{:+.1f}} ({{:+.1f}} to {{:+.1f}})', {points['']},"
        f" {points['_low']}, {points['_high']}), '-', '−') as {name}_text"
    )
