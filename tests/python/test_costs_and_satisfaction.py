"""Costs by season and satisfaction: trusted tools' numbers through the models' own SQL.

The largest difference of each comparison is printed; the demo data's planted truths are found.
"""

from __future__ import annotations

import csv
import json
import math
import statistics
from collections import Counter
from datetime import date

import duckdb
import pytest
from scipy import stats

from conftest import ROOT, run_model, run_models, shared_folder, vector_rows
from vector_report import apart, report

WINTER, SUMMER = "2024-07-01", "2024-01-01"

EPISODES_TO_COSTS = [
    "int_department_costs_tallied",
    "int_department_costs_ranked",
    "int_seasonal_costs_summed",
    "int_costs_above_counted",
    "kpi_costs_seasonal",
    "kpi_cost_outliers",
]


def evaluate(expression: str, **columns: float | None) -> float | None:
    """The value of a rendered macro whose arguments are the named columns."""
    given = ", ".join(f"${name} as {name}" for name in columns)
    return duckdb.execute(f"select {expression} from (select {given})", columns).fetchone()[0]


def evaluate_rows(expression: str, rows: list[dict], first: str = "") -> list[float | None]:
    """The same for many rows at once, of columns that a first rendered macro may make of them."""
    names = list(rows[0])
    with duckdb.connect() as connection:
        connection.execute(f"create table t (i int, {', '.join(f'{n} double' for n in names)})")
        marks = ", ".join("?" for _ in range(len(names) + 1))
        values = [[i, *row.values()] for i, row in enumerate(rows)]
        source = f"(select i, {first} from t)" if first else "t"
        connection.executemany(f"insert into t values ({marks})", values)
        return [
            r[0]
            for r in connection.execute(f"select {expression} from {source} order by i").fetchall()
        ]


def relative(actual: float, wanted: float | str) -> float:
    away = abs(float(actual) - float(wanted))
    return apart(actual, wanted, away / abs(float(wanted)) if float(wanted) else away)


def truths() -> dict:
    return json.loads((ROOT / "tests" / "data" / "demo_truths.json").read_text())["care_episodes"]


# --- distributions ------------------------------------------------------------------------------


def test_t_critical_at_real_degrees_of_freedom(rendered, record_property):
    sql = rendered("t_critical_95('df')")

    def differences(dfs: list[float]) -> list[float]:
        actual = evaluate_rows(sql, [{"df": df} for df in dfs])
        return [relative(t, stats.t.isf(0.025, df)) for t, df in zip(actual, dfs, strict=True)]

    low = differences([1 + i / 131 for i in range(3799)])
    assert report(record_property, "t at real degrees of freedom below 30", low) < 5e-11
    high = differences([30.2, 31.5, 61.9, 250.1, 1e4])
    assert report(record_property, "t at real degrees of freedom above 30", high) < 1e-9
    # 1 is the least that Welch's formula can give
    assert evaluate(sql, df=0.5) is None
    assert evaluate(sql, df=None) is None


def test_tails_of_f_and_t(rendered, record_property):
    tail = rendered("f_upper_tail()")
    of_f = rendered("f_tail_arguments('f', 'df1', 'df2')")
    of_t = rendered("t_tail_arguments('t', 'df')")
    rows = vector_rows("dist_f_upper")
    given = [{"f": float(r["F"]), "df1": float(r["df1"]), "df2": float(r["df2"])} for r in rows]
    differences = [
        relative(p, r["p_upper"])
        for p, r in zip(evaluate_rows(tail, given, of_f), rows, strict=True)
    ]
    assert report(record_property, "dist_f_upper", differences) < 1e-10
    rows = vector_rows("dist_t_two_sided")
    given = [{"t": float(r["t"]), "df": float(r["df"])} for r in rows]
    differences = [
        relative(p, r["p_two_sided"])
        for p, r in zip(evaluate_rows(tail, given, of_t), rows, strict=True)
    ]
    assert report(record_property, "dist_t_two_sided", differences) < 1e-10
    edges = [
        {"f": 0.0, "df1": 2.0, "df2": 3.0},
        {"f": 2.0, "df1": 0.0, "df2": 3.0},
        {"f": None, "df1": 2.0, "df2": 3.0},
    ]
    assert evaluate_rows(tail, edges, of_f) == [1, None, None]


def test_welch(rendered, record_property):
    """R's t.test, on raw costs and on their logarithms: interval, degrees of freedom and p."""
    macros = {
        "df": rendered("welch_df('v1', 'n1', 'v2', 'n2')"),
        "error": rendered("welch_error('v1', 'n1', 'v2', 'n2')"),
        "low": rendered("welch_low('difference', 'error', 'df')"),
        "high": rendered("welch_high('difference', 'error', 'df')"),
    }
    tail, of_t = rendered("f_upper_tail()"), rendered("t_tail_arguments('t', 'df')")
    costs = {"winter": [], "other": []}
    for r in vector_rows("icu_cost_input"):
        costs[r["season"]].append(float(r["cost"]))
    sleep = {"1": [], "2": []}
    for r in vector_rows("welch_sleep_input"):
        sleep[r["group"]].append(float(r["extra"]))
    samples = {
        "sleep_welch": (sleep["1"], sleep["2"]),
        "icu_cost_welch_raw": (costs["other"], costs["winter"]),
        "icu_cost_welch_log": tuple([math.log(c) for c in costs[s]] for s in ("other", "winter")),
    }
    differences = []
    for wanted in vector_rows("two_sample_t"):
        first, second = samples[wanted["test"]]
        sizes = {
            "v1": statistics.variance(first),
            "n1": len(first),
            "v2": statistics.variance(second),
            "n2": len(second),
        }
        difference = statistics.fmean(first) - statistics.fmean(second)
        df, error = evaluate(macros["df"], **sizes), evaluate(macros["error"], **sizes)
        given = {"difference": difference, "error": error, "df": df}
        differences += [
            relative(df, wanted["df"]),
            relative(evaluate(macros["low"], **given), wanted["diff_lo"]),
            relative(evaluate(macros["high"], **given), wanted["diff_hi"]),
            relative(
                evaluate_rows(tail, [{"t": difference / error, "df": df}], of_t)[0], wanted["p"]
            ),
        ]
    assert len(differences) == 12
    assert report(record_property, "two_sample_t, by the macros", differences) < 1e-9


# --- costs --------------------------------------------------------------------------------------


def cost_marts(build, episodes: list[dict]) -> tuple[dict, dict]:
    """kpi_costs_seasonal and kpi_cost_outliers of episodes, by department and season."""
    made = run_models(build, EPISODES_TO_COSTS, {"fct_episodes": episodes})
    return tuple(
        {(r["department_id"], r["season"]): r for r in made[mart]}
        for mart in ("kpi_costs_seasonal", "kpi_cost_outliers")
    )


def icu_episodes(**columns: str) -> list[dict]:
    """The vector's costs as episodes; winter ones in July, the others in January."""
    return [
        {
            "episode_key": key,
            "department_id": "icu",
            "treatment_type": r["season"],
            "episode_date": WINTER if r["season"] == "winter" else SUMMER,
            "cost": r["cost"],
            "is_future": False,
            **{column: r[name] for column, name in columns.items()},
        }
        for key, r in enumerate(vector_rows("icu_cost_input"))
    ]


def test_seasonal_costs(demo_build, record_property):
    """R's summary of skewed costs: each season as its own department's year, and within one."""
    seasonal, _ = cost_marts(demo_build, icu_episodes())
    years, outliers = cost_marts(demo_build, icu_episodes(department_id="season"))
    names = {
        "n": "episodes",
        "mean": "mean_cost",
        "sd": "sd_cost",
        "median": "median_cost",
        "p90": "p90_cost",
        "p95": "p95_cost",
        "q1": "p25_cost",
        "q3": "p75_cost",
        "geo_mean": "geometric_mean_cost",
        "geo_lo": "geometric_mean_cost_low",
        "geo_hi": "geometric_mean_cost_high",
        "skew_g1": "skewness",
        "med_lo": "median_cost_low",
        "med_hi": "median_cost_high",
    }
    differences = []
    for wanted in vector_rows("skewed_cost_results"):
        season = "winter" if wanted["season"] == "winter" else "summer"
        for row in (seasonal["icu", season], years[wanted["season"], "all"]):
            differences += [relative(row[ours], wanted[theirs]) for theirs, ours in names.items()]
        fence = outliers[wanted["season"], "all"]
        assert fence["outliers"] == int(wanted["n_above_tukey"])
        differences.append(relative(fence["upper_fence"], wanted["tukey_hi"]))
    assert report(record_property, "skewed_cost_results", differences) < 1e-9
    assert outliers["all", "all"]["outliers"] == 8


def test_seasonal_ratio_is_welch_on_logarithms(demo_build, record_property):
    seasonal, _ = cost_marts(demo_build, icu_episodes())
    (wanted,) = (r for r in vector_rows("two_sample_t") if r["test"] == "icu_cost_welch_log")
    # the vector's difference is other less winter: the row of summer against the rest of the year
    summer, winter = seasonal["icu", "summer"], seasonal["icu", "winter"]
    differences = [
        relative(summer["ratio_degrees_of_freedom"], wanted["df"]),
        relative(math.log(summer["geometric_mean_cost"]), wanted["est1"]),
        relative(math.log(winter["geometric_mean_cost"]), wanted["est2"]),
        relative(math.log(summer["geometric_mean_ratio_low"]), wanted["diff_lo"]),
        relative(math.log(summer["geometric_mean_ratio_high"]), wanted["diff_hi"]),
        relative(-math.log(winter["geometric_mean_ratio_high"]), wanted["diff_lo"]),
        relative(-math.log(winter["geometric_mean_ratio_low"]), wanted["diff_hi"]),
    ]
    assert report(record_property, "two_sample_t, icu_cost_welch_log", differences) < 1e-9


def test_treatment_costs_of_episodes(demo_build, record_property):
    """From episodes through the tally and the ranges to the mart by treatment type."""
    chain = [
        "int_treatment_costs_tallied",
        "int_treatment_costs_stacked",
        "int_cost_ranges_ranked",
        "int_costs_read",
        "int_treatment_costs_ranked",
        "int_treatment_costs_summed",
        "kpi_treatment_costs",
    ]
    given = [episode | {"facility_id": "h1"} for episode in icu_episodes()]
    rows = run_models(demo_build, chain, {"fct_episodes": given})["kpi_treatment_costs"]
    costs = {r["treatment_type"]: r for r in rows}
    assert {(r["source_system"], r["cost_scope"]) for r in rows} == {("care_episodes", "all")}
    names = {
        "n": "treatments",
        "mean": "mean_cost",
        "sd": "sd_cost",
        "median": "median_cost",
        "p90": "p90_cost",
        "p95": "p95_cost",
        "trim10": "trimmed_mean_cost",
        "geo_mean": "geometric_mean_cost",
        "skew_g1": "skewness",
        "med_lo": "median_cost_low",
        "med_hi": "median_cost_high",
    }
    differences = [
        relative(costs[wanted["season"]][ours], wanted[theirs])
        for wanted in vector_rows("skewed_cost_results")
        for theirs, ours in names.items()
    ]
    assert report(record_property, "skewed_cost_results by type", differences) < 1e-9


def test_planted_winter_costs(demo_build):
    """ICU winter costs carry the planted ratio; no other department's season differs by as much."""
    planted = truths()["icu_winter"]["ratio_of_geometric_means"]
    rows = demo_build.records("select * from kpi_costs_seasonal where season = 'winter'")
    ratios = {r["department_id"]: r for r in rows}
    icu = ratios["icu"]
    print(
        f"ICU winter ratio {icu['geometric_mean_ratio']:.3f}"
        f" ({icu['geometric_mean_ratio_low']:.3f} to {icu['geometric_mean_ratio_high']:.3f}),"
        f" planted {planted}"
    )
    assert icu["geometric_mean_ratio_low"] < planted < icu["geometric_mean_ratio_high"]
    assert icu["geometric_mean_ratio_low"] > 1
    assert icu["skewness"] > 1 and icu["mean_cost"] > icu["median_cost"]
    (whole,) = demo_build.records(
        "select * from kpi_costs_seasonal where department_id = 'icu' and season = 'all'"
    )
    rest = whole["episodes"] - icu["episodes"]
    above = whole["episodes_above_p95"] - icu["episodes_above_p95"]
    assert icu["share_above_p95"] > 2 * above / rest
    # one in twenty of the others may miss 1 by chance, and none by much
    others = [r for d, r in ratios.items() if d not in ("icu", "all", "unknown")]
    assert len(others) >= 8
    assert (
        sum(not r["geometric_mean_ratio_low"] < 1 < r["geometric_mean_ratio_high"] for r in others)
        <= 2
    )


# --- satisfaction -------------------------------------------------------------------------------


def satisfaction(build, episodes: list[dict]) -> dict:
    """kpi_satisfaction_overall of episodes, by department and facility."""
    given = [{"is_future": False, "episode_date": WINTER, **episode} for episode in episodes]
    tally = run_model(build, "int_satisfaction_tallied", {"fct_episodes": given})
    return overall(build, tally)


def overall(build, tally: list[dict]) -> dict:
    summed = run_model(build, "int_satisfaction_summed", {"int_satisfaction_tallied": tally})
    rows = run_model(build, "kpi_satisfaction_overall", {"int_satisfaction_summed": summed})
    return {(r["department_id"], r["facility_id"]): r for r in rows}


def test_experience_cases(demo_build, record_property):
    """The ratings and answers of the cases, in both marts."""
    wanted = json.loads(
        (ROOT / "tests" / "data" / "vectors" / "cases_expected_summary.json").read_text()
    )["experience"]
    words = {"neither good nor poor": "neither", "don't know": "dont_know"}
    episodes = [
        {"satisfaction_score": r["rating"], "department_id": "a", "facility_id": "f"}
        for r in vector_rows("cases_experience_rating")
    ] + [
        {
            "experience_answer": words.get(r["answer"], r["answer"].replace(" ", "_")),
            "department_id": "a",
            "facility_id": "f",
        }
        for r in vector_rows("cases_experience_fft")
    ]
    given = [{"is_future": False, "episode_date": WINTER, **episode} for episode in episodes]
    # neither counts: an episode on or after the as-of date, and one without any answer
    given.append({"is_future": True, "episode_date": WINTER, "satisfaction_score": 0})
    given.append({"is_future": False, "episode_date": WINTER})
    tally = run_model(demo_build, "int_satisfaction_tallied", {"fct_episodes": given})
    monthly = run_model(demo_build, "kpi_satisfaction", {"int_satisfaction_tallied": tally})
    rows = [overall(demo_build, tally)["a", "f"]]
    rows += [r for r in monthly if (r["department_id"], r["facility_id"]) == ("a", "f")]
    assert len(rows) == 2
    names = {
        "n": "responses",
        "mean": "mean_score",
        "top_box": "top_box_rate",
        "nps": "net_promoter_score",
        "nps_se": "net_promoter_score_error",
        "fft_positive": "fft_positive_rate",
        "fft_negative": "fft_negative_rate",
    }
    differences = []
    for row in rows:
        differences += [relative(row[ours], wanted[theirs]) for theirs, ours in names.items()]
        differences.append(relative(row["middle_box"] / row["responses"], wanted["middle_box"]))
        differences.append(relative(row["bottom_box"] / row["responses"], wanted["bottom_box"]))
        assert row["fft_responses"] == 10
    assert report(record_property, "cases_experience", differences) < 1e-12
    assert {r["month"] for r in monthly} == {date(2024, 7, 1)}


def test_ratio_of_spreads(demo_build, rendered, record_property):
    """Two departments alone: the others of the one are the other.

    The vector's bounds were made with z = 1.96 and its relative variance is on a scale from 1: the
    macros reproduce both; the mart has the exact z and the scale from 0.
    """
    bounds = {
        "lo": rendered("sd_ratio_bound('s1', 'k1', 'n1', 's2', 'k2', 'n2', '-', '1.96e0')"),
        "hi": rendered("sd_ratio_bound('s1', 'k1', 'n1', 's2', 'k2', 'n2', '+', '1.96e0')"),
    }
    from_one = rendered("relative_variance('variance', 'mean', 1, 10)")
    scores: dict[str, list[str]] = {}
    for r in vector_rows("variance_test_input"):
        if r["dataset"] == "own_satisfaction":
            scores.setdefault(r["grp"], []).append(r["y"])
    by_the_vector, by_the_mart = [], []
    wanted_rows = vector_rows("sd_ratio_ci")
    assert len(wanted_rows) == 3
    for wanted in wanted_rows:
        pair = (wanted["a"], wanted["b"])
        rows = satisfaction(
            demo_build,
            [
                {"department_id": d, "facility_id": "f", "satisfaction_score": y}
                for d in pair
                for y in scores[d]
            ],
        )
        a, b = (rows[d, "all"] for d in pair)
        given = {"s1": a["sd"], "k1": a["kurtosis"], "n1": a["responses"]}
        given |= {"s2": b["sd"], "k2": b["kurtosis"], "n2": b["responses"]}
        by_the_vector += [
            relative(a["sd"], wanted["sd_a"]),
            relative(b["sd"], wanted["sd_b"]),
            relative(a["other_sd"], wanted["sd_b"]),
            relative(a["sd_ratio"], wanted["sd_ratio"]),
            *(relative(evaluate(sql, **given), wanted[name]) for name, sql in bounds.items()),
        ]
        for row, name in ((a, "rel_var_a"), (b, "rel_var_b")):
            on_scale = evaluate(from_one, variance=row["sd"] ** 2, mean=row["mean_score"])
            by_the_vector.append(relative(on_scale, wanted[name]))
            m = row["mean_score"]
            by_the_mart.append(relative(row["relative_variance"], row["sd"] ** 2 / (m * (10 - m))))
        width = stats.norm.isf(0.025) / 1.96
        for name in ("lo", "hi"):
            ours = {"lo": "sd_ratio_low", "hi": "sd_ratio_high"}[name]
            exact = a["sd_ratio"] * (float(wanted[name]) / float(wanted["sd_ratio"])) ** width
            by_the_mart.append(relative(a[ours], exact))
        by_the_mart.append(relative(b["sd_ratio_low"], 1 / a["sd_ratio_high"]))
    assert report(record_property, "sd_ratio_ci, by the macros", by_the_vector) < 1e-12
    assert report(record_property, "sd_ratio_ci at the exact z, by the mart", by_the_mart) < 1e-12


def test_insect_sprays(demo_build, record_property):
    """Counts beyond a score of 10: mean and spread know no scale."""
    given = [
        {"department_id": r["grp"], "facility_id": "f", "satisfaction_score": r["y"]}
        for r in vector_rows("variance_test_input")
        if r["dataset"] == "InsectSprays"
    ]
    rows = satisfaction(demo_build, given)
    differences = []
    for wanted in vector_rows("variance_group_stats"):
        if wanted["dataset"] == "InsectSprays":
            row = rows[wanted["grp"], "all"]
            differences.append(relative(row["mean_score"], wanted["mean"]))
            differences.append(relative(row["sd"], wanted["sd"]))
    assert len(differences) == 12
    assert report(record_property, "variance_group_stats, InsectSprays", differences) < 1e-10


def test_variance_between_facilities(demo_build):
    """DerSimonian and Laird, against the textbook's two steps on the demo data."""
    rows = demo_build.records("select * from kpi_satisfaction_overall")
    compared = 0
    for department in {r["department_id"] for r in rows}:
        (total,) = (
            r for r in rows if (r["department_id"], r["facility_id"]) == (department, "all")
        )
        parts = [
            r
            for r in rows
            if r["department_id"] == department
            and r["facility_id"] not in ("all", "unknown")
            and r["responses"] >= 10
            and r["sd"] > 0
        ]
        assert (total["facilities_compared"] or 0) == len(parts)
        if len(parts) < 2:
            assert total["tau_squared"] is None
            continue
        weights = [r["responses"] / r["sd"] ** 2 for r in parts]
        mean = sum(w * r["mean_score"] for w, r in zip(weights, parts, strict=True)) / sum(weights)
        q = sum(w * (r["mean_score"] - mean) ** 2 for w, r in zip(weights, parts, strict=True))
        scale = sum(weights) - sum(w * w for w in weights) / sum(weights)
        assert total["tau_squared"] == pytest.approx(
            max(0.0, (q - len(parts) + 1) / scale), abs=1e-10
        )
        compared += 1
    assert compared >= 8


def test_planted_satisfaction(demo_build):
    """Emergency lower and oncology less spread by the planted amounts."""
    planted = truths()["satisfaction"]
    rows = demo_build.records("select * from kpi_satisfaction_overall where facility_id = 'all'")
    by_department = {r["department_id"]: r for r in rows}
    emergency, oncology = by_department["emergency"], by_department["oncology"]
    lower_by = planted["emergency_lower_by"]
    print(
        f"emergency {emergency['mean_score']:.3f} ({emergency['mean_score_low']:.3f} to"
        f" {emergency['mean_score_high']:.3f}), oncology sd ratio {oncology['sd_ratio']:.3f}"
        f" ({oncology['sd_ratio_low']:.3f} to {oncology['sd_ratio_high']:.3f})"
    )
    others = [
        r
        for d, r in by_department.items()
        if d not in ("all", "unknown", "emergency") and r["responses"] >= 100
    ]
    assert len(others) == 9
    for other in others:
        # the scale ends at 10, which takes a little from a mean of 8 and a spread of 1
        gap = other["mean_score"] - emergency["mean_score"]
        error = math.hypot(
            other["sd"] / math.sqrt(other["responses"]),
            emergency["sd"] / math.sqrt(emergency["responses"]),
        )
        assert abs(gap - lower_by) < 4 * error + 0.05
    assert oncology["sd_ratio_high"] < 0.8
    assert oncology["sd_low"] < planted["oncology_spread"] < oncology["sd_high"]
    assert all(r["sd_ratio"] > 0.85 for r in others if r is not oncology)


def test_satisfaction_of_the_public_data(demo_build, record_property):
    """110,762 public episodes: the heat map's cells, and mean and spread by department."""
    folder = shared_folder("data")
    with duckdb.connect() as connection:
        tally = connection.execute(
            "select department, facility, patient_satisfaction, count(*)"
            " from read_csv(?, all_varchar = true, normalize_names = true) group by all",
            [str(folder / "care_episodes" / "patients_110762.csv.gz")],
        ).fetchall()
    names = ("department_id", "facility_id", "satisfaction_score", "episodes")
    rows = overall(demo_build, [dict(zip(names, row, strict=True)) for row in tally])

    def expected(name: str) -> list[dict[str, str]]:
        with (folder / "expected" / f"care_episodes_{name}.csv").open(newline="") as file:
            return list(csv.DictReader(file))

    differences = []
    for wanted in expected("satisfaction_heatmap"):
        row = rows[wanted["department"], wanted["facility"]]
        assert row["responses"] == int(wanted["n"])
        differences.append(abs(row["mean_score"] - float(wanted["avg_satisfaction"])))
    for wanted in expected("department"):
        row = rows[wanted["department"], "all"]
        differences.append(abs(row["mean_score"] - float(wanted["avg_satisfaction"])))
        differences.append(abs(row["sd"] - float(wanted["sd_satisfaction"])))
    for wanted in expected("facility"):
        row = rows["all", wanted["facility"]]
        differences.append(abs(row["mean_score"] - float(wanted["avg_satisfaction"])))
        differences.append(abs(row["sd"] - float(wanted["sd_satisfaction"])))
    # the expected figures have six decimals
    assert report(record_property, "care_episodes satisfaction", differences) <= 5.1e-7


def test_totals_are_counted_not_averaged(demo_build):
    """The same episodes whichever way they are added up."""
    columns = ("responses", "top_box", "middle_box", "bottom_box", "fft_responses")
    for row in demo_build.records(
        "select department_id = 'all' as d, facility_id = 'all' as f, "
        + ", ".join(f"sum({c}) as {c}" for c in columns)
        + " from kpi_satisfaction group by 1, 2"
    ):
        totals = Counter({c: int(row[c]) for c in columns})
        (whole,) = demo_build.records(
            "select count(satisfaction_score) as responses,"
            " count(*) filter (where satisfaction_score >= 9) as top_box,"
            " count(*) filter (where satisfaction_score > 6 and satisfaction_score < 9)"
            " as middle_box,"
            " count(*) filter (where satisfaction_score <= 6) as bottom_box,"
            " count(experience_answer) as fft_responses"
            " from fct_episodes where not is_future"
        )
        assert totals == Counter(whole)
