"""Funnels give FunnelPlotR's numbers, from the real SQL of the marts."""

from __future__ import annotations

import json
import math

import pytest

from conftest import ROOT, run_model, vector_rows

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
NUMBERS = {
    "value": "rr",
    "target": "target",
    "z_score": "Uzscore",
    "phi": "phi",
    "tau_squared": "tau2",
} | LIMITS


def proportions() -> list[dict[str, str]]:
    """The rows of the vector that are about proportions; the funnels of ratios are another kind."""
    return [row for row in vector_rows("funnel_funnelplotr") if row["data_type"] == "PR"]


def funnel_unit(kpi_id: str, unit: str, numerator: int, denominator: int) -> dict:
    return {
        "kpi_id": kpi_id,
        "period": "all",
        "unit": unit,
        "numerator": numerator,
        "denominator": denominator,
    }


@pytest.fixture(scope="module")
def funnels(demo_build) -> list[tuple[dict[str, str], dict]]:
    """Each row of the vector with the row that the mart makes of it."""
    wanted = proportions()
    rows = run_model(
        demo_build,
        "kpi_funnels",
        {
            "int_funnel_units": [
                funnel_unit(r["case_id"], r["group"], int(r["numerator"]), int(r["denominator"]))
                for r in wanted
            ]
        },
    )
    ours = {(row["kpi_id"], row["unit"]): row for row in rows}
    assert len(ours) == len(wanted) == 18
    return [(r, ours[r["case_id"], r["group"]]) for r in wanted]


def test_funnels_equal_funnelplotr(funnels, record_property):
    largest = 0.0
    for name, theirs in NUMBERS.items():
        differences = [abs(row[name] - float(wanted[theirs])) for wanted, row in funnels]
        print(f"{name}: largest difference {max(differences):.3g}")
        largest = max(largest, *differences)
    record_property("largest_difference", largest)
    # the vector carries 15 digits
    assert largest < 1e-12
    assert all(row["units"] == int(wanted["n_used"]) for wanted, row in funnels)


def side(row: dict, kind: str) -> str:
    """The position that the limits of a row say, worked out a second time."""
    for level in ("998", "95"):
        if row["value"] > row[f"{kind}_{level}_high"]:
            return f"above_{level}"
        if row["value"] < row[f"{kind}_{level}_low"]:
            return f"below_{level}"
    return "inside"


def test_positions_equal_funnelplotr(funnels):
    seen = set()
    for wanted, row in funnels:
        unadjusted = (wanted["outlier95_unadj"] == "1", wanted["outlier998_unadj"] == "1")
        adjusted = (wanted["outlier95_adj"] == "1", wanted["outlier998_adj"] == "1")
        position = row["position_unadjusted"]
        assert (position != "inside", position.endswith("998")) == unadjusted, wanted
        assert position == side(row, "limit"), wanted
        position = row["position"]
        judged_by = adjusted if row["phi"] > 1 else unadjusted
        assert (position != "inside", position.endswith("998")) == judged_by, wanted
        kind = "adjusted_limit" if row["phi"] > 1 else "limit"
        assert position == side(row, kind), wanted
        seen |= {row["position_unadjusted"], position}
    assert {"inside", "above_95", "below_95"} <= seen


def test_alarms_stand_out(demo_build):
    """Units near 10 %, one far above and one far below: winsorising keeps these two out of phi."""
    units = [funnel_unit("K", f"u{i}", 98 + i % 5, 1000) for i in range(22)]
    units += [funnel_unit("K", "high", 170, 1000), funnel_unit("K", "low", 40, 1000)]
    rows = {r["unit"]: r for r in run_model(demo_build, "kpi_funnels", {"int_funnel_units": units})}
    assert rows["high"]["phi"] < 1
    assert rows["high"]["position"] == "above_998"
    assert rows["low"]["position"] == "below_998"
    assert {r["position"] for unit, r in rows.items() if unit.startswith("u")} == {"inside"}


def test_lines_pass_through_the_limits_of_the_units(demo_build, funnels):
    rows = [row for _, row in funnels if row["kpi_id"] == "own_h12_PR"]
    keys = ("kpi_id", "period", "unit", "denominator", "target", "tau_squared", "is_reportable")
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
        " where position like 'above%' order by kpi_id"
    )
    assert above == [(kpi, facility, "above_998") for kpi in ("PF07", "PF08", "PF09", "PF13")]
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
