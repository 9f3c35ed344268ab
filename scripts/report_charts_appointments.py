"""Cubes and charts about appointments: status, no-shows by weekday and hour, lead time and age.

Usage: imported by report_page.py; nothing to run.
"""

from __future__ import annotations

from report_registry import (
    NOT_HELD,
    Chart,
    Cube,
    Tile,
    add_charts,
    add_cubes,
    add_tiles,
    count,
    rate,
    share,
)

OUTCOMES = {
    "attended": "Attended",
    "no_shows": "Missed",
    "cancelled": "Cancelled",
    "unresolved": "Not recorded",
}

# cancelled and not recorded ones are too few of a month to be told apart in the shareable edition
OUTCOMES_SHAREABLE = {
    "parts": {"attended": "Attended", "no_shows": "Missed", "neither": "Cancelled or not recorded"},
    "note": "This edition does not tell cancelled appointments from those without an outcome.",
}

add_cubes(
    Cube(
        "appointments",
        measures=("due", *OUTCOMES, "attended_by_known", "first_attendances"),
        internal="""
            select facility_id, department_id, doctor_id, strftime(month, '%Y-%m') as period,
                due, attended, no_shows, cancelled, unresolved, attended_by_known, first_attendances
            from marts.report_appointments
        """,
        shareable="""
            select facility_id, strftime(month, '%Y-%m') as period,
                due, attended, no_shows, due - attended - no_shows as neither
            from marts.kpi_appointment_outcomes_monthly
            union all
            select facility_id, 'all', due, attended, no_shows, due - attended - no_shows
            from marts.kpi_facility_activity
        """,
        shareable_measures=("due", "attended", "no_shows", "neither"),
        shareable_totals=("facility_id", "period"),
        holds="appointments",
    ),
    Cube(
        "appointment_segments",
        measures=("due", "attended", "no_shows"),
        internal="""
            select facility_id, department_id, strftime(month, '%Y-%m') as period,
                dimension, value, due, attended, no_shows
            from marts.report_appointment_segments
        """,
        shareable="""
            select dimension, value, null as due, attended, no_shows
            from marts.kpi_no_shows_by_segment
        """,
        holds="appointments",
    ),
    Cube(
        "appointment_hours",
        measures=("due", "attended", "no_shows"),
        internal="""
            select facility_id, department_id, strftime(month, '%Y-%m') as period,
                cast(weekday_number as varchar) as weekday_number,
                coalesce(lpad(cast(hour as varchar), 2, '0'), 'unknown') as hour,
                due, attended, no_shows
            from marts.report_appointment_hours
        """,
        holds="appointments",
    ),
)

NO_SHOW = rate(["no_shows"], ["attended", "no_shows"])
NO_SHOW_LABELS = {"value": "No-show rate", "numerator": "No-shows", "n": "Attended or missed",
                  "cases": "attended or missed appointments"}  # fmt: skip

add_tiles(
    Tile("due", "Appointments due", "appointments", count("due"), "count", ("AP01",),
         "more", "fewer"),
    Tile("attendance", "Attendance rate", "appointments",
         rate(["attended"], ["attended", "no_shows"]), "percent", ("AP02",), "higher", "lower"),
    Tile("no-show", "No-show rate", "appointments", NO_SHOW, "percent", ("AP03",),
         "higher", "lower"),
    Tile("not-recorded", "Outcome not recorded", "appointments", rate(["unresolved"], ["due"]),
         "percent", ("AP10",), "higher", "lower",
         note="These appointments are in neither of the two rates above.", shareable=NOT_HELD),
)  # fmt: skip

add_charts(
    Chart(
        "appointment-status",
        "appointments",
        title="What became of the appointments due",
        subtitle="Share of appointments due with each outcome",
        cube="appointments",
        by=(),
        measure=share(),
        parts=OUTCOMES,
        form="bars",
        unit="percent",
        headline="largest",
        words={"largest": "{value} of appointments due: {label}"},
        labels={
            "group": "Outcome",
            "value": "Share of due",
            "n": "Due",
            "cases": "appointments",
        },  # fmt: skip
        order="given",
        sequence=tuple(OUTCOMES),
        kpis=("AP01", "AP02", "AP03", "AP04", "AP10"),
        shareable=OUTCOMES_SHAREABLE | {"sequence": tuple(OUTCOMES_SHAREABLE["parts"])},
    ),
    Chart(
        "appointment-status-monthly",
        "appointments",
        title="Outcomes of appointments by month",
        subtitle="Share of the month's appointments due with each outcome",
        cube="appointments",
        by=("period",),
        measure=share(),
        parts=OUTCOMES,
        form="lines",
        unit="percent",
        headline="trend",
        words={
            "part": OUTCOMES["unresolved"],
            "rose": "Appointments without a recorded outcome rose from {before} to {after} of those"
            " due, year on year",
            "fell": "Appointments without a recorded outcome fell from {before} to {after} of those"
            " due, year on year",
        },
        labels={
            "group": "Month",
            "second": "Outcome",
            "value": "Share of due",
            "n": "Due",
            "cases": "appointments",
        },  # fmt: skip
        kpis=("AP01", "AP02", "AP03", "AP04", "AP10"),
        shareable=OUTCOMES_SHAREABLE,
    ),
    Chart(
        "not-recorded-by-branch",
        "appointments",
        title="Appointments without a recorded outcome, by branch",
        subtitle="Share of appointments due that nobody marked as attended, missed or cancelled",
        cube="appointments",
        by=("facility_id",),
        measure=rate(["unresolved"], ["due"]),
        form="dots",
        unit="percent",
        headline="highest",
        words={"highest": "{label} leaves most outcomes unrecorded: {value} of appointments due"},
        labels={
            "group": "Branch",
            "value": "Not recorded",
            "numerator": "Without an outcome",
            "n": "Due",
            "cases": "appointments",
        },
        kpis=("AP10",),
        shareable=NOT_HELD,
    ),
    Chart(
        "no-shows-by-lead-time",
        "appointments",
        title="No-show rate by how long ahead the appointment was booked",
        subtitle="No-shows among attended and missed appointments, by days from booking",
        cube="appointment_segments",
        by=("value",),
        fixed={"dimension": "lead_time"},
        measure=NO_SHOW,
        form="dots",
        unit="percent",
        headline="highest",
        words={
            "highest": "No-shows are most frequent when booked {label} ahead: {value}",
            "none": "No-show rate by lead time: no band stands apart from all others",
        },
        labels={"group": "Booked ahead", **NO_SHOW_LABELS},
        order="given",
        kpis=("AP03", "AP13"),
    ),
    Chart(
        "no-shows-by-age",
        "appointments",
        title="No-show rate by age of the patient",
        subtitle="No-shows among attended and missed appointments, by age band",
        cube="appointment_segments",
        by=("value",),
        fixed={"dimension": "age_band"},
        measure=NO_SHOW,
        form="dots",
        unit="percent",
        headline="highest",
        words={
            "highest": "No-shows are most frequent at age {label}: {value}",
            "none": "No-show rate by age: no band stands apart from all others",
        },
        labels={"group": "Age", **NO_SHOW_LABELS},
        order="name",
        kpis=("AP03",),
    ),
    Chart(
        "no-shows-by-weekday-hour",
        "appointments",
        title="No-show rate by weekday and hour",
        subtitle="No-shows among attended and missed appointments, by start of the appointment",
        cube="appointment_hours",
        by=("weekday_number", "hour"),
        measure=NO_SHOW,
        form="heat",
        unit="percent",
        headline="heat",
        words={
            "highest": "No-shows are most frequent on {label} at {across}: {value}",
            "row_highest": "No-shows are most frequent on {label}: {value}",
            "column_highest": "No-shows are most frequent at {label}: {value}",
            "none": "No-show rate by weekday and hour: no day or hour stands apart from all others",
        },
        labels={"group": "Weekday", "second": "Hour", **NO_SHOW_LABELS},
        order="given",
        sequence=tuple("1234567"),
        kpis=("AP03", "RS05"),
    ),
)
