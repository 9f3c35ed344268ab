"""The demo build: planted dirt is found, all of it and nothing else; planted truths come out."""

from __future__ import annotations

import csv
import json
import math
import shutil

from conftest import ROOT, run_dbt


def manifest() -> list[dict[str, str]]:
    with (ROOT / "tests" / "data" / "demo_dirt.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def truths() -> dict:
    return json.loads((ROOT / "tests" / "data" / "demo_truths.json").read_text())


def planted(kind: str, *columns: str) -> set[tuple]:
    return {
        (r["source_system"], r["source_table"], int(r["row_number"]), *(r[c] for c in columns))
        for r in manifest()
        if r["kind"] == kind
    }


def test_every_planted_reject_is_found_and_none_else(demo_build):
    found = set(
        demo_build.query(
            "select source_system, source_table, row_number, reason from dq_rejected_rows"
        )
    )
    assert found == planted("rejected", "reason")
    assert len(found) > 50


def test_every_planted_repair_is_found_and_none_else(demo_build):
    found = set(
        demo_build.query(
            "select source_system, source_table, row_number, column_name, reason from dq_repairs"
        )
    )
    assert found == planted("repaired", "column_name", "reason")
    assert len(found) > 200


def test_every_planted_flag_is_found_and_none_else(demo_build):
    found = set(
        demo_build.query(
            "select source_system, source_table, row_number, reason from dq_flagged_rows"
        )
    )
    assert found == planted("flagged", "reason")


def test_every_superseded_row_is_found_and_none_else(demo_build):
    found = set(
        demo_build.query(
            "select source_system, source_table, row_number from intermediate.int_raw_rows_judged"
            " where row_status = 'superseded'"
        )
    )
    assert found == planted("superseded")


def test_every_raw_row_ends_in_one_place(demo_build):
    rows = demo_build.records("select * from dq_reconciliation")
    assert len(rows) == 10
    for row in rows:
        system = row["source_system"]
        path = ROOT / f"seeds/{system}/raw_{system}__{row['source_table']}.csv"
        with path.open(newline="") as file:
            records = sum(1 for _ in csv.reader(file)) - 1
        assert row["raw_rows"] == records
        assert row["difference"] == 0
    facts = {
        "appointments": "fct_appointments",
        "treatments": "fct_treatments",
        "billing": "fct_bills",
        "episodes": "fct_episodes",
        "cases": "fct_cancer_cases",
        "responses": "fct_team_survey_responses",
    }
    for row in rows:
        if row["source_table"] in facts:
            ((count,),) = demo_build.query(f"select count(*) from {facts[row['source_table']]}")
            assert count == row["accepted_rows"]


def test_as_of_date_is_not_moved_by_one_absurd_date(demo_build):
    dates = dict(
        demo_build.query("select source_system, as_of_date from intermediate.int_systems_dated")
    )
    for system, truth in truths().items():
        if system != "seed":
            assert str(dates[system]) == truth["as_of_date"], system
    assert demo_build.query(
        "select count(*) from fct_appointments where appointment_date >= '2099-01-01'"
        " and outcome = 'future'"
    ) == [(1,)]


def test_no_show_rises_with_lead_time(demo_build):
    rows = demo_build.query(
        "select no_show_rate, no_show_rate_low, no_show_rate_high from kpi_no_shows_by_segment"
        " where dimension = 'lead_time' and value != 'unknown' order by value"
    )
    rates = [rate for rate, _, _ in rows]
    assert rates == sorted(rates)
    assert rows[-1][1] > rows[0][2]  # the intervals of the longest and shortest do not meet


def test_reminders_lower_no_shows(demo_build):
    begin = "date '2025-02-01'"
    (before, after) = demo_build.records(
        f"""
        select month >= {begin} as reminded, sum(no_shows) as x, sum(attended + no_shows) as n
        from kpi_appointment_outcomes_monthly where facility_id = 'all'
        group by 1 order by 1
        """
    )
    # within lead-time bands (Mantel-Haenszel), the odds ratio that was planted is in the interval
    strata = demo_build.query(
        f"""
        select
            count(*) filter (appointment_date >= {begin} and outcome = 'no_show'),
            count(*) filter (appointment_date >= {begin} and outcome = 'attended'),
            count(*) filter (appointment_date < {begin} and outcome = 'no_show'),
            count(*) filter (appointment_date < {begin} and outcome = 'attended')
        from fct_appointments
        where outcome in ('attended', 'no_show') and lead_days is not null
        group by least(lead_days // 7, 12)
        """
    )
    r = sum(a * d / (a + b + c + d) for a, b, c, d in strata)
    s = sum(b * c / (a + b + c + d) for a, b, c, d in strata)
    a, b, c, d = (sum(column) for column in zip(*strata, strict=True))
    error = 1.96 * math.sqrt(1 / a + 1 / b + 1 / c + 1 / d)
    assert abs(math.log(r / s) - math.log(0.60)) < error
    assert after["x"] / after["n"] < before["x"] / before["n"]
    assert math.log(r / s) + error < 0  # lower beyond chance


def test_one_doctor_far_above_the_others(demo_build):
    positions = dict(demo_build.query("select doctor_id, position from kpi_doctor_caseload"))
    assert {d for d, p in positions.items() if p == "above chance"} == {"D017"}
    assert not [d for d, p in positions.items() if p == "below chance"]
    balance = {
        r["facility_id"]: r for r in demo_build.records("select * from kpi_caseload_balance")
    }
    assert balance["waratah_ridge_hospital"]["p_value"] < 1e-9
    for facility, row in balance.items():
        if facility not in ("all", "waratah_ridge_hospital", "unknown"):
            assert row["p_value"] > 0.01, facility


def test_stale_status_backlog(demo_build):
    rows = {
        (facility, since): (x, n)
        for facility, since, x, n in demo_build.query(
            """
            select facility_id, month >= '2025-10-01', sum(unresolved), sum(due)
            from kpi_appointment_outcomes_monthly group by all
            """
        )
    }
    x, n = rows.pop(("ironbark_plains_hospital", True))
    assert 0.30 < x / n < 0.40
    for (facility, _), (x, n) in rows.items():
        if facility not in ("all", "unknown"):
            assert x / n < 0.03, facility


def test_highest_total_is_not_highest_mean(demo_build):
    rows = demo_build.records(
        "select * from kpi_treatment_costs where source_system = 'hospital_ops'"
        " and cost_scope = 'all' and treatment_type != 'all'"
    )
    assert max(rows, key=lambda r: r["total_cost"])["treatment_type"] == "Dialysis"
    assert max(rows, key=lambda r: r["mean_cost"])["treatment_type"] == "Chemotherapy"
    overall = sum(float(r["total_cost"]) for r in rows) / len(rows)
    for row in rows:
        parts = row["volume_effect"] + row["price_effect"]
        assert math.isclose(parts, float(row["total_cost"]) - overall, rel_tol=1e-9)


def test_payment_methods_do_not_differ(demo_build):
    counts = [
        n
        for (n,) in demo_build.query(
            "select bills from kpi_payment_mix where facility_id = 'all'"
            " and payment_status = 'all' and payment_method in ('cash', 'credit_card', 'insurance')"
        )
    ]
    mean = sum(counts) / 3
    assert sum((n - mean) ** 2 / mean for n in counts) < 9.21  # chi-square, 2 df, p = 0.01


def test_a_second_build_gives_the_same_row_numbers(demo_build, tmp_path):
    """A reload of the seeds into the same database must not move the rows."""
    shutil.copytree(demo_build.folder / "build", tmp_path / "build")
    sql = "select * from dq_rejected_rows order by all"
    again = run_dbt(
        tmp_path, "build", "--select", "raw_hospital_ops__appointments", "raw_hospital_ops__billing"
    )
    assert again.returncode == 0, again.output[-2000:]
    again = run_dbt(tmp_path, "run", "--select", "dq_rejected_rows")
    assert again.returncode == 0, again.output[-2000:]
    assert again.query(sql) == demo_build.query(sql)
