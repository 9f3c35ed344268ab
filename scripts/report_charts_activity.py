"""Cubes and charts about activity: episodes and people by month, departments, emergency arrivals.

Usage: imported by build_report.py; nothing to run.
"""

from __future__ import annotations

from report_charts_overview import ready
from report_registry import Chart, Cube, add_charts, add_cubes, count, given, share

add_cubes(
    Cube(
        "patient_months",
        measures=("patients",),
        internal="""
            select facility_id, department_id, period,
                case source_system when 'hospital_ops' then 'appointment_due'
                    else 'care_episode' end as event, patients
            from marts.report_patient_counts
            where source_system in ('hospital_ops', 'care_episodes')
        """,
        shareable="""
            select strftime(month, '%Y-%m') as period, 'care_episode' as event,
                distinct_patients as patients
            from marts.kpi_patient_volume_monthly
        """,
        additive=False,
        internal_totals=("facility_id", "department_id", "period"),
        holds="patients",
    ),
    Cube(
        "emergency_hours",
        measures=("visits",),
        internal="""
            select facility_id, strftime(month, '%Y-%m') as period,
                cast(weekday_number as varchar) as weekday_number,
                coalesce(lpad(cast(hour as varchar), 2, '0'), 'unknown') as hour, visits
            from marts.report_emergency_hours
        """,
        holds="emergency visits with a time of arrival",
        reasons={"department_id": "every one of them is in the emergency department"},
    ),
)

add_charts(
    Chart(
        "episodes-monthly",
        "activity",
        title="Care episodes by month",
        subtitle="Episodes that began in each month; months differ in length",
        cube="episodes",
        by=("period",),
        measure=count("episodes"),
        form="lines",
        unit="count",
        labels={"group": "Month", "value": "Episodes", "cases": "care episodes"},
        kpis=("PF01",),
        shareable={"cube": "episode_months"},
    ),
    Chart(
        "patients-monthly",
        "activity",
        title="People cared for by month",
        subtitle="Different patients with an appointment due or a care episode in the month",
        cube="patient_months",
        by=("period", "event"),
        measure=given("patients", value="patients"),
        form="lines",
        unit="count",
        labels={"group": "Month", "second": "With", "value": "Patients", "n": "Patients",
                "cases": "patients"},
        kpis=("PF01",),
        note="A patient may be in several months and in both lines: these numbers do not add up.",
        shareable={"subtitle": "Different patients with a care episode in the month, rounded",
                   "note": "A patient may be in several months: these numbers do not add up."},
    ),
    Chart(
        "departments",
        "activity",
        title="Care episodes by department",
        subtitle="Each department's share of care episodes",
        cube="episodes",
        by=("department_id",),
        measure=share("episodes"),
        form="bars",
        unit="percent",
        headline="largest",
        words={"largest": "{label} has the most care episodes: {value}"},
        labels={"group": "Department", "value": "Share", "numerator": "Episodes", "n": "Of",
                "cases": "care episodes"},
        kpis=("PF01",),
        shareable={"cube": "episode_departments", "unit": "whole_percent",
                   "measure": ready("share", "episodes", n_is_part=True),
                   "labels": {"group": "Department", "value": "Share", "n": "Episodes",
                              "cases": "care episodes"}},
    ),
    Chart(
        "emergency-by-hour",
        "activity",
        title="Emergency arrivals by hour",
        subtitle="Share of emergency visits by hour of arrival",
        cube="emergency_hours",
        by=("hour",),
        measure=share("visits"),
        form="bars",
        unit="percent",
        headline="daytime",
        words={"day": "{value} of emergency patients arrive between 8:00 and 20:00"},
        labels={"group": "Hour", "value": "Share", "numerator": "Visits", "n": "Of",
                "cases": "emergency visits"},
        order="name",
        kpis=("ED01",),
    ),
    Chart(
        "emergency-by-weekday-hour",
        "activity",
        title="Emergency arrivals by weekday and hour",
        subtitle="Visits by start of the hour of arrival: counts of the whole period, not rates",
        cube="emergency_hours",
        by=("weekday_number", "hour"),
        measure=count("visits"),
        form="heat",
        unit="count",
        headline="heat",
        words={
            "row_highest": "{label} has the most emergency arrivals: {value}",
            "column_highest": "Most emergency patients of an hour arrive from {label} on: {value}",
        },
        labels={"group": "Weekday", "second": "Hour", "value": "Visits",
                "cases": "emergency visits"},
        order="given",
        sequence=tuple("1234567"),
        kpis=("ED01",),
        note="A cell is few visits: neighbours differ by chance. Look for blocks, not for cells.",
    ),
)  # fmt: skip
