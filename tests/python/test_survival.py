"""Survival in SQL equals R's survival, lifelines, statsmodels and plain arithmetic.

The vectors go through the compiled SQL of the models themselves: each file is fed in as cancer
cases whose region is the file's group. Largest differences are printed.
"""

from __future__ import annotations

import json
import math
import random
from fractions import Fraction

import duckdb
import numpy as np
import pytest
from scipy import stats

from conftest import ROOT, vector_rows
from vector_report import apart, report

# in the order in which they read each other
MODELS = [
    "int_survival_times",
    "int_survival_tabled",
    "int_survival_compared",
    "int_survival_event_times",
    "int_survival_logranked",
    "int_survival_pairs_scored",
    "kpi_survival_curves",
    "kpi_survival_summary",
    "kpi_hazard_ratios",
]


@pytest.fixture(scope="module")
def analysed(demo_build):
    """What every survival model makes of given cases: their compiled SQL, one after the other."""
    manifest = json.loads((demo_build.folder / "target" / "manifest.json").read_text())
    nodes = {node["name"]: node for node in manifest["nodes"].values()}
    facts = demo_build.query("select * from (describe fct_cancer_cases)")
    columns = ", ".join(f"{name} {kind}" for name, kind, *_ in facts)
    rules = demo_build.query("select rule_id, minimum_n from reference.minimum_n_rules")

    def run(cases: list[dict]) -> dict[str, list[dict]]:
        made = {}
        with duckdb.connect() as connection:
            connection.execute(f"attach ':memory:' as {demo_build.private.stem}")
            connection.execute(f"use {demo_build.private.stem}")
            connection.execute("create schema intermediate")
            connection.execute("create schema marts")
            connection.execute("create schema reference")
            connection.execute(
                "create table reference.minimum_n_rules (rule_id varchar, minimum_n bigint)"
            )
            connection.executemany("insert into reference.minimum_n_rules values (?, ?)", rules)
            connection.execute(f"create table marts.fct_cancer_cases ({columns})")
            connection.executemany(
                f"insert into marts.fct_cancer_cases ({', '.join(cases[0])})"
                f" values ({', '.join('?' for _ in cases[0])})",
                [list(row.values()) for row in cases],
            )
            for model in MODELS:
                relation = nodes[model]["relation_name"]
                connection.execute(f"create table {relation} as {nodes[model]['compiled_code']}")
                result = connection.execute(f"select * from {relation}")
                names = [column[0] for column in result.description]
                made[model] = [dict(zip(names, row, strict=True)) for row in result.fetchall()]
        return made

    return run


def case(key: int, region: str, months: float | None, dead: bool | None, **others) -> dict:
    """A row of fct_cancer_cases."""
    known = {"cancer_type": "lung", "insurance_type": "unknown", "stage": "unknown"} | others
    return known | {
        "case_key": key,
        "region": region,
        "survival_months": months,
        "is_dead": dead,
        "is_future": False,
    }


def number(text: str) -> float | None:
    return None if text in ("", "NA") else float(text)


class Differences:
    """Differences to the wanted numbers, relative above 1; null must meet null."""

    def __init__(self) -> None:
        """No numbers yet."""
        self.all: list[float] = []

    def add(self, actual: float | None, wanted: float | None, what: str) -> None:
        """Compare two numbers."""
        assert (actual is None) == (wanted is None), f"{what}: {actual} instead of {wanted}"
        if wanted is not None:
            away = abs(actual - wanted) / max(1.0, abs(wanted))
            self.all.append(apart(actual, wanted, away))
            assert self.all[-1] < 1e-9, f"{what}: {actual} instead of {wanted}"

    def report(self, record_property, name: str) -> float:
        """Note, print and return the largest difference."""
        return report(record_property, name, self.all)


def vector_cases(name: str) -> list[dict]:
    return [
        case(int(row["id"]), row["grp"], float(row["time"]), row["event"] == "1")
        for row in vector_rows(name)
    ]


@pytest.fixture(scope="module")
def trials(analysed) -> dict[str, dict[str, list[dict]]]:
    """The two published trials of the R vectors through all models."""
    return {name: analysed(vector_cases(f"surv_{name}_input")) for name in ("aml", "gehan")}


def row_of(rows: list[dict], **keys) -> dict:
    (found,) = (row for row in rows if all(row[key] == value for key, value in keys.items()))
    return found


def group_of(vector: dict) -> dict[str, str]:
    if vector["stratum_by"] == "all":
        return {"group_by": "all", "group_value": "all"}
    return {"group_by": "region", "group_value": vector["stratum"]}


def test_curves_equal_r(trials, record_property):
    found = Differences()
    wanted = [row for row in vector_rows("surv_km_r_survival") if row["conf_type"] == "log-log"]
    for vector in wanted:
        what = f"{vector['dataset']} {vector['stratum']} at {vector['time']}"
        curves = trials[vector["dataset"]]["kpi_survival_curves"]
        row = row_of(curves, **group_of(vector), time_months=float(vector["time"]))
        counts = (row["at_risk"], row["events"], row["censored"])
        assert counts == tuple(int(vector[name]) for name in ("n_risk", "n_event", "n_censor"))
        assert row["is_observed_time"]
        for name, column in (
            ("survival", "surv"),
            ("std_error", "std_err_surv"),
            ("survival_low", "lower"),
            ("survival_high", "upper"),
        ):
            found.add(row[name], number(vector[column]), f"{what} {name}")
    assert found.report(record_property, "Kaplan-Meier, log-log limits (R)") < 1e-12
    for name, made in trials.items():
        observed = [r for r in made["kpi_survival_curves"] if r["is_observed_time"]]
        groups = {row["stratum"] for row in wanted if row["dataset"] == name}
        regions = [r for r in observed if r["group_value"] in groups]
        assert len(regions) == len([row for row in wanted if row["dataset"] == name])


def test_survival_at_fixed_times_equals_r(trials, record_property):
    found = Differences()
    for vector in vector_rows("surv_fixed_time_r_survival"):
        if vector["conf_type"] != "log-log":
            continue
        keys, time = group_of(vector), float(vector["time"])
        made = trials[vector["dataset"]]
        # a full year has a row of its own
        row = row_of(made["kpi_survival_curves"], **keys, time_months=time)
        rows = [({"": "survival", "_low": "survival_low", "_high": "survival_high"}, row)]
        if time == 12:
            rows.append(
                (
                    {bound: f"survival_12m{bound}" for bound in ("", "_low", "_high")},
                    row_of(made["kpi_survival_summary"], **keys),
                )
            )
            assert rows[1][1]["at_risk_12m"] == int(vector["n_risk"])
        assert row["at_risk"] == int(vector["n_risk"])
        found.add(row["std_error"], number(vector["std_err"]), "standard error")
        for names, values in rows:
            found.add(values[names[""]], number(vector["surv"]), "survival")
            found.add(values[names["_low"]], number(vector["lower"]), "lower bound")
            found.add(values[names["_high"]], number(vector["upper"]), "upper bound")
    assert found.report(record_property, "survival at fixed times") < 1e-12


def test_medians_equal_r(trials, record_property):
    found = Differences()
    for vector in vector_rows("surv_median_r_survival"):
        if vector["conf_type"] != "log-log":
            continue
        row = row_of(trials[vector["dataset"]]["kpi_survival_summary"], **group_of(vector))
        assert row["events"] + row["censored"] == row["cases"] == int(vector["n"])
        assert row["events"] == int(vector["events"])
        for name, column in (
            ("p25_months", "q25"),
            ("median_months", "median"),
            ("median_months_low", "median_lo"),
            ("median_months_high", "median_hi"),
            ("p75_months", "q75"),
        ):
            found.add(row[name], number(vector[column]), f"{vector['stratum']} {name}")
    assert found.report(record_property, "median survival and quartiles") == 0


def test_log_rank_equals_r(trials, record_property):
    found = Differences()
    for vector in vector_rows("surv_logrank_r_survival"):
        if vector["rho"] != "0":
            continue
        made = trials[vector["dataset"]]
        keys = {"group_by": "region", "group_value": vector["group"]}
        row = row_of(made["int_survival_logranked"], **keys, strata="none")
        summary = row_of(made["kpi_survival_summary"], **keys)
        assert row["observed"] == int(vector["observed"])
        assert row["degrees_of_freedom"] == int(vector["df"])
        found.add(row["expected"], float(vector["expected"]), "expected")
        found.add(row["variance"], float(vector["variance"]), "variance")
        found.add(row["chi_square"], float(vector["chisq"]), "chi-square")
        found.add(summary["expected_events"], float(vector["expected"]), "expected events")
        found.add(summary["logrank_chi_square"], float(vector["chisq"]), "chi-square")
        found.add(summary["logrank_p_value"], float(vector["p"]), "p-value")
    assert found.report(record_property, "log-rank (R)") < 1e-12


def test_hazard_ratios_equal_r(trials, record_property):
    found = Differences()
    for vector in vector_rows("surv_hazard_ratio"):
        made = trials[vector["test_id"].removesuffix("_grp")]["kpi_hazard_ratios"]
        row = row_of(made, group_value=vector["numerator_group"], strata="none")
        assert row["observed"] == int(vector["O"])
        for name, column in (
            ("expected", "E"),
            ("variance", "V"),
            ("hazard_ratio", "peto_hr"),
            ("hazard_ratio_low", "peto_lo"),
            ("hazard_ratio_high", "peto_hi"),
        ):
            found.add(row[name], float(vector[column]), name)
    assert found.report(record_property, "Peto hazard ratio") < 1e-12


@pytest.fixture(scope="module")
def five_groups(analysed) -> dict[str, list[dict]]:
    """Five groups with heavy ties, one of them of three cases, in six strata."""
    return analysed(
        [
            case(
                int(row["id"]),
                row["grp"],
                float(row["time"]),
                row["event"] == "1",
                stage=row["stage"],
                cancer_type=row["cancer_type"],
            )
            for row in vector_rows("surv_lifelines_input")
        ],
    )


def test_curves_equal_lifelines(five_groups, record_property):
    found = Differences()
    for vector in vector_rows("surv_lifelines_km"):
        by = "all" if vector["group"] == "all" else "region"
        row = row_of(
            five_groups["kpi_survival_curves"],
            group_by=by,
            group_value=vector["group"],
            time_months=float(vector["time"]),
        )
        for name in ("at_risk", "events", "censored"):
            assert row[name] == int(vector[name])
        found.add(row["survival"], float(vector["survival"]), "survival")
        # where nobody is left lifelines writes 0 to 0, R no bounds
        if 0 < float(vector["survival"]) < 1:
            found.add(row["survival_low"], float(vector["lower"]), "lower bound")
            found.add(row["survival_high"], float(vector["upper"]), "upper bound")
        else:
            assert row["survival_low"] is None and row["survival_high"] is None
    assert found.report(record_property, "Kaplan-Meier, log-log limits (lifelines)") < 1e-12


def test_log_rank_of_five_groups_and_their_pairs(five_groups, record_property):
    found = Differences()
    for vector in vector_rows("surv_lifelines_logrank"):
        kind = "logrank" if vector["strata"] == "none" else "logrank_stratified"
        if vector["test"] == "all groups":
            compared = [r for r in five_groups["kpi_survival_summary"] if r["group_by"] == "region"]
            assert len(compared) == 5
            for row in compared:
                assert row[f"{kind}_degrees_of_freedom"] == int(vector["df"])
                assert row["strata"] == "stage_and_cancer_type"
                found.add(row[f"{kind}_chi_square"], float(vector["chi_square"]), "chi-square")
                found.add(row[f"{kind}_p_value"], float(vector["p"]), "p-value")
        else:
            row = row_of(
                five_groups["kpi_hazard_ratios"],
                group_by="region",
                group_value=vector["group"],
                reference_value=vector["reference"],
                strata=vector["strata"],
            )
            found.add(row["logrank_chi_square"], float(vector["chi_square"]), "pair")
            found.add(row["logrank_p_value"], float(vector["p"]), "p-value")
    assert found.report(record_property, "log-rank of many groups, stratified") < 1e-12


# Plain arithmetic, written from the textbook and not from the SQL.


def usable(cases: list[dict]) -> list[dict]:
    return [c for c in cases if c["survival_months"] is not None and c["is_dead"] is not None]


def steps(cases: list[dict]) -> list[tuple[float, Fraction, float]]:
    """Time, exact survival and Greenwood's sum at every observed time."""
    survival, greenwood, found = Fraction(1), 0.0, []
    for time in sorted({c["survival_months"] for c in cases}):
        at_risk = sum(c["survival_months"] >= time for c in cases)
        dead = sum(c["survival_months"] == time and c["is_dead"] for c in cases)
        survival *= 1 - Fraction(dead, at_risk)
        greenwood += dead / (at_risk * (at_risk - dead)) if dead < at_risk else math.inf
        found.append((time, survival, greenwood))
    return found


def bounds(survival: Fraction, greenwood: float) -> tuple[float | None, float | None]:
    if survival in (0, 1):
        return None, None
    width = stats.norm.ppf(0.975) * math.sqrt(greenwood) / -math.log(survival)
    return float(survival) ** math.exp(width), float(survival) ** math.exp(-width)


def quantile(points: list[tuple[float, Fraction | float | None]], last: float) -> float | None:
    below = [time for time, level in points if level is not None and level <= Fraction(1, 2)]
    if not below:
        return None
    after = [time for time, level in points if level is not None and level < Fraction(1, 2)]
    return (below[0] + (after[0] if after else last)) / 2


def log_rank(cases: list[dict], groups: list[str], value: str, stratum) -> tuple[float, int, dict]:
    """Chi-square and degrees of freedom over all groups, and each group's (O - E, V)."""
    score, variance = np.zeros(len(groups)), np.zeros((len(groups), len(groups)))
    strata = {}
    for c in cases:
        if c[value] in groups:
            strata.setdefault(stratum(c), []).append(c)
    for members in strata.values():
        months = np.array([c["survival_months"] for c in members])
        dead = np.array([c["is_dead"] for c in members])
        group = np.array([[c[value] == g for g in groups] for c in members], dtype=float)
        for time in np.unique(months[dead]):
            there, now = months >= time, (months == time) & dead
            n, d = there.sum(), now.sum()
            share = group[there].sum(axis=0) / n
            score += group[now].sum(axis=0) - d * share
            if n > 1:
                variance += d * (n - d) / (n - 1) * (np.diag(share) - np.outer(share, share))
    # the pseudo-inverse needs no choice of the group to leave out
    rank = int(np.linalg.matrix_rank(variance, tol=1e-8, hermitian=True))
    chi_square = score @ np.linalg.pinv(variance, rcond=1e-8, hermitian=True) @ score
    each = {g: (score[i], variance[i, i]) for i, g in enumerate(groups)}
    return float(chi_square), rank, each


STRATA = {
    "region": ("stage_and_cancer_type", lambda c: (c["stage"], c["cancer_type"])),
    "insurance_type": ("stage_and_cancer_type", lambda c: (c["stage"], c["cancer_type"])),
    "cancer_type": ("stage", lambda c: c["stage"]),
    "stage": ("cancer_type", lambda c: c["cancer_type"]),
}


def check(cases: list[dict], made: dict[str, list[dict]], found: Differences) -> int:
    """Compare everything with plain arithmetic; how many curves lie exactly at one half."""
    at_one_half = 0
    for summary in made["kpi_survival_summary"]:
        by, value = summary["group_by"], summary["group_value"]
        own = [c for c in cases if not c["is_future"] and (by == "all" or c[by] == value)]
        in_estimate = usable(own)
        assert summary["cases"] == len(own)
        assert summary["cases_without_follow_up"] == sum(c["survival_months"] is None for c in own)
        assert summary["is_testable"] == bool(in_estimate)
        curve = [
            r
            for r in made["kpi_survival_curves"]
            if (r["group_by"], r["group_value"]) == (by, value)
        ]
        if not in_estimate:
            assert not curve and summary["why_not"] and summary["events"] is None
            continue
        assert summary["events"] == sum(c["is_dead"] for c in in_estimate)
        points = steps(in_estimate)
        months, last = np.array([c["survival_months"] for c in in_estimate]), points[-1][0]
        years = {12.0 * n for n in range(int(last // 12) + 1)}
        assert sorted(r["time_months"] for r in curve) == sorted({p[0] for p in points} | years)
        for row in curve:
            time = row["time_months"]
            assert row["at_risk"] == (at_risk := int((months >= time).sum()))
            level = max((p for p in points if p[0] <= time), default=(0.0, Fraction(1), 0.0))
            found.add(row["survival"], float(level[1]), f"{by} {value} at {time}")
            low, high = bounds(*level[1:])
            found.add(row["survival_low"], low, "lower bound")
            found.add(row["survival_high"], high, "upper bound")
            error = float(level[1]) * math.sqrt(level[2]) if level[1] else None
            found.add(row["std_error"], error, "standard error")
            if time in (12, 60):
                assert summary[f"at_risk_{time:.0f}m"] == at_risk
                assert summary[f"survival_{time:.0f}m"] == row["survival"]
        assert (summary["survival_12m"] is None) == (last < 12)
        assert (summary["survival_60m"] is None) == (last < 60)
        at_one_half += any(p[1] == Fraction(1, 2) for p in points)
        limits = [(p[0], *bounds(*p[1:])) for p in points]
        found.add(summary["median_months"], quantile([p[:2] for p in points], last), "median")
        found.add(summary["median_months_low"], quantile([p[:2] for p in limits], last), "low")
        found.add(summary["median_months_high"], quantile([p[::2] for p in limits], last), "high")
        assert summary["is_median_reached"] == (summary["median_months"] is not None)

    for by, (strata, stratum) in STRATA.items():
        rows = [r for r in made["kpi_survival_summary"] if r["group_by"] == by]
        known = [c for c in usable(cases) if not c["is_future"] and c[by] != "unknown"]
        groups = sorted({c[by] for c in known})
        pairs = [r for r in made["kpi_hazard_ratios"] if r["group_by"] == by]
        assert len(pairs) == len(groups) * (len(groups) - 1)
        assert {r["strata"] for r in pairs} <= {"none", strata}
        for name, key in (("logrank", lambda c: None), ("logrank_stratified", stratum)):
            chi_square, df, each = log_rank(known, groups, by, key)
            for row in rows:
                score, variance = each.get(row["group_value"], (0, 0))
                # who met nobody at a death is in no test
                is_in_test = variance > 1e-9
                if name == "logrank":
                    assert row["is_compared"] == is_in_test == (row["why_not_compared"] is None)
                    expected = row["events"] - score if is_in_test else None
                    found.add(row["expected_events"], expected, f"{by} expected")
                else:
                    assert row["strata"] == (strata if is_in_test else None)
                assert row[f"{name}_degrees_of_freedom"] == (df if is_in_test else None)
                found.add(row[f"{name}_chi_square"], chi_square if is_in_test else None, by)
                p_value = stats.chi2.sf(chi_square, df) if is_in_test else None
                found.add(row[f"{name}_p_value"], p_value, f"{by} p-value")
            for row in pairs:
                if (row["strata"] == "none") != (name == "logrank"):
                    continue
                two = [row["group_value"], row["reference_value"]]
                chi_square, df, each = log_rank(known, two, by, key)
                score, variance = each[two[0]]
                found.add(row["variance"], variance, "variance")
                found.add(row["observed"] - row["expected"], score, "score")
                ratio = math.exp(score / variance) if df else None
                found.add(row["hazard_ratio"], ratio, f"{two} ratio")
                found.add(row["logrank_chi_square"], chi_square if df else None, f"{two}")
                in_pair = [c for c in known if c[by] in two]
                arms = {}
                for c in in_pair:
                    arms.setdefault(key(c), set()).add(c[by])
                share = sum(len(arms[key(c)]) == 2 for c in in_pair) / len(in_pair)
                found.add(row["share_in_two_arm_strata"], share, "two-arm strata")
    return at_one_half


def random_cases(seed: int) -> list[dict]:
    """Few distinct times, small groups, unknown values everywhere, strata that do not all meet."""
    draw = random.Random(seed)
    regions = ["a", "b", "c", "d", "unknown"][: draw.randint(2, 5)]
    longest = draw.choice([4, 9, 70])
    cases = []
    for key in range(draw.randint(8, 60)):
        region = draw.choice(regions)
        cases.append(
            case(
                key,
                region,
                None if draw.random() < 0.05 else float(draw.randint(0, longest)),
                draw.choice([True, True, False, None] if key % 3 else [True, False]),
                # a and b are staged, the others are not: their strata never meet
                stage=draw.choice(["I", "II"] if region in "ab" else ["III", "unknown"]),
                cancer_type=draw.choice(["lung", "skin"]),
                insurance_type=draw.choice(["public", "private", "unknown"]),
            )
        )
    cases.append(case(999, "a", 1.0, True) | {"is_future": True})
    return cases


def test_random_cases_equal_plain_arithmetic(analysed, record_property):
    found, at_one_half = Differences(), 0
    for seed in range(6):
        cases = random_cases(seed)
        at_one_half += check(cases, analysed(cases), found)
    assert at_one_half >= 3, "the midpoint rule must be among what is drawn"
    assert found.report(record_property, "random cases") < 1e-9


def test_demo_registry_equals_plain_arithmetic(demo_build, record_property):
    cases = demo_build.records("select * from fct_cancer_cases order by case_key")
    for row in cases:
        row["survival_months"] = row["survival_months"] and round(row["survival_months"], 6)
    made = {
        name: demo_build.records(f"select * from {name}")
        for name in ("kpi_survival_curves", "kpi_survival_summary", "kpi_hazard_ratios")
    }
    found = Differences()
    check(cases, made, found)
    assert found.report(record_property, "demo registry") < 1e-9
    assert all(row["is_testable"] for row in made["kpi_survival_summary"])


def test_planted_truths_come_out(demo_build):
    """One region's hazard is 1.6 times that of the others; insurance has no effect within stage."""
    planted = json.loads((ROOT / "tests" / "data" / "demo_truths.json").read_text())
    truth = planted["cancer_registry"]["survival"]
    there, ratio = truth["region"], truth["region_hazard_ratio"]
    pairs = demo_build.records(
        "select * from kpi_hazard_ratios where strata = 'stage_and_cancer_type'"
        " and cases >= 100 and reference_cases >= 100"
    )
    regions = [r for r in pairs if r["group_by"] == "region"]
    assert len(regions) == 15
    for row in regions:
        # the row may hold the pair the other way round
        planted_ratio = {row["group_value"]: ratio, row["reference_value"]: 1 / ratio}.get(there, 1)
        name = f"{row['group_value']} to {row['reference_value']}"
        interval = (row["hazard_ratio_low"], row["hazard_ratio_high"])
        print(f"{name}: {row['hazard_ratio']:.2f} ({interval[0]:.2f} to {interval[1]:.2f})")
        assert interval[0] < planted_ratio < interval[1], name
        assert row["share_in_two_arm_strata"] > 0.9
    tests = {
        row["group_by"]: row
        for row in demo_build.records("select * from kpi_survival_summary where is_compared")
    }
    assert tests["region"]["logrank_stratified_p_value"] < 0.05
    # the crude difference between insurance types is one of stage
    assert tests["insurance_type"]["logrank_p_value"] < 1e-6
    assert tests["insurance_type"]["logrank_stratified_p_value"] > 0.05


def test_without_an_event_flag_there_is_no_curve(analysed):
    made = analysed([case(n, "ab"[n % 2], 5.0 + n, None) for n in range(9)])
    assert made["kpi_survival_curves"] == [] and made["kpi_hazard_ratios"] == []
    summary = made["kpi_survival_summary"]
    assert {(r["group_by"], r["group_value"]) for r in summary} >= {("all", "all"), ("region", "a")}
    for row in summary:
        assert not row["is_testable"] and not row["is_compared"]
        assert "does not say who died" in row["why_not"]
        filled = {name for name, value in row.items() if value is not None}
        assert filled == {
            "group_by", "group_value", "cases", "cases_without_follow_up", "cases_without_status",
            "is_compared", "why_not_compared", "is_testable", "why_not",
        }  # fmt: skip


def test_more_groups_than_the_test_compares(analysed):
    for groups in (24, 25):
        cases = [case(n, f"r{n % groups:02}", 1.0 + n % 7, n % 2 == 0) for n in range(groups * 4)]
        made = analysed(cases)
        regions = [r for r in made["kpi_survival_summary"] if r["group_by"] == "region"]
        assert len(regions) == groups and all(r["is_testable"] for r in regions)
        if groups == 24:
            found = Differences()
            check(cases, made, found)
            assert {r["logrank_degrees_of_freedom"] for r in regions} == {23}
        else:
            assert not any(r["is_compared"] for r in regions)
            assert {r["why_not_compared"] for r in regions} == {
                "More than 24 groups are not compared."
            }
            assert made["kpi_hazard_ratios"] == []


def test_a_ratio_too_large_for_a_double_is_null(analysed):
    """The one death is of the one b among a thousand a: V is tiny, (O - E) / V is -1,001."""
    cases = [case(n, "a", 10.0, False) for n in range(1000)] + [case(1000, "b", 1.0, True)]
    row = row_of(analysed(cases)["kpi_hazard_ratios"], group_by="region", strata="none")
    assert row["variance"] > 0 and row["hazard_ratio"] is None
    assert row["logrank_chi_square"] == pytest.approx(1000, rel=1e-9)
