"""Cubes and charts about experience: satisfaction by department, facility and month, its spread.

Usage: imported by build_report.py; nothing to run.
"""

from __future__ import annotations

from report_charts_overview import SATISFACTION, ready
from report_registry import NOT_HELD, Chart, Cube, add_charts, add_cubes, given

SCORES = ("responses", "mean_score", "mean_score_low", "mean_score_high")
LABELS = {"value": "Mean score", "n": "Responses", "cases": "responses"}

add_cubes(
    Cube(
        "satisfaction_months",
        measures=SCORES,
        internal=None,
        shareable=f"""
            select strftime(month, '%Y-%m') as period, {", ".join(SCORES)}
            from marts.kpi_satisfaction
        """,
        additive=False,
        holds="scores of satisfaction",
    ),
    Cube(
        "satisfaction_places",
        measures=(*SCORES, "sd", "sd_low", "sd_high"),
        internal=f"""
            select facility_id, department_id, {", ".join(SCORES)}, sd, sd_low, sd_high
            from marts.kpi_satisfaction_overall
        """,
        shareable=f"""
            select facility_id, department_id, {", ".join(SCORES)}
            from marts.kpi_satisfaction_overall
        """,
        shareable_measures=SCORES,
        additive=False,
        internal_totals=("facility_id", "department_id"),
        shareable_totals=("facility_id", "department_id"),
        holds="scores of satisfaction",
    ),
)

add_charts(
    Chart(
        "satisfaction-monthly",
        "experience",
        title="Satisfaction by month",
        subtitle="Mean score, 0 to 10, of responses to care episodes of the month",
        cube="episodes",
        by=("period",),
        measure=SATISFACTION,
        form="lines",
        unit="score",
        headline="trend",
        words={
            "rose": "Mean satisfaction rose from {before} to {after}, year on year",
            "fell": "Mean satisfaction fell from {before} to {after}, year on year",
            "same": "Mean satisfaction: no change beyond chance, year on year"
                    " ({before}, then {after})",
        },
        labels={"group": "Month", **LABELS},
        kpis=("EX01",),
        note="The axis does not begin at 0.",
        shareable={"cube": "satisfaction_months", "measure": ready("mean_score", "responses"),
                   "headline": "neutral"},
    ),
    Chart(
        "satisfaction-spread",
        "experience",
        title="Spread of satisfaction by department",
        subtitle="Standard deviation of the scores: the larger, the more patients differ",
        cube="satisfaction_places",
        by=("department_id",),
        measure=given("responses", value="sd", low="sd_low", high="sd_high"),
        form="dots",
        unit="score",
        headline="highest",
        words={
            "highest": "Scores differ most in {label}: standard deviation {value}",
            "lowest": "Scores differ least in {label}: standard deviation {value}",
            "none": "Spread of satisfaction: no department stands apart from all others",
        },
        labels={"group": "Department", "value": "Standard deviation", "n": "Responses",
                "cases": "responses"},
        kpis=("EX05",),
        shareable=NOT_HELD,
    ),
    Chart(
        "satisfaction-places",
        "experience",
        title="Satisfaction by department and facility",
        subtitle="Mean score, 0 to 10",
        cube="episodes",
        by=("department_id", "facility_id"),
        measure=SATISFACTION,
        form="heat",
        unit="score",
        headline="heat",
        words={
            "highest": "Satisfaction is highest in {label} at {across}: {value}",
            "lowest": "Satisfaction is lowest in {label} at {across}: {value}",
            "row_highest": "Satisfaction is highest in {label}: {value} on average",
            "row_lowest": "Satisfaction is lowest in {label}: {value} on average",
            "column_highest": "Satisfaction is highest at {label}: {value} on average",
            "column_lowest": "Satisfaction is lowest at {label}: {value} on average",
        },
        labels={"group": "Department", "second": "Facility", **LABELS},
        kpis=("EX01",),
        shareable={"cube": "satisfaction_places",
                   "measure": ready("mean_score", "responses")},
    ),
    Chart(
        "satisfaction-departments-monthly",
        "experience",
        title="Satisfaction by department and month",
        subtitle="Mean score, 0 to 10, of responses to care episodes of the month",
        cube="episodes",
        by=("department_id", "period"),
        measure=SATISFACTION,
        form="heat",
        unit="score",
        labels={"group": "Department", "second": "Month", **LABELS},
        kpis=("EX01",),
        shareable=NOT_HELD,
        note="Few responses a month: neighbouring months differ by chance. Look for long runs.",
    ),
)  # fmt: skip
