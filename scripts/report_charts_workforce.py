"""Charts about branches and doctors: volume, no-shows, caseload and cost.

Usage: imported by build_report.py; nothing to run.
"""

from __future__ import annotations

from report_charts_appointments import NO_SHOW, NO_SHOW_LABELS
from report_charts_money import TREATMENT_LABELS
from report_registry import Chart, add_charts, count, mean

add_charts(
    Chart(
        "branch-volume",
        "branches",
        title="Appointments due by branch",
        subtitle="Appointments due at each branch",
        cube="appointments",
        by=("facility_id",),
        measure=count("due"),
        form="bars",
        unit="count",
        headline="largestTotal",
        words={"largest": "{label} has the most appointments due: {value}, {share} of all shown"},
        labels={
            "group": "Branch",
            "value": "Appointments due",
            "share": "Share",
            "cases": "appointments",
        },  # fmt: skip
        kpis=("RS01",),
        note=(
            "Volume is not workload: branches differ in the number of their doctors (the chart of"
            " caseloads) and in what they treat."
        ),
        shareable={
            "note": "Volume is not workload: branches differ in the number of their doctors and in"
            " what they treat."
        },
    ),
    Chart(
        "branch-no-shows",
        "branches",
        title="No-show rate by branch",
        subtitle="No-shows among attended and missed appointments, by branch",
        cube="appointments",
        by=("facility_id",),
        measure=NO_SHOW,
        form="dots",
        unit="percent",
        headline="highest",
        words={
            "highest": "No-shows are most frequent at {label}: {value}",
            "lowest": "No-shows are least frequent at {label}: {value}",
            "none": "No-show rate by branch: no branch stands apart from all others",
        },
        labels={"group": "Branch", **NO_SHOW_LABELS},
        kpis=("AP03",),
        note=(
            "Crude rates: branches differ in how long ahead they book and in whom they see, and"
            " both are associated with no-shows."
        ),
    ),
    Chart(
        "doctor-caseload",
        "branches",
        title="Doctors' caseloads beside the range that chance allows",
        subtitle="Appointments due per doctor, and the 99.8% range around the median of the branch",
        cube="appointments",
        by=("doctor_id",),
        measure=count("due"),
        form="ranges",
        unit="count",
        headline="caseload",
        words={
            "within": (
                "All {all} doctors compared have caseloads within the range that chance allows"
            ),
            "named": (
                "Caseload outside the range that chance allows: {names};"
                " {outside} of {all} doctors compared"
            ),
            "outside": (
                "{outside} of {all} doctors compared: caseload outside the range that chance allows"
            ),
        },
        labels={"group": "Doctor", "value": "Appointments due", "cases": "appointments"},
        top=60,
        kpis=("RS02", "RS03"),
        note=(
            "A triangle lies outside of the range of its branch, a cross is not compared: who came"
            " or left (first to last month under {full_period} of the period) or is the only one of"
            " a branch."
            " Working hours and leave are not in the data, so that a doctor with fewer clinic days"
            " has fewer appointments for that reason alone: a triangle is a question, no verdict."
        ),
    ),
    Chart(
        "doctor-cost",
        "branches",
        title="Mean cost per treatment by doctor",
        subtitle="Mean cost of treatments with a known cost, by doctor of the appointment",
        cube="treatments",
        by=("doctor_id",),
        measure=mean("total_cost", "cost_squares", "costs_known"),
        extra=("total_cost",),
        form="dots",
        unit="money",
        labels={"group": "Doctor", **TREATMENT_LABELS},
        top=60,
        kpis=("FN01", "FN02"),
        note=(
            "Mostly the mix of treatments: one doctor's chemotherapies cost more than another's"
            " X-rays. Patients and treatments are not alike: nothing here says who is economical."
        ),
    ),
)
