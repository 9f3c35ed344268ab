"""Funnels give FunnelPlotR's numbers, from the real SQL of the marts."""

from __future__ import annotations

import json
import math
import random

import duckdb
import pytest

from conftest import ROOT, run_model, run_models, vector_rows
from vector_report import record_vector

LIMITS = {
    "limit_95_low": "ll95",
    "limit_95_high": "ul95",
    "limit_998_low": "ll998",
    "limit_998_high": "ul998",
    "adjusted_limit_95_low": "odll95",
    "adjusted_limit_95_high": "odul95",
    "adjusted_limit_998_low": "odll998",
    "adjusted_limit_998_high": "odul998",
}
DISPERSION = {"value": "rr", "target": "target", "z_score": "Uzscore", "phi": "phi"} | {
    "tau_squared": "tau2"
}
CHAIN = ["int_funnels_scored", "kpi_funnels"]


def wanted_rows() -> list[dict[str, str]]:
    """Rows of the vector of the two kinds that are built: ratios of counts and CQC are not."""
    return [
        row
        for row in vector_rows("funnel_funnelplotr")
        if row["data_type"] == "PR" or (row["data_type"], row["sr_method"]) == ("SR", "SHMI")
    ]


def funnel_unit(
    kpi_id: str, unit: str, numerator: int, denominator: float, funnel_type: str = "proportion"
) -> dict:
    return {
        "kpi_id": kpi_id,
        "funnel_type": funnel_type,
        "period": "all",
        "unit_kind": "facility",
        "unit": unit,
        "numerator": numerator,
        "denominator": float(denominator),
        "n": 1000 if funnel_type == "ratio" else int(denominator),
    }


def funnels_of(build, units: list[dict]) -> list[dict]:
    return run_models(build, CHAIN, {"int_funnel_units": units})["kpi_funnels"]


@pytest.fixture(scope="module")
def funnels(demo_build) -> list[tuple[dict[str, str], dict]]:
    """Each row of the vector with the row that the mart makes of it."""
    kinds = {"PR": "proportion", "SR": "ratio"}
    wanted = wanted_rows()
    rows = funnels_of(
        demo_build,
        [
            funnel_unit(
                r["case_id"],
                r["group"],
                int(r["numerator"]),
                float(r["denominator"]),
                kinds[r["data_type"]],
            )
            for r in wanted
        ],
    )
    ours = {(row["kpi_id"], row["unit"]): row for row in rows}
    assert len(ours) == len(wanted) == 36
    assert {kpi_id for kpi_id, _ in ours} == {
        "fpr_test6_PR_capped",
        "fpr_test6_SR_SHMI",
        "own_h12_PR",
        "own_h12_SR_SHMI",
    }
    return [(r, ours[r["case_id"], r["group"]]) for r in wanted]


@pytest.mark.parametrize(
    ("funnel_type", "columns", "most"),
    [
        # the vector carries 15 digits
        ("proportion", DISPERSION | LIMITS, 1e-12),
        (
            "ratio",
            DISPERSION | {k: v for k, v in LIMITS.items() if k.startswith("adjusted")},
            1e-12,
        ),
        # FunnelPlotR's are the exact quantiles, ours a polynomial's
        ("ratio", {k: v for k, v in LIMITS.items() if k.startswith("limit")}, 1e-8),
    ],
)
def test_funnels_equal_funnelplotr(funnels, record_property, funnel_type, columns, most):
    pairs = [
        (row[name], float(wanted[theirs]))
        for wanted, row in funnels
        for name, theirs in columns.items()
        if row["funnel_type"] == funnel_type
    ]
    flags = [
        (row["dispersion_units"], int(wanted["n_used"]))
        for wanted, row in funnels
        if row["funnel_type"] == funnel_type
    ]
    assert len(flags) == 18
    what = "unadjusted limits" if most > 1e-12 else "limits, z, phi and tau²"
    largest, _ = record_vector(
        record_property, f"funnel of {funnel_type}s: {what}", "funnel_funnelplotr", pairs, flags
    )
    assert largest < most
    assert all(ours == theirs for ours, theirs in flags)
    assert all(
        row["units"] == (6 if "test6" in row["kpi_id"] else 12)
        and row["has_few_units"] == ("test6" in row["kpi_id"])
        for _, row in funnels
    )


def test_poisson_limits(rendered, record_property):
    """FunnelPlotR's own test; and Byar's approximation of the same limits."""
    sql = ", ".join(
        (
            rendered("funnel_poisson_limit('1e0', 'expected', 0.025, '-')"),
            rendered("funnel_poisson_limit('1e0', 'expected', 0.025, '+')"),
            rendered("funnel_poisson_limit('1e0', 'expected', 0.001, '-')"),
            rendered("funnel_poisson_limit('1e0', 'expected', 0.001, '+')"),
        )
    )

    def limits(expected: float) -> tuple[float, ...]:
        given = {"expected": expected}
        return duckdb.execute(f"select {sql} from (select $expected as expected)", given).fetchone()

    pairs, byar = [], []
    for row in vector_rows("funnel_funnelplotr_poisson_limits"):
        e = float(row["number_seq"])
        ours = limits(e)
        pairs += list(zip(ours, (row[k] for k in ("ll95", "ul95", "ll998", "ul998")), strict=True))
        for (low, high), z in zip((ours[:2], ours[2:]), (1.959964, 3.090232), strict=True):
            byar.append(low / (1 - 1 / (9 * e) - z / (3 * math.sqrt(e))) ** 3)
            upper = (e + 1) * (1 - 1 / (9 * (e + 1)) + z / (3 * math.sqrt(e + 1))) ** 3
            byar.append(high / (upper / e))
    _, relative = record_vector(
        record_property,
        "funnel of ratios: unadjusted limits",
        "funnel_funnelplotr_poisson_limits",
        pairs,
    )
    assert len(pairs) == 12
    assert relative < 1e-7  # as many digits as the vector has
    assert max(abs(ratio - 1) for ratio in byar) < 0.01
    # no event at all has a chance of 5 % where 3 are expected, 0.7 % where 5, 0.03 % where 8 are
    assert limits(3)[0] == limits(3)[2] == limits(5)[2] == 0
    assert limits(5)[0] > 0 and limits(8)[2] > 0
    assert limits(0) == (None,) * 4


def side(row: dict, kind: str) -> str:
    """The position that the limits of a row say, worked out a second time."""
    for level in ("998", "95"):
        if row["value"] > row[f"{kind}_{level}_high"]:
            return f"above_{level}"
        if row["value"] < row[f"{kind}_{level}_low"]:
            return f"below_{level}"
    return "inside"


def test_positions_equal_funnelplotr(funnels, record_property):
    seen, flags = set(), []
    for wanted, row in funnels:
        unadjusted = (wanted["outlier95_unadj"] == "1", wanted["outlier998_unadj"] == "1")
        adjusted = (wanted["outlier95_adj"] == "1", wanted["outlier998_adj"] == "1")
        position = row["position_unadjusted"]
        flags.append(((position != "inside", position.endswith("998")), unadjusted))
        assert position == side(row, "limit"), wanted
        position = row["position"]
        judged_by = adjusted if row["phi"] > 1 else unadjusted
        flags.append(((position != "inside", position.endswith("998")), judged_by))
        assert (row["phi"] > 1) == (wanted["overdispersion_detected"] == "1")
        kind = "adjusted_limit" if row["phi"] > 1 else "limit"
        assert position == side(row, kind), wanted
        seen |= {row["position_unadjusted"], position}
    assert {"inside", "above_95", "below_95", "above_998"} <= seen
    record_vector(record_property, "funnel outliers", "funnel_funnelplotr", [], flags)
    assert all(ours == theirs for ours, theirs in flags)


def test_alarms_stand_out(demo_build):
    """Units near 10 %, one far above and one far below: winsorising keeps these two out of phi."""
    units = [funnel_unit("K", f"u{i}", 98 + i % 5, 1000) for i in range(22)]
    units += [funnel_unit("K", "high", 170, 1000), funnel_unit("K", "low", 40, 1000)]
    rows = {r["unit"]: r for r in funnels_of(demo_build, units)}
    assert rows["high"]["phi"] < 1
    assert rows["high"]["position"] == "above_998"
    assert rows["low"]["position"] == "below_998"
    assert {r["position"] for unit, r in rows.items() if unit.startswith("u")} == {"inside"}


def test_ratios_without_events_are_said_and_placed(demo_build):
    """Where FunnelPlotR stops: no logarithm, no part in phi, a position by chance alone."""
    units = [funnel_unit("K", f"u{i}", 18 + 2 * i, 20, "ratio") for i in range(10)]
    without = [funnel_unit("K", f"none of {e}", 0, e, "ratio") for e in (0.5, 3, 5, 8, 20)]
    small = funnel_unit("K", "small", 0, 20, "ratio") | {"n": 49}
    rows = {r["unit"]: r for r in funnels_of(demo_build, [*units, *without, small])}
    alone = {r["unit"]: r for r in funnels_of(demo_build, units)}
    for name in ("phi", "tau_squared", "dispersion_units"):
        assert rows["u1"][name] == alone["u1"][name]
    assert rows["u1"]["phi"] > 1
    assert rows["u1"]["units"] == 15 and not rows["u1"]["has_few_units"]
    placed = {unit: row["position"] for unit, row in rows.items() if unit.startswith("none")}
    assert placed == {
        "none of 0.5": "inside",
        "none of 3": "inside",
        "none of 5": "below_95",
        "none of 8": "below_998",
        "none of 20": "below_998",
    }
    assert all(rows[unit]["z_score"] is None and rows[unit]["value"] == 0 for unit in placed)
    assert rows["small"]["position"] is None and rows["small"]["why_not"] == "fewer than 50 stays"
    # not one event anywhere: limits of chance only, and still lines to draw
    rows = funnels_of(demo_build, [u | {"kpi_id": "L"} for u in without])
    assert {r["phi"] for r in rows} == {r["adjusted_limit_95_low"] for r in rows} == {None}
    lines = run_models(demo_build, ["kpi_funnel_limits"], {"kpi_funnels": rows})
    assert all(None not in line.values() for line in lines["kpi_funnel_limits"])
    assert len(lines["kpi_funnel_limits"]) == 60


@pytest.mark.parametrize("funnel_type", ["proportion", "ratio"])
def test_the_order_of_the_units_means_nothing(demo_build, funnel_type):
    rng = random.Random(7)
    units = [
        funnel_unit("K", f"u{i}", rng.randint(1, 40), rng.randint(40, 90) + 0.0, funnel_type)
        for i in range(40)
    ]
    found = []
    for _ in range(3):
        rng.shuffle(units)
        found.append(sorted(funnels_of(demo_build, units), key=lambda row: row["unit"]))
    assert found[0] == found[1] == found[2]


def test_one_unit_is_no_funnel(demo_build):
    (row,) = funnels_of(demo_build, [funnel_unit("K", "u1", 9, 20, "ratio")])
    assert (row["units"], row["position"], row["phi"]) == (1, None, None)
    assert row["why_not"] == "no other unit to compare with" and not row["is_reportable"]
    lines = run_models(demo_build, ["kpi_funnel_limits"], {"kpi_funnels": [row]})
    assert not lines["kpi_funnel_limits"]


@pytest.mark.parametrize("kpi_id", ["own_h12_PR", "own_h12_SR_SHMI"])
def test_lines_pass_through_the_limits_of_the_units(demo_build, funnels, kpi_id):
    rows = [row for _, row in funnels if row["kpi_id"] == kpi_id]
    keys = (
        "kpi_id",
        "funnel_type",
        "period",
        "unit_kind",
        "unit",
        "denominator",
        "target",
        "tau_squared",
        "is_reportable",
    )
    lines = run_model(
        demo_build, "kpi_funnel_limits", {"kpi_funnels": [{k: r[k] for k in keys} for r in rows]}
    )
    lines.sort(key=lambda line: line["point"])
    assert [line["point"] for line in lines] == list(range(1, 61))
    smallest = min(rows, key=lambda row: row["denominator"])
    largest = max(rows, key=lambda row: row["denominator"])
    for line, row in ((lines[0], smallest), (lines[-1], largest)):
        assert line["denominator"] == pytest.approx(row["denominator"], abs=1e-6)
        for name in LIMITS:
            assert line[name] == pytest.approx(row[name], abs=1e-9), name
    ratios = [b["denominator"] / a["denominator"] for a, b in zip(lines, lines[1:], strict=False)]
    assert max(ratios) / min(ratios) == pytest.approx(1, abs=1e-6)
    for name in LIMITS:
        widths = [abs(line[name] - line["target"]) for line in lines]
        assert widths == sorted(widths, reverse=True), name
        assert all(math.isfinite(line[name]) for line in lines)


def test_the_planted_facility_stands_out_alone(demo_build, record_property):
    """The demo data's facility with higher odds of a return, under every definition."""
    truths = json.loads((ROOT / "tests" / "data" / "demo_truths.json").read_text())
    planted = truths["care_episodes"]["readmission"]
    facility = planted["facility"].lower().replace(" ", "_")
    above = demo_build.query(
        "select kpi_id, unit, position from kpi_funnels"
        " where position like 'above%' and period = 'all'"
        " and kpi_id in ('PF07', 'PF08', 'PF09', 'PF10', 'PF13') order by kpi_id"
    )
    assert above == [
        (kpi, facility, "above_998") for kpi in ("PF07", "PF08", "PF09", "PF10", "PF13")
    ]
    # the odds ratio of what the rules count, against what was planted
    for definition in ("hwr_like", "au_28d"):
        ((a, b, c, d),) = demo_build.query(
            f"with split as (select *, facility_id = '{facility}' as is_planted"
            " from kpi_readmissions_overall where department_id = 'all'"
            f" and definition = '{definition}' and facility_id not in ('all', 'unknown'))"
            " select sum(case when is_planted then readmissions end),"
            " sum(case when is_planted then index_stays - readmissions end),"
            " sum(case when not is_planted then readmissions end),"
            " sum(case when not is_planted then index_stays - readmissions end) from split"
        )
        ratio = a * d / (b * c)
        spread = math.exp(1.959964 * math.sqrt(1 / a + 1 / b + 1 / c + 1 / d))
        print(
            f"{definition}: odds ratio {ratio:.2f} ({ratio / spread:.2f} to {ratio * spread:.2f})"
        )
        record_property(f"{definition}_odds_ratio", ratio)
        assert ratio / spread < planted["odds_ratio"] < ratio * spread


def test_every_fraction_is_compared_by_year_and_over_all(demo_build):
    """Units, counts and years against the monthly marts and the facts, added up here."""
    found = {
        kpi_id: periods
        for kpi_id, periods in demo_build.query(
            "select kpi_id, count(distinct period) from kpi_funnels where unit_kind = 'facility'"
            " group by kpi_id"
        )
    }
    years = {
        year
        for (year,) in demo_build.query(
            "select distinct financial_year from dim_dates d inner join"
            " kpi_collections_monthly b on b.month = d.calendar_date"
        )
    }
    fractions = {"AP03", "AP04", "AP10", "ED02", "ED03", "ED05", "EX02", "FN13"}
    fractions |= {"PF07", "PF08", "PF09", "PF11", "PF13"}
    assert found.keys() == fractions | {"PF10", "PF12"}
    assert {kpi_id for kpi_id, periods in found.items() if periods == 1} == {"PF10", "PF12"}
    assert found["FN13"] == 1 + len(years)
    # financial years add up to the whole period
    assert not demo_build.query(
        "select kpi_id, unit from kpi_funnels where funnel_type = 'proportion'"
        " and unit_kind = 'facility' group by kpi_id, unit"
        " having sum(case when period = 'all' then n else -n end) != 0"
        " or sum(case when period = 'all' then numerator else -numerator end) != 0"
    )
    direct = demo_build.query(
        "select facility_id, count(*) filter (where payment_status = 'failed'), count(*)"
        # the demo ends with June 2026: from April on bills may still be paid
        " from fct_bills where not is_future and facility_id != 'unknown'"
        " and bill_date < date '2026-04-01' group by all order by 1"
    )
    ours = demo_build.query(
        "select unit, numerator, n from kpi_funnels where kpi_id = 'FN13' and period = 'all'"
        " order by unit"
    )
    assert ours == direct
    # a ratio has the numbers of its own mart
    assert not demo_build.query(
        "select unit from kpi_funnels f inner join kpi_mortality_overall m"
        " on m.facility_id = f.unit and m.department_id = 'all' where f.kpi_id = 'PF12'"
        " and (f.numerator != m.deaths or f.denominator != m.expected_deaths"
        " or f.n != m.comparable_separations or f.value != m.observed_to_expected)"
    )


def test_doctors_are_compared_with_doctors(demo_build):
    """No-shows of every known doctor against the facts; no facility moves a doctor's target."""
    direct = demo_build.query(
        "select doctor_id, count(*) filter (where outcome = 'no_show'), count(*)"
        " from fct_appointments where outcome in ('no_show', 'attended')"
        " and doctor_id != 'unknown' group by all order by 1"
    )
    ours = demo_build.query(
        "select unit, numerator, n from kpi_funnels"
        " where unit_kind = 'doctor' and n > 0 order by unit"
    )
    assert ours == direct and len(ours) == 40
    ((kpis, periods, units, target),) = demo_build.query(
        "select list(distinct kpi_id), list(distinct period), min(units), min(target)"
        " from kpi_funnels where unit_kind = 'doctor'"
    )
    assert (kpis, periods, units) == (["AP03"], ["all"], len(direct))
    assert target == pytest.approx(sum(row[1] for row in direct) / sum(row[2] for row in direct))


def test_a_doctor_and_a_facility_of_one_name_are_two_units(demo_build):
    """Alarms among doctors change nothing among facilities of the same KPI."""
    facilities = [funnel_unit("K", f"u{i}", 8 + i % 5, 100) for i in range(12)]
    doctors = [
        row | {"unit_kind": "doctor", "numerator": 5 * i} for i, row in enumerate(facilities)
    ]
    alone = sorted(funnels_of(demo_build, facilities), key=lambda row: row["unit"])
    both = funnels_of(demo_build, [*facilities, *doctors])
    assert len(both) == 24
    kept = sorted((r for r in both if r["unit_kind"] == "facility"), key=lambda row: row["unit"])
    assert kept == alone
    assert {r["position"] for r in both if r["unit_kind"] == "doctor"} != {"inside"}
