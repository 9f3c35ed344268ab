"""Figures about outcomes: readmission by facility, treatment success by insurance.

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
    BAND,
    BODY,
    COMMON,
    GREY,
    GRID,
    HIGH,
    INK,
    LOW,
    NAVY,
    SMALL,
    Page,
    ellipsis,
    horizontal_grid,
    number_axis,
    percent_axis,
    period_text,
    spread,
    text_width,
)

OUTER = "#F0F3F7"  # between the 95 % and the 99.8 % limits: lighter than BAND
RULES = {
    "PF07": (
        "Unplanned return to any facility within 30 days, as a share of index stays",
        "index stays",
        "Index stays of the facility",
        "After the US measure of hospital-wide readmission, without its diagnosis codes: no index "
        "after death, transfer, leaving against advice, or cancer, psychiatric and rehabilitation "
        "care, and none so late that the window is still open.",
    ),
    "PF13": (
        "Readmission within 30 days as the source flagged it, as a share of episodes with a flag",
        "episodes with a flag",
        "Episodes of the facility with a flag",
        "The extract holds too little to find returns by rule, so this is the flag as it came: "
        "no exclusion, no check.",
    ),
}
NO_STAY = (
    f"no facility has {MINIMUM_N} index stays: that takes admissions, dispositions, diagnosis "
    "groups and admission types, and no episode has a readmission flag either."
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


@figure("R-01", "kpi_funnels", "kpi_funnel_limits", "dim_facilities", "fct_episodes")
def readmission_funnel(marts: Marts) -> Page:
    """Readmission of every facility within the limits that chance allows at its size."""
    first, last = care_dates(marts)
    units = marts.rows("""
        with chosen as (
            -- the recorded flag only where the extract is too thin for the rule
            select min(kpi_id) as kpi_id from marts.kpi_funnels
            where kpi_id in ('PF07', 'PF13') and period = 'all' and is_reportable
        )
        select funnels.kpi_id, funnels.is_reportable, funnels.is_overdispersed,
            coalesce(nullif(trim(facilities.name), ''), funnels.unit) as name,
            funnels.numerator, funnels.n as denominator, funnels.position,
            funnels.position_unadjusted in ('above_998', 'below_998') as is_beyond_chance,
            round(100 * funnels.value, 3) as percent, round(100 * funnels.target, 3) as target,
            format('{:.1f}%', 100 * funnels.target) as target_text,
            format('{:,} of {:,} ({:.1f}%)', funnels.numerator, funnels.n,
                100 * funnels.value) as label,
            format('{:.2f}', funnels.phi) as phi_text,
            format('{:.1f}', 0.05 * funnels.units) as expected_text
        from marts.kpi_funnels as funnels
        inner join chosen on chosen.kpi_id = funnels.kpi_id
        left join marts.dim_facilities as facilities
            on facilities.facility_id = funnels.unit
        where funnels.period = 'all' and funnels.n > 0
        order by funnels.n desc, funnels.unit
    """)
    # Poisson: how likely are so many outside 99.8 % where nothing but chance is at work?
    chance = marts.row("""
        with counted as (
            select count(*) filter (where position_unadjusted in ('above_998', 'below_998'))
                    as outside,
                0.002 * count(*) as expected
            from marts.kpi_funnels
            where is_reportable and period = 'all' and kpi_id = (
                select min(kpi_id) from marts.kpi_funnels
                where kpi_id in ('PF07', 'PF13') and period = 'all' and is_reportable
            )
        )
        select case
                when expected = 0 then null
                when outside = 0 then 1e0
                when outside = 1 then 1 - exp(-expected)
                when outside = 2 then 1 - exp(-expected) * (1 + expected)
                else 1 - exp(-expected) * (1 + expected + power(expected, 2) / 2)
            end as p
        from counted
    """).p
    limits = marts.rows("""
        select kpi_id, denominator,
            round(100 * limit_95_low, 4) as low_95, round(100 * limit_95_high, 4) as high_95,
            round(100 * limit_998_low, 4) as low_998, round(100 * limit_998_high, 4) as high_998,
            round(100 * adjusted_limit_95_low, 4) as wide_low_95,
            round(100 * adjusted_limit_95_high, 4) as wide_high_95,
            round(100 * adjusted_limit_998_low, 4) as wide_low_998,
            round(100 * adjusted_limit_998_high, 4) as wide_high_998
        from marts.kpi_funnel_limits
        where kpi_id in ('PF07', 'PF13') and period = 'all'
        order by kpi_id, point
    """)
    judged = [unit for unit in units if unit.is_reportable]
    one = judged[0] if judged else None
    measure, trials, axis, rule = RULES[one.kpi_id if one else "PF07"]
    wide = bool(one and one.is_overdispersed)
    above = [u for u in judged if u.is_beyond_chance and u.position.startswith("above")]
    below = [u for u in judged if u.is_beyond_chance and u.position.startswith("below")]
    limits = [point for point in limits if one and point.kpi_id == one.kpi_id]
    view = _view(judged, limits, "wide_" if wide else "")
    n = sum(unit.denominator for unit in units)
    notes = [f"n = {n:,} {trials} in {len(units):,} facilities. {rule}"]
    if one:
        notes.append(
            "Limits around the overall rate on the arcsine scale, 95% (darker) and 99.8% (dashed)"
            f"; of {len(judged):,} facilities about {one.expected_text} fall outside 95% by "
            f"chance. Dispersion {one.phi_text}: "
            + (
                "above 1, so the limits are widened for what facilities commonly differ by "
                "(dotted: 99.8% by chance alone)."
                if wide
                else "not above 1, so the limits are those of chance alone."
            )
            + " Not adjusted for case mix."
            + (" The vertical axis does not start at 0." if view[0] else "")
            + (
                f" Not drawn: {len(units) - len(judged)} with fewer than {MINIMUM_N}."
                if len(units) > len(judged)
                else ""
            )
        )
    page = Page(
        "R-01",
        headline=headlines.readmission_funnel(
            len(judged), sum(u.numerator for u in judged), len(above), len(below), chance
        ),
        subtitle=f"{measure}, by facility, {period_text(first, last)}",
        notes=notes,
        mart="kpi_funnels",
        data_to=last,
        body=4.4,
        no_data=None if judged else NO_STAY,
        alt=f"Funnel plot of readmission by facility around {one.target_text if one else ''}: "
        f"{len(above)} of {len(judged)} facilities above and {len(below)} below what chance allows"
        + "".join(f"; {plain.short(u.name)} {u.label}" for u in above + below),
        n=n,
    )
    if page.is_empty:
        return page
    _draw_funnel(page, judged, limits, axis, view, "wide_" if wide else "")
    return page


def _view(units: list, limits: list, deciding: str) -> tuple[float, float]:
    """Ends of the vertical axis: where the funnel opens it would press everything else flat."""
    if not units:
        return 0, 1
    largest = max(unit.denominator for unit in units)
    near = [point for point in limits if point.denominator >= largest / 6]
    seen = [unit.percent for unit in units]
    ceiling = max(seen + [getattr(point, f"{deciding}high_998") for point in near])
    floor = min(seen + [getattr(point, f"{deciding}low_998") for point in near])
    margin = 0.12 * (ceiling - floor) or 1
    # from zero, unless that would leave the lower half empty: the marks are dots, not bars
    return (floor - margin if floor > ceiling / 2 else 0), min(100, ceiling + margin)


def _draw_funnel(
    page: Page, units: list, limits: list, axis: str, view: tuple, deciding: str
) -> None:
    """The funnel: bands of the limits that decide, a marker a facility, names of outliers."""
    left, bottom, right_room = 0.5, 0.52, 1.25
    width, height = BODY - left - right_room, page.body - bottom - 0.36
    ax = page.axes(left, bottom, width, height)
    largest = max(unit.denominator for unit in units)
    smallest = min(unit.denominator for unit in units)
    ax.set_xlim(0 if smallest < largest / 4 else smallest * 0.85, largest * 1.03)
    floor, ceiling = view
    ax.set_ylim(floor, ceiling)
    xs = [point.denominator for point in limits]

    def line(name: str) -> list[float]:
        return [getattr(point, name) for point in limits]

    ax.fill_between(xs, line(f"{deciding}low_998"), line(f"{deciding}high_998"), color=OUTER, lw=0)
    ax.fill_between(xs, line(f"{deciding}low_95"), line(f"{deciding}high_95"), color=BAND, lw=0)
    horizontal_grid(ax)
    for side in ("low", "high"):
        ax.plot(xs, line(f"{deciding}{side}_998"), color=COMMON, lw=1.4, ls=(0, (5, 3)))
        if deciding:
            ax.plot(xs, line(f"{side}_998"), color=COMMON, lw=1.4, ls=(0, (1, 1.6)))
    ax.axhline(units[0].target, color=INK, lw=1.6)
    percent_axis(ax)
    number_axis(ax, "x")
    inner_ticks(ax)
    page.text(left, 0.06, axis, size=9.5, color=GREY)
    start, end = ax.get_xlim()
    x_inch, y_inch = width / (end - start), height / (ax.get_ylim()[1] - floor)
    styles = {
        "inside": ("o", COMMON, "white", 7),
        "above_95": ("o", "white", GREY, 7.5),
        "below_95": ("o", "white", GREY, 7.5),
        "above_998": ("D", HIGH, "white", 9),
        "below_998": ("s", LOW, "white", 9),
    }
    for unit in units:
        marker, face, edge, size = styles[unit.position]
        if face == "white" and unit.is_beyond_chance:  # one that is named
            edge = HIGH if unit.position.startswith("above") else LOW
        ax.plot(
            unit.denominator,
            unit.percent,
            marker,
            ms=size,
            mfc=face,
            mec=edge,
            mew=2 if face == "white" else 1,
            clip_on=False,
            zorder=4,
        )
    _funnel_key(page, units, styles, left)
    ends = [
        (units[0].target, f"All {units[0].target_text}", INK, "bold"),
        (getattr(limits[-1], f"{deciding}high_998"), "99.8%", GREY, "normal"),
        (getattr(limits[-1], f"{deciding}high_95"), "95%", GREY, "normal"),
    ]
    if deciding:
        ends.append((limits[-1].high_998, "99.8%, chance alone", GREY, "normal"))
    places = spread([bottom + y_inch * (end[0] - floor) for end in ends], 0.19)
    for y, (_, words, colour, weight) in zip(places, ends, strict=True):
        page.text(left + width + 0.08, y, words, size=9.5, color=colour, weight=weight)
    named = [unit for unit in units if unit.is_beyond_chance and unit.position != "inside"]
    for colour, where in ((HIGH, "above"), (LOW, "below")):
        group = [unit for unit in named if unit.position.startswith(where)]
        group = sorted(group, key=lambda u: u.percent, reverse=where == "above")[:6]
        spots = spread([bottom + y_inch * (unit.percent - floor) for unit in group], 0.42)
        for unit, y in zip(group, spots, strict=True):
            x = left + x_inch * (unit.denominator - start)
            room, side = left + width - x, "left"
            if room < 1.9 and x - left > room:
                room, side = x - left, "right"
            x += 0.12 if side == "left" else -0.12
            y = max(y, bottom + 0.2)
            name = ellipsis(unit.name, min(max(room - 0.15, 0.4), 3.2), 11, "bold")
            page.text(x, y + 0.09, name, size=11, weight="bold", color=colour, ha=side)
            page.text(x, y - 0.1, unit.label, size=9.5, color=GREY, ha=side)


def _funnel_key(page: Page, units: list, styles: dict, left: float) -> None:
    """What the markers mean and how many there are of each."""
    entries = [
        ("inside", "Within 95%", ("inside",)),
        ("above_95", "Outside 95%", ("above_95", "below_95")),
        ("above_998", "Above 99.8%", ("above_998",)),
        ("below_998", "Below 99.8%", ("below_998",)),
    ]
    x, y = left + 0.08, page.body - 0.12
    for style, words, positions in entries:
        marker, face, edge, size = styles[style]
        page.mark(
            x, y, marker, COMMON, ms=size, mfc=face, mec=edge, mew=2 if face == "white" else 1
        )
        words = f"{words} ({sum(unit.position in positions for unit in units):,})"
        page.text(x + 0.14, y, words, size=9.5)
        x += text_width(words, 9.5) + 0.5


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
