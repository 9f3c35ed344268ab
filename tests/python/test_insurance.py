"""Two insurance types compared: the mart against trusted tools' numbers and on the demo data.

Usage: pytest tests/python/test_insurance.py

The vectors go through the compiled SQL of kpi_insurance_outcomes itself, as if they were counted
strata of insurance types.
"""

from __future__ import annotations

import math
import random

import duckdb
import pytest
from scipy import stats

from conftest import run_model, vector_rows
from vector_report import apart, report

Z = stats.norm.ppf(0.975)
# what the files of vectors call it, and what the mart does; _lo and _hi are _low and _high there
METAFOR = {
    "k": "usable_strata",
    "crude_rr": "crude_risk_ratio",
    "crude_or": "crude_odds_ratio",
    "mh_rr": "mh_risk_ratio",
    "mh_or": "mh_odds_ratio",
    "mh_rd": "mh_risk_difference",
    "r_mantelhaen": "mh_odds_ratio",
    "r_mantelhaen_or": "mh_odds_ratio",
    "cmh_chisq": "cmh_chi_square",
    "cmh_p": "cmh_p_value",
    "cmh_chisq_cc": "cmh_chi_square_corrected",
    "cmh_p_cc": "cmh_p_value_corrected",
    "het_Q_rr": "rr_homogeneity_q",
    "het_Q_or": "or_homogeneity_q",
    "het_p_or": "or_homogeneity_p_value",
    "tarone_bd": "tarone_chi_square",
    "tarone_p": "tarone_p_value",
}
STANDARDISED = {
    "std_risk_exposed": "standardised_exposed_rate",
    "std_risk_unexposed": "standardised_unexposed_rate",
    "std_rd": "standardised_risk_difference",
    "std_rr": "standardised_risk_ratio",
    "crude_rd": "crude_risk_difference",
}
TWO_PROPORTIONS = {
    "p1": "exposed_success_rate",
    "l1": "exposed_success_rate_low",
    "u1": "exposed_success_rate_high",
    "p2": "unexposed_success_rate",
    "l2": "unexposed_success_rate_low",
    "u2": "unexposed_success_rate_high",
    "rd": "crude_risk_difference",
    "newcombe": "crude_risk_difference",
    "rr": "crude_risk_ratio",
    "or": "crude_odds_ratio",
}


def compared(build, strata: list[dict]) -> dict[str, dict]:
    """Rows of the mart over the given strata, by outcome."""
    rows = run_model(build, "kpi_insurance_outcomes", {"int_insurance_strata_counted": strata})
    return {row["outcome"]: row for row in rows}


def stratum(outcome: str, name: str, cells, exposed: str = "a", unexposed: str = "b") -> dict:
    arms = {"source_system": "s", "exposed": exposed, "unexposed": unexposed}
    return {"outcome": outcome, "stratum": name} | arms | dict(zip("abcd", cells, strict=True))


def ours(row: dict, names: dict[str, str], column: str) -> float | None:
    """The mart's value for a column of a vector; standard errors come from the bounds."""
    for ending, bound in (("_lo", "_low"), ("_hi", "_high")):
        if column.endswith(ending):
            return row[names[column.removesuffix(ending)] + bound]
    if column.endswith("_se_log"):
        name = names[column.removesuffix("_se_log")]
        return math.log(row[f"{name}_high"] / row[f"{name}_low"]) / (2 * Z)
    if column.endswith("_se"):
        name = names[column.removesuffix("_se")]
        return (row[f"{name}_high"] - row[f"{name}_low"]) / (2 * Z)
    return row[names[column]]


def differences(wanted: dict, row: dict, names: dict[str, str], skip: set[str]) -> list[float]:
    """Relative differences (absolute ones below 1) of every column of a row of vectors."""
    found = []
    for column, text in wanted.items():
        if column in skip:
            continue
        actual = ours(row, names, column)
        if text in ("", "Inf", "NaN"):
            # no half cases: what divides by nothing is unknown, not infinite
            assert actual is None, column
        else:
            assert actual is not None, column
            away = abs(actual - float(text)) / max(1.0, abs(float(text)))
            # 2e-17 is what rounding left of a difference of 0
            found.append(apart(actual, text if abs(float(text)) > 1e-15 else 0, away))
    return found


@pytest.fixture(scope="module")
def vectors(demo_build) -> dict[str, dict]:
    return compared(
        demo_build,
        [
            stratum(
                r["dataset"],
                r["stratum"],
                [r[cell] for cell in "abcd"],
                r["exposed"],
                r["unexposed"],
            )
            for r in vector_rows("mh_input_2x2xk")
        ],
    )


def test_mantel_haenszel(vectors, record_property):
    found = [
        difference
        for wanted in vector_rows("mh_results_metafor")
        for difference in differences(wanted, vectors[wanted["dataset"]], METAFOR, {"dataset"})
    ]
    assert len(found) == 62
    assert report(record_property, "Mantel-Haenszel", found) < 1e-12


def test_standardised_risks(vectors, record_property):
    found = [
        difference
        for wanted in vector_rows("direct_std_two_groups")
        for difference in differences(wanted, vectors[wanted["dataset"]], STANDARDISED, {"dataset"})
    ]
    assert len(found) == 20
    assert report(record_property, "standardised risks", found) < 1e-12


def test_two_proportions(demo_build, record_property):
    """One stratum: the crude figures; the Mantel-Haenszel ones are the same."""
    wanted = vector_rows("two_proportions")
    strata = []
    for r in wanted:
        x1, n1, x2, n2 = (int(r[name]) for name in ("x1", "n1", "x2", "n2"))
        strata.append(stratum(r["case"], "one", (x1, n1 - x1, x2, n2 - x2)))
    rows = compared(demo_build, strata)
    skip = {"case", "x1", "n1", "x2", "n2", "wald_lo", "wald_hi", "chisq", "chisq_p"}
    found = []
    for r in wanted:
        row = rows[r["case"]]
        found += differences(r, row, TWO_PROPORTIONS, skip)
        if r["chisq"]:
            n = row["usable_cases"]
            chi_square = row["cmh_chi_square"] * n / (n - 1)
            found.append(apart(chi_square, r["chisq"], abs(chi_square - float(r["chisq"]))))
        for name in ("risk_difference", "risk_ratio", "odds_ratio"):
            pooled, crude = row[f"mh_{name}"], row[f"crude_{name}"]
            if crude is not None:
                found.append(apart(pooled, crude, abs(pooled - crude)))
    assert report(record_property, "two proportions", found) < 1e-12


def test_e_value(rendered, record_property):
    sql = rendered("e_value('rr')")
    found = []
    for r in vector_rows("e_value"):
        given = {"rr": float(r["rr"])}
        (actual,) = duckdb.execute(f"select {sql} from (select $rr as rr)", given).fetchone()
        found.append(apart(actual, r["e_value"], abs(actual - float(r["e_value"]))))
    assert report(record_property, "E-value", found) < 1e-12


def test_e_value_of_the_nearer_bound(rendered):
    sql = rendered("e_value_of_bound('low', 'high')")

    def bound(low, high):
        given = {"low": low, "high": high}
        (value,) = duckdb.execute(
            f"select {sql} from (select $low as low, $high as high)", given
        ).fetchone()
        return value

    assert bound(1.8, 9.0) == pytest.approx(3.0)
    assert bound(0.2, 1 / 1.8) == pytest.approx(3.0)
    assert bound(0.9, 1.1) == bound(1.0, 2.0) == bound(0.5, 1.0) == 1
    assert bound(None, None) is None


def by_hand(tables: list[tuple[int, int, int, int]]) -> dict[str, float | None]:
    """The adjusted figures in plain arithmetic, zero cells included (half a case only in Q)."""
    both = [t for t in tables if t[0] + t[1] and t[2] + t[3]]
    total = sum(sum(t) for t in both)
    risk, odds = [0.0, 0.0, 0.0], [0.0, 0.0]
    difference = [0.0, 0.0, 0.0, 0.0]
    rates, spreads = [0.0, 0.0], [0.0, 0.0]
    for a, b, c, d in both:
        n1, n0, n = a + b, c + d, a + b + c + d
        risk[0] += a * n0 / n
        risk[1] += c * n1 / n
        risk[2] += ((a + c) * n1 * n0 - a * c * n) / n**2
        odds[0] += a * d / n
        odds[1] += b * c / n
        difference[0] += (a * n0 - c * n1) / n
        difference[1] += n1 * n0 / n
        difference[2] += c * (n1 / n) ** 2 - a * (n0 / n) ** 2 + n1 * n0 * (n0 - n1) / (2 * n**2)
        difference[3] += (a * (n0 - c) + c * (n1 - a)) / (2 * n)
        for arm, (x, m) in enumerate(((a, n1), (c, n0))):
            rates[arm] += n / total * x / m
            p = x / m if 0 < x < m else (x + 1) / (m + 2)
            spreads[arm] += (n / total) ** 2 * p * (1 - p) / m
    pooled = difference[0] / difference[1]
    error = math.sqrt(pooled * difference[2] + difference[3]) / difference[1]
    ratio = risk[0] / risk[1]
    odds_ratio = odds[0] / odds[1]
    q = tarone = excess = spread = 0.0
    informative = [t for t in both if t[0] + t[2] and t[1] + t[3]]
    for a, b, c, d in informative:
        h = 0.5 if 0 in (a, b, c, d) else 0.0
        p1, p0 = (a + h) / (a + b + 2 * h), (c + h) / (c + d + 2 * h)
        variance = (1 - p1) / (a + h) + (1 - p0) / (c + h)
        q += math.log(p1 / p0 / ratio) ** 2 / variance
        # the exposed events under the pooled odds ratio, by bisection
        n1, n0, m1 = a + b, c + d, a + c
        low, high = max(0, m1 - n0), min(m1, n1)
        for _ in range(200):
            e = (low + high) / 2
            if e * (n0 - m1 + e) < odds_ratio * (m1 - e) * (n1 - e):
                low = e
            else:
                high = e
        v = 1 / (1 / e + 1 / (m1 - e) + 1 / (n1 - e) + 1 / (n0 - m1 + e))
        tarone += (a - e) ** 2 / v
        excess += a - e
        spread += v
    freedom = len(informative) - 1
    return {
        "mh_risk_ratio": ratio,
        "mh_risk_ratio_low": ratio * math.exp(-Z * math.sqrt(risk[2] / (risk[0] * risk[1]))),
        "mh_odds_ratio": odds_ratio,
        "mh_risk_difference": pooled,
        "mh_risk_difference_high": pooled + Z * error,
        "standardised_exposed_rate": rates[0],
        "standardised_unexposed_rate": rates[1],
        "standardised_risk_difference_low": rates[0] - rates[1] - Z * math.sqrt(sum(spreads)),
        "rr_homogeneity_q": q,
        "rr_homogeneity_p_value": stats.chi2.sf(q, freedom),
        "tarone_chi_square": tarone - excess**2 / spread,
        "homogeneity_degrees_of_freedom": freedom,
        "usable_strata": len(both),
        "usable_share": total / sum(sum(t) for t in tables),
    }


def test_sparse_strata(demo_build):
    """Empty cells, one-armed strata and strata without any event, against plain arithmetic."""
    cases = {}
    for seed in range(8):
        chance = random.Random(seed)
        tables = [
            (5, 2, 3, 4),
            (2, 1, 0, 3),
            (0, 2, 1, 2),
            (0, 3, 0, 4),
            (2, 0, 3, 0),
            (0, 0, 2, 1),
        ]
        tables += [tuple(chance.choice((0, 0, 1, 2, 7)) for _ in range(4)) for _ in range(20)]
        cases[f"sparse {seed}"] = [table for table in tables if sum(table)]
    rows = compared(
        demo_build,
        [stratum(o, str(i), t) for o, tables in cases.items() for i, t in enumerate(tables)],
    )
    for outcome, tables in cases.items():
        for name, wanted in by_hand(tables).items():
            actual = rows[outcome][name]
            assert actual == pytest.approx(wanted, rel=1e-11, abs=1e-12), (outcome, name)


def test_the_order_of_rows_does_not_matter(demo_build):
    chance = random.Random(5)
    strata = [stratum("o", str(i), [chance.randrange(200) for _ in range(4)]) for i in range(60)]
    first = compared(demo_build, strata)
    chance.shuffle(strata)
    assert compared(demo_build, strata) == first


def pair(build, outcome: str) -> dict:
    (row,) = build.records(
        "select * from kpi_insurance_outcomes"
        f" where outcome = '{outcome}' and lower(exposed) = 'private'"
        " and lower(unexposed) = 'public'"
    )
    return row


def test_demo_difference_is_not_there_within_stage(demo_build):
    """Planted: private patients come at earlier stages, and insurance itself does nothing."""
    row = pair(demo_build, "treatment_success")
    assert row["crude_risk_difference_low"] > 0
    assert row["crude_risk_ratio_low"] > 1
    assert row["mh_risk_difference_low"] < 0 < row["mh_risk_difference_high"]
    assert row["mh_risk_ratio_low"] < 1 < row["mh_risk_ratio_high"]
    assert row["e_value_of_bound"] == 1
    assert row["usable_share"] > 0.5


def test_demo_difference_is_not_there_when_standardised(demo_build):
    row = pair(demo_build, "treatment_success")
    assert row["standardised_risk_difference_low"] < 0 < row["standardised_risk_difference_high"]
    assert row["standardised_risk_ratio_low"] < 1 < row["standardised_risk_ratio_high"]
    assert abs(row["standardised_risk_difference"]) < row["crude_risk_difference"] / 2
