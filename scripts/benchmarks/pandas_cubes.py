"""The KPI cubes in pandas, and the run of the whole.

Usage: PYTHON scripts/benchmarks/pandas_cubes.py DATA OUTPUT [--secret TEXT]

PYTHON is one that has pandas and pyarrow (requirements-bench.lock).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import pandas_care  # noqa: E402
from benchmarks.pandas_facts import Work  # noqa: E402
from benchmarks.stages import stage  # noqa: E402


def month(days: pd.Series) -> pd.Series:
    """The first day of each day's month."""
    return days.dt.to_period("M").dt.to_timestamp().rename("month")


def appointment_cubes(work: Work, appointments: pd.DataFrame, treatments: pd.DataFrame) -> None:
    """Outcomes, demand, doctors, treatments and their medians."""
    past = appointments[appointments.outcome != "future"]
    past = past.assign(
        month=month(past.appointment_date),
        weekday=past.appointment_date.dt.day_of_week + 1,
        due=1,
        lead_known=past.lead_days.notna(),
        late_cancellations=past.is_late_cancellation.fillna(False),
        attended=past.outcome == "attended",
        no_shows=past.outcome == "no_show",
        cancelled=past.outcome == "cancelled",
        unresolved=past.outcome == "unresolved",
    )
    outcomes = ["due", "attended", "no_shows", "cancelled"]
    more = ["unresolved", "late_cancellations", "lead_known", "lead_days"]
    keys = ["facility_id", "department_id", "month"]
    work.store("cube_appointments", past.groupby(keys, as_index=False)[outcomes + more].sum())
    timed = past[past.appointment_hour.notna()].rename(columns={"appointment_hour": "hour"})
    keys = ["facility_id", "weekday", "hour"]
    work.store("cube_demand", timed.groupby(keys, as_index=False)[outcomes[:3]].sum())
    done = treatments[~treatments.is_future]
    done = done.assign(month=month(done.treatment_date))
    keys = ["facility_id", "doctor_id", "month", "treatment_type"]
    costs = done.groupby(keys, as_index=False).agg(
        treatments=("is_future", "size"), costs_known=("cost", "count"), total_cost=("cost", "sum")
    )
    work.store("cube_treatments", costs)
    doctors = past.groupby("doctor_id")[outcomes].sum()
    doctors["distinct_days"] = past.groupby("doctor_id").appointment_date.nunique()
    doctors["total_cost"] = costs.groupby("doctor_id").total_cost.sum()
    work.store("cube_doctors", doctors.fillna({"total_cost": 0}).reset_index())
    known = done[done.cost.notna()].groupby(["facility_id", "treatment_type"]).cost
    shares = {"p25_cost": 0.25, "median_cost": 0.5, "p75_cost": 0.75, "p90_cost": 0.9}
    medians = pd.DataFrame(
        {"costs_known": known.size()} | {name: known.quantile(q) for name, q in shares.items()}
    )
    work.store("cube_medians", medians.reset_index())


def other_cubes(
    work: Work,
    bills: pd.DataFrame,
    episodes: pd.DataFrame,
    cases: pd.DataFrame,
    patients: pd.DataFrame,
) -> None:
    """Bills, episodes, cancer cases and patients."""
    past = bills[~bills.is_future]
    still_open = past.billed_amount - past.paid_amount - past.adjustment_amount
    past = past.assign(
        month=month(past.bill_date),
        bills=1,
        bills_with_amount=past.billed_amount.notna(),
        paid_amount=past.paid_amount.where(past.billed_amount.notna()),
        open_amount=still_open.clip(lower=0),
    )
    keys = ["facility_id", "month", "payment_method", "payment_status"]
    sums = ["bills", "bills_with_amount", "billed_amount", "paid_amount", "open_amount"]
    work.store("cube_bills", past.groupby(keys, as_index=False)[sums].sum())
    past = episodes[~episodes.is_future]
    past = past.assign(month=month(past.episode_date), is_dead=past.is_separation & past.is_death)
    cube = past.groupby(["facility_id", "department_id", "month"], as_index=False).agg(
        episodes=("is_future", "size"),
        emergency_visits=("is_emergency_visit", "sum"),
        separations=("is_separation", "sum"),
        deaths=("is_dead", "sum"),
        costs_known=("cost", "count"),
        total_cost=("cost", "sum"),
        stays_measured=("length_of_stay_days", "count"),
        stay_days=("length_of_stay_days", "sum"),
        evaluable=("is_success", "count"),
        successes=("is_success", "sum"),
        scores=("satisfaction_score", "count"),
        score_sum=("satisfaction_score", "sum"),
        wait_minutes=("wait_minutes", "sum"),
    )
    work.store("cube_episodes", cube)
    keys = ["facility_id", "cancer_type", "stage", "outcome"]
    cube = (
        cases[~cases.is_future]
        .groupby(keys, as_index=False)
        .agg(
            cases=("is_future", "size"),
            deaths=("is_dead", "sum"),
            survival_months=("survival_months", "sum"),
        )
    )
    work.store("cube_cases", cube)
    keys = ["source_system", "gender", "age_band", "region", "insurance"]
    counted = patients[~patients.is_future & (patients.source_system != "care_episodes")]
    work.store("cube_patients", counted.groupby(keys, as_index=False).agg(
        patients=("is_future", "size")
    ))  # fmt: skip


def main(argv: list[str]) -> int:
    """Make everything."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--secret", help="work out keyed ids; default: keep the source's")
    options = parser.parse_args(argv)
    work = Work(options.data, options.output, options.secret)
    with stage("doctors and patients"):
        doctors, people = work.doctors(), work.people()
    with stage("fct_appointments"):
        appointments, as_of = work.appointments(doctors, people)
    with stage("fct_treatments"):
        treatments = work.treatments(appointments, as_of)
    with stage("fct_bills"):
        bills = work.bills(treatments, people, as_of)
    with stage("fct_episodes"):
        episodes = pandas_care.episodes(work)
    with stage("fct_cancer_cases"):
        cases = pandas_care.cases(work)
    with stage("dim_patients"):
        patients = pandas_care.patients(work, people, episodes, cases, as_of)
    with stage("rejected rows"):
        work.store("rejects", pd.concat(work.rejects))
    with stage("cubes"):
        appointment_cubes(work, appointments, treatments)
        other_cubes(work, bills, episodes, cases, patients)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
