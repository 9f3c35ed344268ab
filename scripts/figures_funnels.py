"""Funnels: readmission by facility, no-shows by doctor, within what chance allows at each size.

Usage: imported by plot_figures.py; nothing to run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from matplotlib.patheffects import withStroke

import figure_headlines as plain
import figure_headlines_outcomes as headlines
from figure_registry import MINIMUM_N, Marts, figure
from figure_style import (
    BAND,
    BODY,
    COMMON,
    GREY,
    HIGH,
    INK,
    LOW,
    Page,
    ellipsis,
    horizontal_grid,
    number_axis,
    percent_axis,
    period_text,
    spread,
    text_width,
)
from figures_outcomes import care_dates, inner_ticks

OUTER = "#F0F3F7"  # between the 95 % and the 99.8 % limits: lighter than BAND
MOST_NAMED = 20  # in the text for screen readers
CROWDED = 20  # so many markers leave no room between them for a name
READMISSION = {
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
NO_SHOW = {
    "AP03": (
        "No-shows as a share of appointments attended or missed",
        "appointments attended or missed",
        "Appointments of the doctor, attended or missed",
        "Cancelled and unresolved appointments are left out.",
    )
}


@dataclass(frozen=True)
class Funnel:
    """Which units are compared by which KPI, and how that is worded."""

    figure_id: str
    unit_kind: str
    many: str
    of: str
    about: str
    dimension: str
    rules: dict[str, tuple[str, str, str, str]]
    headline: Callable[[int, int, int, int, float | None, int], str]
    caution: str
    no_data: str


@figure("R-01", "kpi_funnels", "kpi_funnel_limits", "dim_facilities", "fct_episodes")
def readmission_funnel(marts: Marts) -> Page:
    """Readmission of every facility within the limits that chance allows at its size."""
    funnel = Funnel(
        "R-01",
        unit_kind="facility",
        many="facilities",
        of="in",
        about="readmission",
        dimension="dim_facilities",
        rules=READMISSION,
        headline=headlines.readmission_funnel,
        caution=" Not adjusted for case mix.",
        no_data=NO_STAY,
    )
    return _page(marts, funnel, *care_dates(marts))


@figure("B-03", "kpi_funnels", "kpi_funnel_limits", "dim_doctors", "fct_appointments")
def no_show_funnel(marts: Marts) -> Page:
    """No-show rate of every doctor within the limits that chance allows at its number."""
    funnel = Funnel(
        "B-03",
        unit_kind="doctor",
        many="doctors",
        of="of",
        about="no-shows",
        dimension="dim_doctors",
        rules=NO_SHOW,
        headline=headlines.no_show_funnel,
        caution=" No ranking: it is the patients who come or not, and nothing is adjusted for who "
        "they are (case mix), how long they waited, or the branch.",
        no_data=f"no two doctors are known with {MINIMUM_N} appointments attended or missed.",
    )
    first, last, _ = marts.dates()
    return _page(marts, funnel, first, last)


def _page(marts: Marts, funnel: Funnel, first: date | None, last: date | None) -> Page:
    """The page of one funnel."""
    units, limits, chance = _funnel(marts, funnel)
    judged = [unit for unit in units if unit.is_reportable]
    one = judged[0] if judged else None
    measure, trials, axis, rule = funnel.rules[one.kpi_id if one else min(funnel.rules)]
    wide = bool(one and one.is_overdispersed)
    above = [u for u in judged if u.is_beyond_chance and u.position.startswith("above")]
    below = [u for u in judged if u.is_beyond_chance and u.position.startswith("below")]
    limits = [point for point in limits if one and point.kpi_id == one.kpi_id]
    beyond = above + below
    named = beyond[:MOST_NAMED]
    view = _view(judged, limits, "wide_" if wide else "")
    n = sum(unit.denominator for unit in units)
    notes = [f"n = {n:,} {trials} {funnel.of} {len(units):,} {funnel.many}. {rule}"]
    if one:
        notes.append(
            "Limits around the overall rate on the arcsine scale, 95% (darker) and 99.8% (dashed)"
            f"; of {len(judged):,} {funnel.many} about {one.expected_text} fall outside 95% by "
            f"chance. Dispersion {one.phi_text}: "
            + (
                f"above 1, so the limits are widened for what {funnel.many} commonly differ by "
                "(dotted: 99.8% by chance alone)."
                if wide
                else "not above 1, so the limits are those of chance alone."
            )
            + funnel.caution
            + (" The vertical axis does not start at 0." if view[0] else "")
            + (
                f" Not drawn: {len(units) - len(judged)} with fewer than {MINIMUM_N}."
                if len(units) > len(judged)
                else ""
            )
        )
    page = Page(
        funnel.figure_id,
        headline=funnel.headline(
            len(judged),
            sum(u.numerator for u in judged),
            len(above),
            len(below),
            chance,
            sum(u.is_beyond_chance for u in judged),
        ),
        subtitle=f"{measure}, by {funnel.unit_kind}, {period_text(first, last)}",
        notes=notes,
        mart="kpi_funnels",
        data_to=last,
        body=4.4,
        no_data=None if judged else funnel.no_data,
        alt=f"Funnel plot of {funnel.about} by {funnel.unit_kind} around "
        f"{one.target_text if one else ''}: {len(above)} of {len(judged)} {funnel.many} above "
        f"and {len(below)} below what chance allows"
        + "".join(f"; {plain.short(u.name)} {u.label}" for u in named)
        + (f"; and {len(beyond) - len(named)} more" if beyond[MOST_NAMED:] else ""),
        n=n,
    )
    if page.is_empty:
        return page
    _draw_funnel(page, judged, limits, axis, view, "wide_" if wide else "")
    return page


def _funnel(marts: Marts, funnel: Funnel) -> tuple[list, list, float | None]:
    """Units, lines, and how likely so many units outside the outer limits are by chance."""
    kpi_ids = "', '".join(funnel.rules)
    those = f"unit_kind = '{funnel.unit_kind}' and period = 'all' and kpi_id in ('{kpi_ids}')"
    units = marts.rows(f"""
        with chosen as (
            -- the recorded flag only where the extract is too thin for the rule
            select min(kpi_id) as kpi_id from marts.kpi_funnels
            where {those} and is_reportable
        )
        select funnels.kpi_id, funnels.is_reportable, funnels.is_overdispersed,
            coalesce(nullif(trim(units.name), ''), funnels.unit) as name,
            funnels.numerator, funnels.n as denominator, funnels.position,
            funnels.position_unadjusted in ('above_998', 'below_998') as is_beyond_chance,
            round(100 * funnels.value, 3) as percent, round(100 * funnels.target, 3) as target,
            format('{{:.1f}}%', 100 * funnels.target) as target_text,
            format('{{:,}} of {{:,}} ({{:.1f}}%)', funnels.numerator, funnels.n,
                100 * funnels.value) as label,
            format('{{:.2f}}', funnels.phi) as phi_text,
            format('{{:.1f}}', 0.05 * funnels.units) as expected_text
        from marts.kpi_funnels as funnels
        inner join chosen on chosen.kpi_id = funnels.kpi_id
        left join marts.{funnel.dimension} as units
            on units.{funnel.unit_kind}_id = funnels.unit
        where funnels.period = 'all' and funnels.unit_kind = '{funnel.unit_kind}'
            and funnels.n > 0
        order by funnels.n desc, funnels.unit
    """)
    # Poisson: how likely are so many outside 99.8 % where nothing but chance is at work?
    chance = marts.row(f"""
        with counted as (
            select count(*) filter (where position_unadjusted in ('above_998', 'below_998'))
                    as outside,
                0.002 * count(*) as expected
            from marts.kpi_funnels
            where is_reportable and {those} and kpi_id = (
                select min(kpi_id) from marts.kpi_funnels where {those} and is_reportable
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
    limits = marts.rows(f"""
        select kpi_id, denominator,
            round(100 * limit_95_low, 4) as low_95, round(100 * limit_95_high, 4) as high_95,
            round(100 * limit_998_low, 4) as low_998, round(100 * limit_998_high, 4) as high_998,
            round(100 * adjusted_limit_95_low, 4) as wide_low_95,
            round(100 * adjusted_limit_95_high, 4) as wide_high_95,
            round(100 * adjusted_limit_998_low, 4) as wide_low_998,
            round(100 * adjusted_limit_998_high, 4) as wide_high_998
        from marts.kpi_funnel_limits
        where {those}
        order by kpi_id, point
    """)
    return units, limits, chance


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
    halo = {}
    if len(units) > CROWDED:  # names over the markers, and white around them
        ax.set_zorder(-1)
        halo = {"path_effects": [withStroke(linewidth=3, foreground="white")]}
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
            page.text(x, y + 0.09, name, size=11, weight="bold", color=colour, ha=side, **halo)
            page.text(x, y - 0.1, unit.label, size=9.5, color=GREY, ha=side, **halo)


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
