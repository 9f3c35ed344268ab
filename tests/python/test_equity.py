"""Equity gaps: the marts' own rates by group, Newcombe's interval, also for all pairs together."""

from __future__ import annotations

import math

import pytest
from scipy import stats


@pytest.fixture(scope="module")
def gaps(demo_build) -> list[dict]:
    return demo_build.records("select * from kpi_equity_gaps")


def wilson(x: int, n: int, z: float) -> tuple[float, float]:
    centre, spread = x + z * z / 2, z * math.sqrt(x * (n - x) / n + z * z / 4)
    return (centre - spread) / (n + z * z), (centre + spread) / (n + z * z)


def newcombe(x1: int, n1: int, x0: int, n0: int, z: float) -> tuple[float, float]:
    (l1, u1), (l0, u0) = wilson(x1, n1, z), wilson(x0, n0, z)
    p1, p0 = x1 / n1, x0 / n0
    low = p1 - p0 - math.hypot(p1 - l1, u0 - p0)
    return low, p1 - p0 + math.hypot(u1 - p1, p0 - l0)


def test_intervals_and_verdicts(gaps):
    reportable = [row for row in gaps if row["is_reportable"]]
    assert len(reportable) > 100
    families: dict[tuple, int] = {}
    for row in reportable:
        family = row["kpi_id"], row["source_system"], row["dimension"]
        families[family] = families.get(family, 0) + 1
    for row in reportable:
        counts = [
            row[name]
            for name in (
                "numerator",
                "denominator",
                "reference_numerator",
                "reference_denominator",
            )
        ]
        comparisons = families[row["kpi_id"], row["source_system"], row["dimension"]]
        assert row["comparisons"] == comparisons
        low, high = newcombe(*counts, stats.norm.isf(0.025))
        assert row["difference_low"] == pytest.approx(low, abs=1e-12)
        assert row["difference_high"] == pytest.approx(high, abs=1e-12)
        low, high = newcombe(*counts, stats.norm.isf(0.025 / comparisons))
        assert row["adjusted_low"] == pytest.approx(low, abs=1e-12)
        assert row["adjusted_high"] == pytest.approx(high, abs=1e-12)
        verdict = "higher" if low > 0 else "lower" if high < 0 else "consistent_with_chance"
        assert row["verdict"] == verdict


def test_rates_are_those_of_the_marts(demo_build, gaps):
    """Every group's counts are in another mart too, which counts them from the facts."""
    found: dict[tuple, tuple] = {}
    for row in gaps:
        key = row["kpi_id"], row["source_system"], row["dimension"]
        found[(*key, row["group_value"])] = row["numerator"], row["denominator"]
        found[(*key, row["reference_value"])] = (
            row["reference_numerator"],
            row["reference_denominator"],
        )
    wanted: dict[tuple, tuple] = {}
    for value, x, n in demo_build.query(
        "select value, no_shows, attended + no_shows from kpi_no_shows_by_segment"
        " where dimension = 'gender' and value != 'unknown'"
    ):
        wanted["AP03", "hospital_ops", "gender", value] = x, n
    for dimension, value, *counts in demo_build.query(
        "select dimension, value, readmissions_recorded, readmission_known, successes, evaluable"
        " from kpi_episodes_by_segment where value != 'unknown'"
        " and dimension in ('gender', 'region', 'insurance_type')"
    ):
        name = "insurance" if dimension == "insurance_type" else dimension
        wanted["PF13", "care_episodes", name, value] = tuple(counts[:2])
        wanted["CA05", "care_episodes", name, value] = tuple(counts[2:])
    assert len(wanted) > 20
    assert {key: found[key] for key in wanted} == wanted
    # groups and the unknown add up to the whole
    for kpi, table, whole in (
        ("PF11", "kpi_mortality_overall", "deaths, separations_with_disposition"),
        ("EX02", "kpi_satisfaction_overall", "top_box, responses"),
    ):
        ((x, n),) = demo_build.query(
            f"select {whole} from {table} where facility_id = 'all' and department_id = 'all'"
        )
        groups = [v for k, v in found.items() if k[:3] == (kpi, "care_episodes", "gender")]
        ((ux, un),) = demo_build.query(
            "select count(*) filter (is_death and is_separation),"
            " count(*) filter (is_separation and is_death is not null)"
            " from fct_episodes where not is_future and gender = 'unknown'"
            if kpi == "PF11"
            else "select count(*) filter (satisfaction_score >= 9), count(satisfaction_score)"
            " from fct_episodes where not is_future and gender = 'unknown'"
        )
        assert (sum(v[0] for v in groups) + ux, sum(v[1] for v in groups) + un) == (x, n)


def test_planted_gap_shows_and_others_do_not(gaps):
    """The demo plants success by insurance (through stage) and nothing at all for no-shows."""
    by_pair = {
        (r["kpi_id"], r["source_system"], r["group_value"], r["reference_value"]): r["verdict"]
        for r in gaps
    }
    assert by_pair["CA05", "cancer_registry", "Private", "Public"] == "higher"
    no_shows = {r["verdict"] for r in gaps if r["kpi_id"] == "AP03"}
    assert no_shows == {"consistent_with_chance"}
