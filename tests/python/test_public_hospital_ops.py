"""The public hospital data through the same models gives every published figure."""

from __future__ import annotations

import csv

import pytest

from conftest import ROOT, shared_folder

METHODS = {"Cash": "cash", "Credit Card": "credit_card", "Insurance": "insurance"}


def expected(name: str) -> list[dict[str, str]]:
    with (shared_folder("data") / "expected" / f"hospital_ops_{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def close(actual, wanted: str, tolerance: float) -> bool:
    return float(actual) == pytest.approx(float(wanted), abs=tolerance)


def test_branches(public_build):
    rows = {
        r["facility_id"]: r for r in public_build.records("select * from kpi_facility_activity")
    }
    names = dict(public_build.query("select name, facility_id from dim_facilities"))
    wanted = expected("branch")
    assert len(rows) == len(wanted) + 1  # and `all`
    for line in wanted:
        row = rows[names[line["hospital_branch"]]]
        for column, ours in {
            "appointments": "appointments",
            "completed": "attended",
            "no_show": "no_shows",
            "cancelled": "cancelled",
            "scheduled": "unresolved",
            "doctors": "doctors",
        }.items():
            assert row[ours] == int(line[column]), (line, column)
        assert close(row["treatment_cost"], line["treatment_cost"], 0.01)
        assert close(row["mean_treatment_cost"], line["avg_cost"], 1e-4)


def test_doctors(public_build):
    rows = {r["doctor_id"]: r for r in public_build.records("select * from kpi_doctor_caseload")}
    names = dict(public_build.query("select facility_id, name from dim_facilities"))
    wanted = expected("doctor")
    assert rows.keys() == {line["doctor_id"] for line in wanted}
    for line in wanted:
        row = rows[line["doctor_id"]]
        assert names[row["facility_id"]] == line["hospital_branch"]
        assert row["specialization"] == line["specialization"]
        assert [row[c] for c in ("appointments", "distinct_days", "attended", "no_shows")] == [
            int(line[c]) for c in ("appointments", "distinct_dates", "completed", "no_show")
        ]
        assert [row["cancelled"], row["unresolved"]] == [
            int(line["cancelled"]),
            int(line["scheduled"]),
        ]
        assert close(row["treatment_cost"], line["treatment_cost"], 0.01)


def test_gender(public_build):
    rows = dict(
        public_build.query(
            "select value, (patients, share) from kpi_patient_demographics"
            " where dimension = 'gender'"
        )
    )
    wanted = expected("gender")
    assert len(rows) == len(wanted)
    for line in wanted:
        patients, share = rows[{"F": "female", "M": "male"}[line["gender"]]]
        assert patients == int(line["n"])
        assert close(share * 100, line["pct"], 1e-4 * 100)


def test_months(public_build):
    outcomes = {
        f"{r['month']:%Y-%m}": r
        for r in public_build.records(
            "select * from kpi_appointment_outcomes_monthly where facility_id = 'all'"
        )
    }
    bills = {
        f"{r['month']:%Y-%m}": r
        for r in public_build.records(
            "select * from kpi_collections_monthly where facility_id = 'all'"
        )
    }
    wanted = expected("month")
    assert outcomes.keys() == {line["month"] for line in wanted}
    for line in wanted:
        row = outcomes[line["month"]]
        for column, ours in {
            "appointments": "due",
            "completed": "attended",
            "no_show": "no_shows",
            "cancelled": "cancelled",
            "scheduled": "unresolved",
        }.items():
            assert row[ours] == int(line[column]), (line, column)
        assert close(bills[line["month"]]["billed_amount"], line["billed"], 0.01)


def test_payment_methods(public_build):
    rows = {
        (r["payment_method"], r["payment_status"]): r
        for r in public_build.records("select * from kpi_payment_mix where facility_id = 'all'")
    }
    for line in expected("payment_method"):
        method = METHODS[line["payment_method"]]
        row = rows[method, "all"]
        assert row["bills"] == int(line["n"])
        assert close(row["share_of_bills"] * 100, line["pct"], 0.01)
        assert close(row["billed_amount"], line["amount"], 0.01)
        for status in ("paid", "pending", "failed"):
            assert close(rows[method, status]["billed_amount"], line[status], 0.01)


def test_payment_status(public_build):
    rows = {
        r["payment_status"]: r
        for r in public_build.records(
            "select * from kpi_payment_mix where facility_id = 'all' and payment_method = 'all'"
        )
    }
    wanted = expected("payment_status")
    assert rows.keys() == {line["payment_status"].lower() for line in wanted} | {"all"}
    for line in wanted:
        row = rows[line["payment_status"].lower()]
        assert row["bills"] == int(line["n"])
        assert close(row["share_of_bills"] * 100, line["pct"], 0.01)
        assert close(row["billed_amount"], line["amount"], 0.01)


def test_status(public_build):
    counts = dict(public_build.query("select outcome, count(*) from fct_appointments group by 1"))
    ours = {
        "Completed": "attended",
        "No-show": "no_show",
        "Cancelled": "cancelled",
        "Scheduled": "unresolved",
    }
    assert counts == {ours[line["status"]]: int(line["n"]) for line in expected("status")}


def test_totals(public_build):
    (line,) = expected("totals")
    (row,) = public_build.records(
        """
        select
            (select count(*) from dim_patients where patient_key >= 0) as patients,
            (select count(*) from dim_doctors where doctor_id != 'unknown') as doctors,
            activity.appointments,
            activity.patients as patients_with_appointment,
            costs.mean_cost as avg_treatment_cost,
            costs.total_cost as total_treatment_cost,
            mix.billed_amount as billed
        from kpi_facility_activity as activity
        inner join kpi_treatment_costs as costs
            on costs.treatment_type = 'all' and costs.cost_scope = 'all'
        inner join kpi_payment_mix as mix
            on mix.facility_id = 'all' and mix.payment_method = 'all' and mix.payment_status = 'all'
        where activity.facility_id = 'all'
        """
    )
    for column in ("patients", "doctors", "appointments", "patients_with_appointment"):
        assert row[column] == int(line[column])
    assert close(row["avg_treatment_cost"], line["avg_treatment_cost"], 1e-4)
    assert close(row["total_treatment_cost"], line["total_treatment_cost"], 0.01)
    assert close(row["billed"], line["billed"], 0.01)


def test_treatment_types(public_build):
    rows = {
        r["treatment_type"]: r
        for r in public_build.records("select * from kpi_treatment_costs where cost_scope = 'all'")
    }
    wanted = expected("treatment_type")
    assert rows.keys() == {line["treatment_type"] for line in wanted} | {"all"}
    for line in wanted:
        row = rows[line["treatment_type"]]
        assert row["treatments"] == int(line["n"])
        for column, ours, tolerance in (
            ("total_cost", "total_cost", 0.01),
            ("avg_cost", "mean_cost", 1e-4),
            ("median_cost", "median_cost", 1e-4),
            ("min_cost", "minimum_cost", 0.01),
            ("max_cost", "maximum_cost", 0.01),
        ):
            assert close(row[ours], line[column], tolerance), (line, column)


def test_nothing_is_lost_or_repaired(public_build):
    assert public_build.query("select sum(difference), sum(raw_rows) from dq_reconciliation") == [
        (0, 660)
    ]
    assert public_build.query("select count(*) from dq_rejected_rows") == [(0,)]
    assert public_build.query("select count(*) from dq_repairs") == [(0,)]


def test_optional_columns_are_missing_with_a_reason(public_build):
    assert dict(
        public_build.query("select kpi_id, why_not from dq_kpi_requirements where kpi_id = 'AP13'")
    ) == {"AP13": "appointments.booked_at is not in the extract"}
    assert public_build.query(
        """
        select count(late_patient_cancellation_rate), count(lost_slot_rate),
            count(patient_cancellation_rate), count(no_show_rate) > 0
        from kpi_appointment_outcomes_monthly
        where cancelled > 0
        """
    ) == [(0, 0, 0, True)]
    assert public_build.query("select count(*) from kpi_slot_utilisation_monthly") == [(0,)]


def test_systems_that_are_missing_leave_empty_marts(public_build):
    folders = ("episodes", "readmissions", "monitoring", "satisfaction", "insurance", "cancer")
    marts = [
        path.stem
        for folder in (*folders, "outcomes", "survival", "teams")
        for path in sorted((ROOT / "models" / "marts" / folder).glob("*.sql"))
    ]
    assert len(marts) > 25
    # what watches all systems has rows of this one only
    watching = {"kpi_values_monthly", "kpi_control_charts", "kpi_funnels", "kpi_funnel_limits"}
    assert watching <= set(marts)
    for mart in set(marts) - watching:
        assert public_build.query(f"select count(*) from {mart}") == [(0,)], mart
    for mart in ("kpi_values_monthly", "kpi_control_charts"):
        systems = public_build.query(f"select distinct source_system from {mart}")
        assert systems == [("hospital_ops",)], mart
    kpis = {kpi for (kpi,) in public_build.query("select distinct kpi_id from kpi_funnels")}
    assert kpis <= {"AP03", "AP04", "AP10", "FN13"}
