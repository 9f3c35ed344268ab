"""Tests of groups, tables, standardised rates and inequality: trusted tools' numbers by the macros.

Usage: pytest tests/python/test_statistics_tests.py
"""

from __future__ import annotations

import random
from fractions import Fraction

import duckdb
import pytest
from scipy import stats

from conftest import vector_rows
from vector_report import record_vector


def one(sql: str, rows: list[tuple], columns: str) -> dict:
    """The single row that a query gives over a table `t` of these rows."""
    with duckdb.connect() as connection:
        connection.execute(f"create table t ({columns})")
        if rows:
            connection.executemany(f"insert into t values ({', '.join('?' * len(rows[0]))})", rows)
        result = connection.execute(sql)
        names = [column[0] for column in result.description]
        (row,) = result.fetchall()
        return dict(zip(names, row, strict=True))


@pytest.fixture(scope="module")
def one_way(rendered):
    """One-way analysis of variance of (group, value), by the macros: F, its parts and p."""
    group_sums = rendered("one_way_group_sums('value', 'centre')")
    fine_group_sums = rendered("one_way_group_sums('value', 'centre', places=24)")
    sums = rendered("one_way_sums()")
    fine_sums = rendered("one_way_sums(places=24)")
    f = rendered("one_way_f()")
    arguments = rendered("f_tail_arguments('f', '(n_groups - 1)', '(n_values - n_groups)')")
    tail = rendered("f_upper_tail()")

    def run(rows: list[tuple[str, str]], centre="0", fine=False) -> dict:
        return one(
            f"""
            with placed as (
                select grp, value, cast({centre} as decimal(30, 12)) as centre from t
            ),
            grouped as (
                select grp, {fine_group_sums if fine else group_sums} from placed group by grp
            ),
            summed as (select {fine_sums if fine else sums} from grouped),
            tested as (select *, {f} as f from summed),
            prepared as (select *, {arguments} from tested)
            select *, {tail} as p from prepared
            """,
            rows,
            "grp text, value decimal(30, 12)",
        )

    return run


@pytest.fixture(scope="module")
def kruskal(rendered):
    columns = rendered("rank_columns('value')")
    sums = rendered("rank_group_sums()")
    h = rendered("kruskal_wallis_h()")
    tail = rendered("chi_square_upper_tail('h', 'df')")

    def run(rows: list[tuple[str, str]]) -> dict:
        return one(
            f"""
            with ranked as (select grp, {columns} from t),
            grouped as (select grp, {sums} from ranked group by grp),
            tested as (select {h} as h, count(*) - 1 as df from grouped)
            select *, {tail} as p from tested
            """,
            rows,
            "grp text, value decimal(30, 12)",
        )

    return run


def by_dataset(name: str, dataset: str, group: str, value: str) -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for row in vector_rows(name):
        found.setdefault(row[dataset], []).append((row[group], row[value]))
    return found


def test_differences_between_groups(one_way, kruskal, rendered, record_property):
    """R's oneway.test, car's leveneTest around the median, and kruskal.test."""
    median = rendered("quantile('value', 0.5)")
    samples = by_dataset("variance_test_input", "dataset", "grp", "y")
    pairs = {"anova": [], "brown_forsythe": [], "kruskal": []}
    for wanted in vector_rows("variance_test_results"):
        rows = samples[wanted["dataset"]]
        with duckdb.connect() as connection:
            connection.execute("create table t (grp text, value decimal(30, 12))")
            connection.executemany("insert into t values (?, ?)", rows)
            middles = dict(
                connection.execute(f"select grp, {median} from t group by grp").fetchall()
            )
        spreads = [(g, str(abs(float(Fraction(y) - Fraction(middles[g]))))) for g, y in rows]
        found = one_way(rows)
        pairs["anova"] += [(found["f"], wanted["anova_F"]), (found["p"], wanted["anova_p"])]
        found = one_way(spreads)
        assert (found["n_groups"] - 1, found["n_values"] - found["n_groups"]) == (
            int(wanted["bf_df1"]),
            int(wanted["bf_df2"]),
        )
        pairs["brown_forsythe"] += [
            (found["f"], wanted["brown_forsythe_F"]),
            (found["p"], wanted["brown_forsythe_p"]),
        ]
        found = kruskal(rows)
        pairs["kruskal"] += [(found["h"], wanted["kruskal_H"]), (found["p"], wanted["kruskal_p"])]
    name = "variance_test_results"
    for statistic, label in (
        ("anova", "one-way analysis of variance"),
        ("brown_forsythe", "Brown-Forsythe"),
        ("kruskal", "Kruskal-Wallis with ties"),
    ):
        assert len(pairs[statistic]) == 2 * len(vector_rows(name)) > 0
        assert record_vector(record_property, label, name, pairs[statistic])[1] < 1e-10


def test_nist_analysis_of_variance(one_way, record_property):
    """The reference sets, up to a million millions above the spread: exact because centred."""
    samples = by_dataset("nist_anova_input", "dataset", "treatment", "y")
    pairs = []
    for wanted in vector_rows("nist_anova_certified"):
        if wanted["included_input"] != "True":
            continue
        rows = samples[wanted["dataset"]]
        found = one_way(rows, centre="(select round(avg(value), 3) from t)", fine=True)
        assert found["n_values"] == int(wanted["n"])
        assert found["n_groups"] - 1 == int(wanted["df_between"])
        pairs += [
            (found["f"], wanted["f_stat"]),
            (found["ss_between"], wanted["ss_between"]),
            (found["ss_within"], wanted["ss_within"]),
        ]
    assert len(pairs) == 24
    largest = record_vector(
        record_property, "analysis of variance, F and squares", "nist_anova_certified", pairs
    )
    assert largest[1] < 1e-8


def test_nist_mean_and_deviation(rendered, record_property):
    sums = rendered("one_way_group_sums('value', 'centre')")
    sd = rendered("sd_of_sums('n', 'total', 'squares')")
    samples: dict[str, list[tuple[str]]] = {}
    for row in vector_rows("nist_numacc_input"):
        samples.setdefault(row["dataset"], []).append((row["y"],))
    pairs = []
    for wanted in vector_rows("nist_numacc_certified"):
        found = one(
            f"""
            with placed as (select value, (select min(value) from t) as centre from t),
            summed as (select any_value(centre) as centre, {sums} from placed)
            select cast(centre as double) + total / n as mean, {sd} as sd from summed
            """,
            samples[wanted["dataset"]],
            "value decimal(30, 12)",
        )
        pairs += [(found["mean"], wanted["mean"]), (found["sd"], wanted["sd"])]
    assert len(pairs) >= 6
    assert record_vector(record_property, "mean and sd", "nist_numacc_certified", pairs)[1] < 1e-9


def test_groups_without_an_answer(one_way, kruskal):
    assert one_way([("a", "1"), ("a", "2")])["f"] is None  # one group
    assert one_way([("a", "1"), ("b", "2")])["f"] is None  # one value a group
    assert one_way([("a", "1"), ("a", "1"), ("b", "2"), ("b", "2")])["f"] is None  # no spread
    assert one_way([("a", "1"), ("a", "3"), ("b", "1"), ("b", "3")])["f"] == 0
    # a missing value is no value
    with_missing = [("a", "1"), ("a", "3"), ("a", None), ("b", "2"), ("b", "5")]
    assert one_way(with_missing)["n_values"] == 4
    assert kruskal([("a", "1"), ("b", "1")])["h"] is None  # all equal
    assert kruskal([("a", "1"), ("a", "2")])["h"] is None  # one group


def test_tables_of_counts(rendered, record_property):
    trend = rendered("chi_square_trend('x', 'n', 'score')")
    homogeneity = rendered("chi_square_of_proportions('x', 'n')")
    equal = rendered("chi_square_of_equal_counts('n', 'total', 'squares')")
    cells = rendered("chi_square_of_cells('o', 'in_row', 'in_column', 'in_all')")
    tail = rendered("chi_square_upper_tail('x', 'df')")
    rows = vector_rows("prop_trend_smokers")
    found = one(
        f"select {trend} as trend, {homogeneity} as homogeneity from t",
        [(int(r["group"]), int(r["x"]), int(r["n"])) for r in rows],
        "score bigint, x bigint, n bigint",
    )
    wanted = rows[0]
    p = one(f"select {tail} as p from t", [(found["trend"], 1)], "x double, df int")["p"]
    record = record_vector(
        record_property,
        "chi-square for trend",
        "prop_trend_smokers",
        [(found["trend"], wanted["trend_chisq"]), (p, wanted["trend_p"])],
    )
    assert record[1] < 1e-10
    table = """
        with cells as (
            select x as o, score, true as is_event from t
            union all select n - x, score, false from t
        ),
        margins as (
            select o, sum(o) over (partition by score) as in_row,
                sum(o) over (partition by is_event) as in_column, sum(o) over () as in_all
            from cells
        )
    """
    by_cells = one(
        f"{table} select {cells} as chi_square from margins",
        [(int(r["group"]), int(r["x"]), int(r["n"])) for r in rows],
        "score bigint, x bigint, n bigint",
    )["chi_square"]
    df = int(wanted["homog_df"])
    p = one(f"select {tail} as p from t", [(by_cells, df)], "x double, df int")["p"]
    record = record_vector(
        record_property,
        "chi-square of a table",
        "prop_trend_smokers",
        [
            (by_cells, wanted["homog_chisq"]),
            (found["homogeneity"], wanted["homog_chisq"]),
            (p, wanted["homog_p"]),
        ],
    )
    assert record[1] < 1e-10
    pairs = []
    for case in vector_rows("caseload_balance_results"):
        counts = [
            int(float(r["x"]))
            for r in vector_rows("caseload_balance_input")
            if r["case"] == case["case"]
        ]
        given = [(len(counts), sum(counts), sum(x * x for x in counts))]
        found = one(f"select {equal} as x from t", given, "n bigint, total bigint, squares bigint")
        p = one(f"select {tail} as p from t", [(found["x"], case["df"])], "x double, df int")["p"]
        pairs += [(found["x"], case["chisq_equal"]), (p, case["p_equal"])]
    assert len(pairs) == 12
    record = record_vector(
        record_property, "chi-square against equal", "caseload_balance_results", pairs
    )
    assert record[0] < 1e-12
    # nothing to test
    empty = one(
        f"select {trend} as trend, {homogeneity} as homogeneity from t",
        [(1, 0, 10), (2, 0, 20)],
        "score bigint, x bigint, n bigint",
    )
    assert empty == {"trend": None, "homogeneity": None}
    assert one(f"select {equal} as x from t", [(1, 5, 25)], "n int, total int, squares int") == {
        "x": None
    }


def test_larger_tables_equal_scipy(rendered):
    cells = rendered("chi_square_of_cells('o', 'in_row', 'in_column', 'in_all')")
    rng = random.Random(4)
    for height, width in ((2, 2), (3, 4), (6, 5)):
        table = [[rng.randint(0, 40) + 1 for _ in range(width)] for _ in range(height)]
        rows = [(i, j, o) for i, row in enumerate(table) for j, o in enumerate(row)]
        found = one(
            f"""
            select {cells} as chi_square from (
                select o, sum(o) over (partition by i) as in_row,
                    sum(o) over (partition by j) as in_column, sum(o) over () as in_all
                from t
            )
            """,
            rows,
            "i int, j int, o bigint",
        )["chi_square"]
        wanted = stats.chi2_contingency(table, correction=False).statistic
        assert found == pytest.approx(wanted, rel=1e-10)


def test_gini(rendered, record_property):
    of_sums = rendered("gini('rank_weighted', 'n', 'mean')")
    unbiased = rendered("gini_unbiased('gini', 'n')")
    pairs = []
    for case in vector_rows("caseload_balance_results"):
        counts = sorted(
            float(r["x"])
            for r in vector_rows("caseload_balance_input")
            if r["case"] == case["case"]
        )
        weighted = sum(i * x for i, x in enumerate(counts, start=1))
        found = one(
            f"select gini, {unbiased} as unbiased from (select *, {of_sums} as gini from t)",
            [(weighted, len(counts), sum(counts) / len(counts))],
            "rank_weighted double, n bigint, mean double",
        )
        pairs += [
            (found["gini"], case["gini_population"]),
            (found["unbiased"], case["gini_unbiased"]),
        ]
    assert len(pairs) == 12
    assert record_vector(record_property, "Gini", "caseload_balance_results", pairs)[0] < 1e-12


def test_kitagawa_parts_make_up_the_gap(rendered, demo_build):
    volume = rendered("kitagawa_volume('n', 'mean_n', 'overall')")
    price = rendered("kitagawa_price('n', 'mean', 'overall')")
    # six scans of 100 against four tests of 50: 5 x 80 is the mean sum, 600 and 200 the sums
    found = [
        one(
            f"select {volume} as volume, {price} as price from t",
            [(n, mean, 5.0, 80.0)],
            "n bigint, mean double, mean_n double, overall double",
        )
        for n, mean in ((6, 100.0), (4, 50.0))
    ]
    assert [(f["volume"], f["price"]) for f in found] == [(80, 120), (-80, -120)]
    rows = demo_build.records(
        "select source_system, cost_scope, total_cost, volume_effect, price_effect"
        " from kpi_treatment_costs where treatment_type != 'all' and treatments > 0"
    )
    for key in {(r["source_system"], r["cost_scope"]) for r in rows}:
        types = [r for r in rows if (r["source_system"], r["cost_scope"]) == key]
        mean_total = sum(float(r["total_cost"]) for r in types) / len(types)
        for r in types:
            gap = r["volume_effect"] + r["price_effect"]
            assert gap == pytest.approx(float(r["total_cost"]) - mean_total, abs=0.01)


def test_chi_square_quantiles(rendered, record_property):
    quantiles = {
        0.025: rendered("chi_square_quantile('df', 0.025)"),
        0.975: rendered("chi_square_quantile('df', 0.975)"),
        0.001: rendered("chi_square_quantile('df', 0.001)"),
        0.999: rendered("chi_square_quantile('df', 0.999)"),
    }

    def quantile(share: float, df: float | None) -> float | None:
        return duckdb.execute(
            f"select {quantiles[share]} from (select $df as df)", {"df": df}
        ).fetchone()[0]

    worst = 0.0
    for share in quantiles:
        # real degrees of freedom too, and so many that the normal distribution is near
        for df in [*range(2, 201), 2.5, 7.3776, 13.8155, 77.7, 1000, 20000, 1e6]:
            wanted = stats.chi2.ppf(share, df)
            worst = max(worst, abs(quantile(share, float(df)) / wanted - 1))
    for share in (0.025, 0.975, 0.999):
        worst = max(worst, abs(quantile(share, 1.0) / stats.chi2.ppf(share, 1) - 1))
    print(f"chi-square quantile: largest relative difference from scipy {worst:.3g}")
    assert worst < 5e-9
    assert quantile(0.025, 0.9) is quantile(0.001, 1.9) is quantile(0.975, None) is None
    # Poisson limits are such quantiles
    pairs = []
    for r in vector_rows("lookup_poisson_exact_limits"):
        x = int(r["x"])
        pairs += [
            (quantile(0.975, 2.0 * x + 2) / 2, r["hi95"]),
            (quantile(0.999, 2.0 * x + 2) / 2, r["hi998"]),
        ]
        if x:
            pairs.append((quantile(0.025, 2.0 * x) / 2, r["lo95"]))
            pairs.append((quantile(0.001, 2.0 * x) / 2, r["lo998"]))
    name = "lookup_poisson_exact_limits"
    assert record_vector(record_property, "chi-square quantiles", name, pairs)[1] < 5e-9


@pytest.fixture(scope="module")
def standardised(rendered):
    sums = rendered("dsr_sums('events', 'n', 'population')")
    columns = rendered("dsr_columns('rate')")

    def run(bands: list[tuple[int, int, int]]) -> dict:
        return one(
            f"select {columns} from (select {sums} from t)",
            bands,
            "events bigint, n bigint, population bigint",
        )

    return run


def test_directly_standardised_rates(standardised):
    """Dobson's interval in plain arithmetic, with scipy's Poisson limits; two standard populations.

    Where the macro's limits of the count are Byar's, so are the test's.
    """
    rng = random.Random(11)
    esp = [int(r["esp2013"]) for r in vector_rows("lookup_esp2013")]
    aus = [int(r["aus_2001_std_pop"]) for r in vector_rows("lookup_aus_2001_standard_population")]
    assert sum(esp) == 100_000 and sum(aus) == 19_413_240
    z = stats.norm.isf(0.025)
    worst = 0.0
    for population in (esp, aus):
        for likely in (0.00002, 0.0005, 0.01):
            people = [rng.randint(2_000, 60_000) for _ in population]
            events = [sum(rng.random() < likely for _ in range(n // 10)) for n in people]
            events[0] += 1
            o = sum(events)
            if o < 10:
                low, high = stats.chi2.ppf(0.025, 2 * o) / 2, stats.chi2.ppf(0.975, 2 * o + 2) / 2
            else:
                low = o * (1 - 1 / (9 * o) - z / (3 * o**0.5)) ** 3
                high = (o + 1) * (1 - 1 / (9 * (o + 1)) + z / (3 * (o + 1) ** 0.5)) ** 3
            weight = sum(population)
            bands = list(zip(events, people, population, strict=True))
            rate = sum(w * x / n for x, n, w in bands) / weight
            variance = sum(w * w * x / n**2 for x, n, w in bands) / weight**2
            step = (variance / o) ** 0.5
            found = standardised(bands)
            for actual, wanted in (
                (found["rate"], rate),
                (found["rate_low"], max(rate + step * (low - o), 0.0)),
                (found["rate_high"], rate + step * (high - o)),
            ):
                worst = max(worst, abs(actual - 1e5 * wanted) / (1e5 * wanted or 1))
    print(f"directly standardised rate: largest relative difference {worst:.3g}")
    assert worst < 1e-10


def test_standardised_rates_without_an_answer(standardised):
    # no events: a rate of 0, and no interval since the variance is unknown
    assert standardised([(0, 100, 5000), (0, 200, 5500)]) == {
        "rate": 0,
        "rate_low": None,
        "rate_high": None,
    }
    # a band of the standard without people has no rate; one without weight does no harm
    assert standardised([(3, 100, 5000), (0, 0, 5500)])["rate"] is None
    assert standardised([(3, 100, 5000), (0, 0, 0)])["rate"] == pytest.approx(3000)


def test_observed_to_expected(rendered, record_property):
    columns = rendered("observed_to_expected_columns('ratio', 'observed', 'expected')")
    exact, byar = [], []
    for r in vector_rows("lookup_poisson_exact_limits"):
        found = one(
            f"select {columns} from t",
            [(int(r["x"]), 2.5)],
            "observed bigint, expected double",
        )
        assert found["ratio"] == int(r["x"]) / 2.5
        bucket = exact if int(r["x"]) < 10 else byar
        bucket.append((2.5 * found["ratio_low"], r["lo95"]))
        bucket.append((2.5 * found["ratio_high"], r["hi95"]))
    name = "lookup_poisson_exact_limits"
    assert record_vector(record_property, "O/E below 10 events", name, exact)[1] < 1e-13
    assert record_vector(record_property, "O/E from 10 events on (Byar)", name, byar)[1] < 0.01
    none = one(f"select {columns} from t", [(3, 0.0)], "observed bigint, expected double")
    assert set(none.values()) == {None}
