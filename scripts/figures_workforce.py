"""Figures about branches and doctors: activity of each branch, caseload of each doctor.

Usage: imported by plot_figures.py; nothing to run.
"""

from __future__ import annotations

from typing import NamedTuple

import figure_headlines as headlines
from figure_headlines import Estimate
from figure_registry import MINIMUM_N, Marts, figure
from figure_style import (
    BAND,
    BODY,
    COMMON,
    GREY,
    GRID,
    HIGH,
    LOW,
    NAVY,
    SMALL,
    TEXT,
    Page,
    ellipsis,
    label_width,
    number_axis,
    period_text,
    spread,
    text_width,
)
from figures_appointments import NOTHING_DUE

MOST_BRANCHES = 20


class Box(NamedTuple):
    """The strip of a branch: where it starts, where its range of chance lies, its height."""

    left: float
    low: float
    high: float
    bottom: float
    top: float


@figure("B-01", "kpi_facility_activity", "dim_facilities", "fct_appointments")
def branch_activity(marts: Marts) -> Page:
    """Appointments due per branch: how many, what share, and how many per doctor."""
    first, last, data_to = marts.dates()
    rows = marts.rows("""
        select activity.facility_id,
            case
                when activity.facility_id = 'all' then 'All branches'
                when activity.facility_id = 'unknown' then 'Branch not known'
                else coalesce(nullif(trim(facilities.name), ''), activity.facility_id)
            end as name,
            activity.due, activity.doctors,
            round(100 * activity.share, 2) as share, round(100 * activity.share_low, 2) as low,
            round(100 * activity.share_high, 2) as high,
            format('{:.0f}%', 100 * activity.share) as whole,
            format('{:.1f}% ({:.1f} to {:.1f})', 100 * activity.share, 100 * activity.share_low,
                100 * activity.share_high) as share_text,
            round(activity.appointments_per_doctor, 2) as per_doctor,
            round(activity.appointments_per_doctor_low, 2) as per_doctor_low,
            round(activity.appointments_per_doctor_high, 2) as per_doctor_high,
            case when activity.appointments_per_doctor is null then null
                when activity.appointments_per_doctor < 100
                    then format('{:.1f}', activity.appointments_per_doctor)
                else format('{:,}', cast(round(activity.appointments_per_doctor) as bigint))
            end as per_doctor_text,
            case when activity.appointments_per_doctor is null then null
                when activity.appointments_per_doctor < 100
                    then format('{:.1f} to {:.1f}', activity.appointments_per_doctor_low,
                        activity.appointments_per_doctor_high)
                else format('{:,} to {:,}',
                    cast(round(activity.appointments_per_doctor_low) as bigint),
                    cast(round(activity.appointments_per_doctor_high) as bigint))
            end as per_doctor_interval
        from marts.kpi_facility_activity as activity
        left join marts.dim_facilities as facilities
            on facilities.facility_id = activity.facility_id
        where activity.due > 0
        order by activity.facility_id in ('all', 'unknown'), activity.due desc, activity.facility_id
    """)
    whole = next((row for row in rows if row.facility_id == "all"), None)
    branches = [row for row in rows if row.facility_id != "all"]
    known = [row for row in branches if row.facility_id != "unknown"]
    shown = known[:MOST_BRANCHES] + [r for r in branches if r.facility_id == "unknown"]
    due = whole.due if whole else 0
    if due < MINIMUM_N:
        shown = []
    row_height = 0.54
    page = Page(
        "B-01",
        headline=headlines.branch_activity(
            [Estimate(r.name, r.low, r.high, r.due, r.whole) for r in known],
            [Estimate(r.name, r.per_doctor_low, r.per_doctor_high, r.due) for r in known],
        ),
        subtitle="Appointments due, share of all branches and mean per doctor, "
        + period_text(first, last),
        notes=[
            f"n = {due:,} appointments due, cancelled ones included. In brackets and as lines: 95% "
            "intervals (Wilson for shares, exact or Byar for counts per doctor). Doctors are those "
            "with any appointment, whatever their hours: one of them can carry a mean (B-02)."
            + (
                f" The {MOST_BRANCHES} busiest of {len(known)} branches."
                if len(known) > MOST_BRANCHES
                else ""
            )
        ],
        mart="kpi_facility_activity",
        data_to=data_to,
        body=row_height * len(shown) + 0.3,
        no_data=None if shown else NOTHING_DUE,
        alt="Bars of appointments due by branch with dots of appointments per doctor: "
        + "; ".join(
            f"{headlines.short(r.name)} {r.due:,}, {r.share_text}, per doctor {r.per_doctor_text}"
            for r in shown
        ),
        n=due,
    )
    if page.is_empty:
        return page
    names = label_width([row.name for row in shown], 2.3)
    bars, dots, dot_width = names + 0.12, 5.85, 1.6
    bar_width = dots - bars - 1.65
    height = row_height * len(shown)
    left = page.axes(bars, 0, bar_width, height)
    right = page.axes(dots, 0, dot_width, height)
    for ax in (left, right):
        ax.set_ylim(len(shown), 0)
        ax.axis("off")
    left.set_xlim(0, max(r.due for r in shown))
    per_doctor = [r for r in shown if r.per_doctor is not None]
    largest = max((r.per_doctor_high for r in per_doctor), default=1)
    right.set_xlim(0, largest)
    top = page.body - 0.12
    page.text(bars, top, "Appointments due, share", size=9.5, color=GREY)
    page.text(dots, top, "Per doctor", size=9.5, color=GREY)
    for place, row in enumerate(shown):
        y = place + 0.5
        inches = height - row_height * y
        is_known = row.facility_id != "unknown"
        left.barh(y, row.due, height=0.5, color=NAVY if is_known else "#BBC5CE")
        page.text(names, inches + 0.085, ellipsis(row.name, names), ha="right", size=TEXT)
        page.text(
            names,
            inches - 0.105,
            f"{row.doctors:,} {'doctor' if row.doctors == 1 else 'doctors'}" if is_known else "",
            ha="right",
            size=SMALL,
            color=GREY,
        )
        x = bars + bar_width * row.due / left.get_xlim()[1] + 0.09
        page.text(x, inches + 0.085, f"{row.due:,}", weight="bold", size=11)
        page.text(x, inches - 0.105, row.share_text, size=SMALL, color=GREY)
        if row.per_doctor is None:
            continue
        right.hlines(y, row.per_doctor_low, row.per_doctor_high, color=NAVY, lw=2.2)
        right.plot(row.per_doctor, y, "o", color=NAVY, ms=7.5, clip_on=False)
        x = dots + dot_width + 0.12
        page.text(x, inches + 0.085, row.per_doctor_text, weight="bold", size=11)
        page.text(x, inches - 0.105, row.per_doctor_interval, size=SMALL, color=GREY)
    page.line([bars, bars], [0, height], color=COMMON, lw=1)
    page.line([dots, dots], [0, height], color=COMMON, lw=1)
    if whole and whole.per_doctor is not None:
        x = dots + dot_width * whole.per_doctor / largest
        page.line([x, x], [0, height], color=GREY, lw=1.2, ls=(0, (4, 3)))
        page.text(x, top, f"all {whole.per_doctor_text}", size=9.5, color=GREY, ha="center")
    return page


@figure(
    "B-02",
    "kpi_doctor_caseload",
    "kpi_caseload_balance",
    "dim_doctors",
    "dim_facilities",
    "fct_appointments",
)
def doctor_caseload(marts: Marts) -> Page:
    """Appointments of every doctor within the range that chance allows in their branch."""
    first, last, data_to = marts.dates()
    doctors = marts.rows("""
        select caseload.facility_id, caseload.doctor_id, caseload.due, caseload.position,
            coalesce(nullif(trim(doctors.name), ''), caseload.doctor_id) as doctor,
            case when caseload.facility_id = 'unknown' then 'Branch not known'
                else coalesce(nullif(trim(facilities.name), ''), caseload.facility_id)
            end as facility,
            round(caseload.expected_due, 2) as expected,
            case when caseload.expected_due is not null then round(caseload.chance_low, 2) end
                as low,
            case when caseload.expected_due is not null then round(caseload.chance_high, 2) end
                as high,
            format('{:,.0f} to {:,.0f}', caseload.chance_low, caseload.chance_high) as range_text,
            sum(caseload.due) over (partition by caseload.facility_id) as facility_due
        from marts.kpi_doctor_caseload as caseload
        left join marts.dim_doctors as doctors
            on doctors.doctor_id = caseload.doctor_id
        left join marts.dim_facilities as facilities
            on facilities.facility_id = caseload.facility_id
        where caseload.doctor_id != 'unknown' and caseload.due > 0
        order by facility_due desc, caseload.facility_id, caseload.due, caseload.doctor_id
    """)
    # one test per branch: the smallest p-value counts as often as there are branches (Bonferroni)
    balance = marts.row("""
        select count(p_value) as branches,
            case when count(p_value) > 0 then least(1e0, min(p_value) * count(p_value)) end
                as p_value,
            case when min(p_value) * count(p_value) < 0.001 then 'p < 0.001'
                else format('p = {:.3f}', least(1e0, min(p_value) * count(p_value))) end as p_text
        from marts.kpi_caseload_balance
        where facility_id != 'all'
    """)
    groups: dict[str, list] = {}
    for doctor in doctors:
        groups.setdefault(doctor.facility_id, []).append(doctor)
    shown = dict(list(groups.items())[:MOST_BRANCHES])
    compared = [d for d in doctors if d.position != "not compared"]
    above = sum(d.position == "above chance" for d in doctors)
    below = sum(d.position == "below chance" for d in doctors)
    apart = len(doctors) - len(compared)
    n = sum(d.due for d in doctors)
    in_drawing = sum(len(group) for group in shown.values())
    pitch = min(0.105, 6.0 / max(in_drawing, 1))
    heights = [max(0.46, pitch * len(group) + 0.14) for group in shown.values()]
    gap, axis_room = 0.1, 0.52
    page = Page(
        "B-02",
        headline=headlines.doctor_caseload(
            len(compared),
            above,
            below,
            min((d.expected for d in compared), default=None),
            balance.p_value,
        ),
        subtitle="Appointments due per doctor, doctors of a branch in order, "
        + period_text(first, last),
        notes=[
            f"n = {n:,} appointments due of {len(doctors):,} doctors. Shaded: 99.8% of doctors "
            "would fall here by chance alone (Poisson, around the branch’s median) if all of a "
            "branch were equally busy. Contracted hours are not in the extract."
            + (
                f" Equal caseloads within branches: {balance.p_text} (chi-square, Bonferroni)."
                if balance.branches
                else ""
            )
            + (
                f" Hollow: {apart} not compared (active for part of the period, or no colleague)."
                if apart
                else ""
            )
            + (f" The {len(shown)} busiest of {len(groups)} branches." if groups != shown else "")
        ],
        mart="kpi_doctor_caseload",
        data_to=data_to,
        body=sum(heights) + gap * (len(heights) - 1) + axis_room + 0.3,
        no_data=None if shown else NOTHING_DUE,
        alt=f"Dot chart of appointments per doctor by branch: {above} of {len(compared)} doctors "
        f"above and {below} below the range that chance allows"
        + "".join(
            f"; {headlines.short(group[0].facility)} {len(group)} doctors, range "
            f"{group[0].range_text}"
            for group in shown.values()
            if group[0].expected is not None
        ),
        n=n,
    )
    if page.is_empty:
        return page
    names = label_width([group[0].facility for group in shown.values()], 2.3)
    left = names + 0.18
    width = BODY - left - 0.1
    height = page.body - axis_room - 0.3
    ax = page.axes(left, axis_room, width, height)
    ax.set_ylim(0, height)
    ax.set_yticks([])
    right_edge = max(max(d.due for d in doctors), max((d.high or 0) for d in doctors))
    ax.set_xlim(0, right_edge * 1.04)
    number_axis(ax, "x")
    page.text(left, 0.06, "Appointments due per doctor", size=9.5, color=GREY)
    inch = width / ax.get_xlim()[1]
    y = height
    for place, (group, room) in enumerate(zip(shown.values(), heights, strict=True)):
        y -= room
        one = group[0]
        if one.expected is not None:
            ax.fill_betweenx([y, y + room], one.low, one.high, color=BAND, lw=0)
            ax.vlines(one.expected, y, y + room, color=GREY, lw=1.2)
            if place == 0:
                page.text(
                    left + inch * (one.low + one.high) / 2,
                    axis_room + height + 0.14,
                    "range that chance allows",
                    ha="center",
                    size=9.5,
                    color=GREY,
                )
        middle = axis_room + y + room / 2
        page.text(names, middle + 0.09, ellipsis(one.facility, names, TEXT), ha="right")
        page.text(
            names,
            middle - 0.1,
            f"{len(group):,} {'doctor' if len(group) == 1 else 'doctors'}",
            ha="right",
            size=SMALL,
            color=GREY,
        )
        step = (room - 0.14) / max(len(group), 1)
        for rank, doctor in enumerate(group):
            at = y + 0.07 + step * (rank + 0.5)
            marker, colour, size = {
                "above chance": ("D", HIGH, 7.5),
                "below chance": ("s", LOW, 7.5),
            }.get(doctor.position, ("o", COMMON, 6))
            hollow = doctor.position == "not compared"
            ax.plot(
                doctor.due,
                at,
                marker,
                ms=size,
                mfc="white" if hollow else colour,
                mec=COMMON if hollow else "white",
                mew=1.2 if hollow else 0.8,
                clip_on=False,
                zorder=3,
            )
            doctor.x, doctor.y = left + inch * doctor.due, axis_room + at
        edges = (left + inch * (one.low or 0), left + inch * (one.high or 0))
        _name_outliers(page, group, Box(left, *edges, axis_room + y, axis_room + y + room))
        if place:
            page.line([0, BODY], [axis_room + y + room + gap / 2] * 2, color=GRID, lw=1)
        y -= gap
    return page


def _name_outliers(page: Page, group: list, box: Box) -> None:
    """Name the doctors outside the range, the furthest ones where there is no room for all."""
    line = 0.16
    for position, colour, side in (("above chance", HIGH, 1), ("below chance", LOW, -1)):
        outliers = sorted((d for d in group if d.position == position), key=lambda d: -side * d.due)
        named = sorted(outliers[: max(1, int((box.top - box.bottom) / line))], key=lambda d: d.y)
        places = spread([d.y for d in named], line)
        if places:  # inside the strip of the branch
            up = max(0.0, box.bottom + line / 2 - places[0])
            down = max(0.0, places[-1] - box.top + line / 2)
            for doctor, y in zip(named, places, strict=True):
                _name(page, doctor, y + up - down, colour, side, box)


def _name(page: Page, doctor, y: float, colour: str, side: int, box: Box) -> None:
    """A name and a number beside the marker: on the outer side unless there is no room at all."""
    outer = BODY - doctor.x if side > 0 else doctor.x - box.left
    inner = doctor.x - box.high if side > 0 else box.low - doctor.x
    if outer < 1.1 and inner > outer:
        side, outer = -side, inner
    number = f"{doctor.due:,}"
    number_width = text_width(number, 9.5) + 0.06
    room = min(2.4, max(outer - number_width - 0.14, 0.2))
    name = ellipsis(doctor.doctor, room, 9.5, "bold")
    words = {"size": 9.5, "ha": "left" if side > 0 else "right"}
    x = doctor.x + side * 0.12
    first, second = (name, number) if side > 0 else (number, name)
    for text in (first, second):
        weight = "bold" if text == name else "normal"
        page.text(x, y, text, weight=weight, color=colour if text == name else GREY, **words)
        x += side * (text_width(text, 9.5, weight) + 0.06)
