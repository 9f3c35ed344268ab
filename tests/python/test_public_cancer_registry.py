"""The public cancer registry, as the file is, gives every published figure.

Usage: pytest tests/python/test_public_cancer_registry.py

The file has no event flag, no stage, no hospital, no outcome and no other dates: what needs them
is empty and says why.
"""

from __future__ import annotations

import csv

import pytest

from conftest import shared_folder


def expected(name: str) -> list[dict[str, str]]:
    path = shared_folder("data") / "expected" / f"cancer_registry_{name}.csv"
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(
    ("name", "column", "dimension"),
    [
        ("cancertype", "CancerType", "cancer_type"),
        ("gender", "Gender", "gender"),
        ("region", "Region", "region"),
        ("treatment", "Treatment", "treatment"),
    ],
)
def test_distribution(public_care_build, name, column, dimension):
    rows = public_care_build.records(
        f"select * from kpi_cancer_distribution where dimension = '{dimension}'"
    )
    coded = str.lower if dimension == "gender" else str
    assert {r["value"]: r["cases"] for r in rows} == {
        coded(line[column]): int(line["n"]) for line in expected(name)
    }
    assert {r["all_cases"] for r in rows} == {1000}
    assert sum(r["share"] for r in rows) == pytest.approx(1)


def test_follow_up_by_region(public_care_build):
    rows = {
        r["value"]: r
        for r in public_care_build.records(
            "select * from kpi_follow_up_months where dimension = 'region'"
        )
    }
    wanted = expected("survival_by_region")
    assert rows.keys() == {line["Region"] for line in wanted}
    for line in wanted:
        row = rows[line["Region"]]
        assert (row["cases"], row["cases_without_follow_up"]) == (int(line["n"]), 0)
        assert row["mean_months"] == pytest.approx(float(line["mean"]), abs=1e-6)
        for ours, theirs in (
            ("p25_months", "q1"),
            ("median_months", "med"),
            ("p75_months", "q3"),
            ("maximum_months", "max"),
        ):
            assert row[ours] == pytest.approx(float(line[theirs]), abs=1e-9), (line, ours)


def test_patients_by_gender(public_care_build):
    rows = dict(
        public_care_build.query(
            "select value, patients from kpi_patient_demographics"
            " where source_system = 'cancer_registry' and dimension = 'gender'"
        )
    )
    assert rows == {line["Gender"].lower(): int(line["n"]) for line in expected("gender")}


def test_no_survival_without_an_event_flag(public_care_build):
    assert public_care_build.query(
        "select count(*) from fct_cancer_cases where is_dead is null"
    ) == [(1000,)]
    assert public_care_build.query("select count(*) from kpi_survival_curves") == [(0,)]
    rows = public_care_build.records("select * from kpi_survival_summary")
    assert {r["group_value"] for r in rows if r["group_by"] == "region"} == {
        line["Region"] for line in expected("region")
    }
    for row in rows:
        assert row["is_testable"] is False
        assert row["why_not"]
        for column in ("median_months", "survival_12m", "survival_60m", "logrank_p_value"):
            assert row[column] is None, (row["group_by"], row["group_value"], column)


def test_what_the_file_does_not_hold_is_empty(public_care_build):
    assert public_care_build.query(
        "select dimension, value, cases from kpi_cancer_distribution"
        " where dimension in ('facility', 'insurance_type', 'outcome', 'stage')"
        " order by dimension"
    ) == [(name, "unknown", 1000) for name in ("facility", "insurance_type", "outcome", "stage")]
    assert public_care_build.query(
        "select count(*) from kpi_insurance_outcomes where source_system = 'cancer_registry'"
    ) == [(0,)]
    assert public_care_build.query(
        "select sum(evaluable), count(success_rate), max(cases) from kpi_treatment_outcomes"
        " where source_system = 'cancer_registry'"
    ) == [(0, 0, 1000)]
    assert public_care_build.query(
        "select standard, sum(cases), count(within_standard_rate)"
        " from kpi_cancer_waits group by standard"
    ) == [("faster_diagnosis", 0, 0)]


def test_every_row_is_accounted_for(public_care_build):
    assert public_care_build.query(
        "select raw_rows, accepted_rows, rejected_rows, superseded_rows, difference"
        " from dq_reconciliation where source_system = 'cancer_registry'"
    ) == [(1000, 1000, 0, 0, 0)]
    assert public_care_build.query(
        "select count(*) from dq_repairs where source_system = 'cancer_registry'"
    ) == [(0,)]
    assert public_care_build.query(
        "select count(*) from fct_cancer_cases where survival_months is null or is_future"
    ) == [(0,)]
