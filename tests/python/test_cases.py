"""Hand-made cases with known answers go through the whole warehouse as raw folders."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import duckdb
import pytest

from conftest import VECTORS, WITHOUT_TESTS, Build, run_dbt, vector_rows

PATIENTS = [
    "patient_id",
    "first_name",
    "last_name",
    "gender",
    "date_of_birth",
    "contact_number",
    "address",
    "registration_date",
    "insurance_provider",
    "insurance_number",
    "email",
]
DOCTORS = [
    "doctor_id",
    "first_name",
    "last_name",
    "specialization",
    "phone_number",
    "years_experience",
    "hospital_branch",
    "email",
]
APPOINTMENTS = [
    "appointment_id",
    "patient_id",
    "doctor_id",
    "appointment_date",
    "appointment_time",
    "reason_for_visit",
    "status",
    "booked_at",
    "cancelled_at",
    "cancelled_by",
]
BILLING = [
    "bill_id",
    "patient_id",
    "treatment_id",
    "bill_date",
    "amount",
    "payment_method",
    "payment_status",
    "paid_at",
    "paid_amount",
    "adjustment_amount",
]


def cases(name: str) -> list[dict[str, str]]:
    return vector_rows(f"cases_{name}")


def summary(name: str) -> dict:
    return json.loads((VECTORS / "cases_expected_summary.json").read_text())[name]


def write(path: Path, columns: list[str], rows: list[dict]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def doctor(doctor_id: str, branch: str) -> dict:
    return {"doctor_id": doctor_id, "hospital_branch": branch, "specialization": "Medicine"}


def appointment(key: str, at: str, doctor_id: str, **others: str) -> dict:
    date, _, time = at.partition(" ")
    return {
        "appointment_id": key,
        "appointment_date": date,
        "appointment_time": time or "09:00",
        "doctor_id": doctor_id,
        "status": "Completed",
        **others,
    }


@pytest.fixture(scope="module")
def operations(tmp_path_factory) -> Build:
    """Appointments, ages and slots on one as-of date, each at a clinic of its own."""
    folder = tmp_path_factory.mktemp("cases_operations")
    raw = folder / "raw" / "hospital_ops"
    ages = cases("age")
    write(
        raw / "patients.csv",
        PATIENTS,
        [{"patient_id": f"P{i}", "date_of_birth": case["dob"]} for i, case in enumerate(ages)],
    )
    write(
        raw / "doctors.csv",
        DOCTORS,
        [
            doctor("D1", "Slot Clinic"),
            doctor("D2", "Slot Clinic"),
            doctor("DC", "Case Clinic"),
            doctor("DA", "Age Clinic"),
        ],
    )
    slots = cases("tna")
    write(
        raw / "appointments.csv",
        APPOINTMENTS,
        [
            appointment(
                case["appointment_id"],
                case["start_at"],
                "DC",
                status=case["status"],
                booked_at=case["booked_at"],
                cancelled_at=case["cancelled_at"],
                cancelled_by=case["cancelled_by"],
            )
            for case in cases("appointments")
        ]
        + [
            appointment(f"AGE{i}", case["at"], "DA", patient_id=f"P{i}")
            for i, case in enumerate(ages)
        ]
        + [
            appointment(f"SLOT{i}", slot["slot_at"], slot["doctor_id"], status="Scheduled")
            for i, slot in enumerate(slots)
            if slot["state"] == "booked"
        ]
        # so that the calendar reaches the last day of the calendar cases
        + [appointment("LAST", "2025-03-01", "DA", status="Scheduled")],
    )
    write(
        raw / "slots.csv",
        ["doctor_id", "start_at", "held"],
        [
            {
                "doctor_id": slot["doctor_id"],
                "start_at": slot["slot_at"],
                "held": str(slot["state"] == "held").lower(),
            }
            for slot in slots
        ],
    )
    (raw.parent / "wardhouse.yml").write_text("as_of_date: 2024-07-01\n")
    build = run_dbt(folder, "build", *WITHOUT_TESTS, raw_dir=raw.parent)
    assert build.returncode == 0, build.output[-3000:]
    return build


ROWS_OF_FACTS = (
    "fct_appointments as facts inner join staging.stg_hospital_ops__appointments as staged"
    " on staged.appointment_key = facts.appointment_key and staged.row_status = 'accepted'"
)


def test_appointment_cases(operations):
    rows = operations.records(
        f"select facts.* from {ROWS_OF_FACTS}"
        " where facility_id = 'hospital_ops.case_clinic' order by row_number"
    )
    for case, row in zip(cases("appointments"), rows, strict=True):
        assert str(row["started_at"]) == case["start_at"]
        due = row["outcome"] != "future"
        assert due == (case["is_due"] == "1"), case
        assert (row["outcome"] == "attended") == (case["is_attended"] == "1"), case
        assert (row["outcome"] == "no_show") == (case["is_dna"] == "1"), case
        assert (row["outcome"] == "cancelled") == (case["is_cancelled"] == "1"), case
        assert (row["outcome"] == "unresolved") == (case["is_unresolved"] == "1"), case
        assert row["lead_days"] == (float(case["lead_days"]) if case["lead_days"] else None), case
        notice = float(case["hours_notice"]) if case["hours_notice"] else None
        assert row["notice_hours"] == notice, case
        late = bool(due and row["is_late_cancellation"])
        assert late == (case["is_late_cancel"] == "1"), case
        by_patient = late and row["cancelled_by"] == "patient"
        assert by_patient == (case["is_late_patient_cancel"] == "1"), case


def test_appointment_rates(operations):
    wanted = summary("appointments")
    (row,) = operations.records(
        "select * from kpi_facility_activity where facility_id = 'hospital_ops.case_clinic'"
    )
    for ours, theirs in {
        "due": "due",
        "attended": "attended",
        "no_shows": "dna",
        "cancelled": "cancelled",
        "unresolved": "unresolved",
        "attendance_rate": "attendance_rate",
        "no_show_rate": "dna_rate",
        "cancellation_rate": "cancellation_rate",
        "patient_cancellation_rate": "patient_cancellation_rate",
        "provider_cancellation_rate": "provider_cancellation_rate",
        "late_patient_cancellation_rate": "late_patient_cancellation_rate",
        "lost_slot_rate": "lost_slot_rate",
        "unresolved_rate": "unresolved_rate",
        "completed_of_due_rate": "completed_of_all_due",
    }.items():
        assert row[ours] == pytest.approx(wanted[theirs], abs=1e-12), ours
    (median,) = operations.query(
        "select median_lead_days from kpi_booking_lead_times"
        " where facility_id = 'hospital_ops.case_clinic'"
    )
    assert median == (wanted["median_lead_days"],)


def test_third_next_available(operations):
    wanted = summary("tna")
    days = dict(
        operations.query(
            "select doctor_id, third_next_available_days from kpi_third_next_available"
            " where sample_date = '2024-07-01'"
        )
    )
    assert days == {"D1": wanted["D1"], "D2": wanted["D2"]}


def test_ages(operations, rendered):
    ages = cases("age")
    age = rendered("age_years('patients.date_of_birth', 'facts.appointment_date')")
    keyed = operations.records(
        f"select facts.*, {age} as age_years from {ROWS_OF_FACTS}"
        " left join staging.stg_hospital_ops__patients as patients"
        " on patients.patient_key = facts.patient_key and patients.row_status = 'accepted'"
        " where facility_id = 'hospital_ops.age_clinic' and facts.appointment_date < '2025-03-01'"
        " order by staged.row_number"
    )
    assert len(keyed) == len(ages)
    band_10 = rendered("age_band_10_year('age')")
    top_coded = rendered("age_top_coded('age')")
    for case, row in zip(ages, keyed, strict=True):
        assert str(row["appointment_date"]) == case["at"]
        age = int(float(case["age"])) if case["age"] else None
        assert row["age_years"] == age, case
        assert row["age_band"] == (case["band5"] or "unknown"), case
        computed = duckdb.execute(
            f"select {band_10}, {top_coded} from (select cast($1 as bigint) as age)", [age]
        ).fetchone()
        assert computed == (case["band10"] or "unknown", case["hipaa_age"] or None), case


def test_calendar(operations, rendered):
    wanted = cases("calendar")
    rows = {str(r["calendar_date"]): r for r in operations.records("select * from dim_dates")}
    us_year = rendered("financial_year_end('day', 10)")
    nhs_year = rendered("financial_year('day', 4)")
    for case in wanted:
        row = rows[case["d"]]
        assert row["financial_year"] == case["au_fin_year"], case
        assert row["financial_quarter"] == int(case["au_fin_quarter"]), case
        assert row["season"] == case["season_southern"], case
        assert row["season_year"] == int(case["season_year"]), case
        assert (row["season"] == "winter") == (case["is_winter"] == "1"), case
        assert row["iso_year_week"] == case["iso_year_week"], case
        others = duckdb.execute(
            f"select {us_year}, {nhs_year} from (select cast($1 as date) as day)", [case["d"]]
        ).fetchone()
        assert others == (int(case["us_fed_fy"]), case["nhs_fin_year"]), case


@pytest.fixture(scope="module")
def revenue(tmp_path_factory) -> Build:
    """The seven bills; the default as-of date follows from the one appointment."""
    folder = tmp_path_factory.mktemp("cases_revenue")
    raw = folder / "raw" / "hospital_ops"
    write(raw / "doctors.csv", DOCTORS, [doctor("D1", "Case Clinic")])
    write(raw / "appointments.csv", APPOINTMENTS, [appointment("A1", "2024-03-31", "D1")])
    write(
        raw / "billing.csv",
        BILLING,
        [
            {
                "bill_id": case["bill_id"],
                "bill_date": case["bill_date"],
                "amount": case["billed"],
                "payment_method": case["method"],
                "payment_status": case["status"],
                "paid_at": case["paid_date"],
                "paid_amount": case["paid"],
                "adjustment_amount": case["adjustment"],
            }
            for case in cases("revenue")
        ],
    )
    build = run_dbt(folder, "build", *WITHOUT_TESTS, raw_dir=raw.parent)
    assert build.returncode == 0, build.output[-3000:]
    return build


def test_receivable(revenue):
    wanted = summary("revenue")
    (row,) = revenue.records("select * from kpi_accounts_receivable where facility_id = 'all'")
    assert str(row["snapshot_date"]) == cases("revenue")[0]["as_of"]
    assert row["open_amount"] == wanted["open_ar"]
    assert row["average_daily_billed_amount"] == pytest.approx(
        wanted["avg_daily_billed"], abs=1e-12
    )
    assert row["days_in_receivable"] == pytest.approx(wanted["days_in_ar"], abs=1e-12)
    assert row["over_90_days_rate"] == wanted["ar_over_90_share"]
    over_60 = row["open_61_90_days_amount"] + row["open_over_90_days_amount"]
    assert float(over_60) / 2000 == wanted["ar_over_60_share"]
    buckets = {"0-30": 0.0, "31-60": 0.0, "61-90": 0.0}
    for case in cases("revenue"):
        if case["bucket"]:
            buckets[case["bucket"]] += float(case["open_balance"])
    assert [float(row[f"open_{b.replace('-', '_')}_days_amount"]) for b in buckets] == list(
        buckets.values()
    )


def test_collections(revenue):
    wanted = summary("revenue")
    (row,) = revenue.records(
        """
        select
            sum(paid_amount) / sum(billed_amount) as gross_collection_rate,
            sum(paid_amount) / sum(billed_amount - adjustment_amount) as net_collection_rate,
            sum(denied_insurance_bills) / sum(insurance_bills) as denial_rate_count,
            sum(insurance_denied_amount) / sum(insurance_billed_amount) as denial_rate_dollars
        from kpi_collections_monthly
        where facility_id = 'all'
        """
    )
    for name, value in row.items():
        assert value == pytest.approx(wanted[name], abs=1e-12), name
    months = {
        str(r["month"]): r
        for r in revenue.records("select * from kpi_collections_monthly where facility_id = 'all'")
    }
    # January: 1,000 of 1,500 paid; March: 600 of 1,300, one of two insurance bills denied
    assert months["2024-01-01"]["collection_rate"] == pytest.approx(1000 / 1500, abs=1e-12)
    assert months["2024-03-01"]["denial_rate"] == 0.5
