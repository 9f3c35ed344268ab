"""The KPI cubes in Polars, and the run of the whole.

Usage: PYTHON scripts/benchmarks/polars_cubes.py DATA OUTPUT [--secret TEXT]

PYTHON is one that has Polars (requirements-bench.lock).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import polars as pl

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import polars_care  # noqa: E402
from benchmarks.polars_facts import Work  # noqa: E402
from benchmarks.stages import stage  # noqa: E402

c = pl.col


def month(column: str) -> pl.Expr:
    """The first day of a day's month."""
    return c(column).dt.truncate("1mo").alias("month")


def cubes(work: Work, tables: dict[str, pl.LazyFrame]) -> None:
    """All cubes, stored."""
    past = tables["appointments"].filter(c("outcome") != "future")

    def outcome(name: str, alias: str | None = None) -> pl.Expr:
        return (c("outcome") == name).sum().alias(alias or name)

    counts = [outcome("attended"), outcome("no_show", "no_shows"), outcome("cancelled")]
    work.store(
        "cube_appointments",
        past.group_by("facility_id", "department_id", month("appointment_date")).agg(
            pl.len().alias("due"), *counts, outcome("unresolved"),
            c("is_late_cancellation").sum().alias("late_cancellations"),
            c("lead_days").count().alias("lead_known"), c("lead_days").sum(),
        ),
    )  # fmt: skip
    work.store(
        "cube_demand",
        past.filter(c("appointment_hour").is_not_null())
        .group_by(
            "facility_id",
            c("appointment_date").dt.weekday().alias("weekday"),
            c("appointment_hour").alias("hour"),
        )
        .agg(pl.len().alias("due"), *counts[:2]),
    )
    done = tables["treatments"].filter(~c("is_future"))
    costs = work.store(
        "cube_treatments",
        done.group_by("facility_id", "doctor_id", month("treatment_date"), "treatment_type").agg(
            pl.len().alias("treatments"), c("cost").count().alias("costs_known"),
            c("cost").sum().alias("total_cost"),
        ),
    )  # fmt: skip
    work.store(
        "cube_doctors",
        past.group_by("doctor_id")
        .agg(
            pl.len().alias("due"), *counts,
            c("appointment_date").n_unique().alias("distinct_days"),
        )
        .join(costs.group_by("doctor_id").agg(c("total_cost").sum()), on="doctor_id", how="left")
        .with_columns(c("total_cost").fill_null(0)),
    )  # fmt: skip
    shares = {"p25_cost": 0.25, "median_cost": 0.5, "p75_cost": 0.75, "p90_cost": 0.9}
    work.store(
        "cube_medians",
        done.filter(c("cost").is_not_null())
        .group_by("facility_id", "treatment_type")
        .agg(
            pl.len().alias("costs_known"),
            *(c("cost").quantile(q, "linear").alias(name) for name, q in shares.items()),
        ),
    )
    open_amount = c("billed_amount") - c("paid_amount") - c("adjustment_amount")
    work.store(
        "cube_bills",
        tables["bills"].filter(~c("is_future"))
        .group_by("facility_id", month("bill_date"), "payment_method", "payment_status")
        .agg(
            pl.len().alias("bills"), c("billed_amount").count().alias("bills_with_amount"),
            c("billed_amount").sum(),
            pl.when(c("billed_amount").is_not_null()).then(c("paid_amount")).sum()
            .alias("paid_amount"),
            open_amount.clip(0).sum().alias("open_amount"),
        ),
    )  # fmt: skip
    known = {"costs_known": "cost", "stays_measured": "length_of_stay_days",
             "evaluable": "is_success", "scores": "satisfaction_score"}  # fmt: skip
    sums = {"total_cost": "cost", "stay_days": "length_of_stay_days", "successes": "is_success",
            "score_sum": "satisfaction_score", "wait_minutes": "wait_minutes",
            "emergency_visits": "is_emergency_visit", "separations": "is_separation"}  # fmt: skip
    work.store(
        "cube_episodes",
        tables["episodes"].filter(~c("is_future"))
        .group_by("facility_id", "department_id", month("episode_date"))
        .agg(
            pl.len().alias("episodes"),
            *(c(column).count().alias(name) for name, column in known.items()),
            *(c(column).sum().alias(name) for name, column in sums.items()),
            (c("is_separation") & c("is_death")).sum().alias("deaths"),
        ),
    )  # fmt: skip
    work.store(
        "cube_cases",
        tables["cases"].filter(~c("is_future"))
        .group_by("facility_id", "cancer_type", "stage", "outcome")
        .agg(
            pl.len().alias("cases"), c("is_dead").sum().alias("deaths"), c("survival_months").sum()
        ),
    )  # fmt: skip
    work.store(
        "cube_patients",
        tables["patients"]
        .filter(~c("is_future") & (c("source_system") != "care_episodes"))
        .group_by("source_system", "gender", "age_band", "region", "insurance")
        .agg(pl.len().alias("patients")),
    )  # fmt: skip


def main(argv: list[str]) -> int:
    """Make everything."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--secret", help="work out keyed ids; default: keep the source's")
    options = parser.parse_args(argv)
    work = Work(options.data, options.output, options.secret)
    tables = {}
    with stage("doctors and patients"):
        doctors, people = work.doctors(), work.people()
    with stage("fct_appointments"):
        tables["appointments"], as_of = work.appointments(doctors, people)
    with stage("fct_treatments"):
        tables["treatments"] = work.treatments(tables["appointments"], as_of)
    with stage("fct_bills"):
        tables["bills"] = work.bills(tables["treatments"], people, as_of)
    with stage("fct_episodes"):
        tables["episodes"] = polars_care.episodes(work)
    with stage("fct_cancer_cases"):
        tables["cases"] = polars_care.cases(work)
    with stage("dim_patients"):
        tables["patients"] = polars_care.patients(
            work, people, tables["episodes"], tables["cases"], as_of
        )
    with stage("rejected rows"):
        work.store("rejects", pl.concat(work.rejects).lazy())
    with stage("cubes"):
        cubes(work, tables)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
