"""The statistics macros reproduce trusted tools' numbers; the largest difference is printed."""

from __future__ import annotations

import math

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from conftest import vector_rows
from vector_report import record_vector


def evaluate(expression: str, **columns: float | int | None):
    """The value of a rendered macro whose arguments are the named columns."""
    given_columns = ", ".join(f"${name} as {name}" for name in columns)
    sql = f"select {expression} from (select {given_columns})"
    return duckdb.execute(sql, columns).fetchone()[0]


def report(record_property, name: str, differences: list[float]) -> float:
    """Against what scipy gives: the comparisons with vectors have record_vector()."""
    largest = max(differences)
    record_property("largest_difference", largest)
    print(f"{name}: largest difference of {len(differences)} is {largest:.3g}")
    return largest


def relative(actual: float, wanted: float) -> float:
    return abs(actual - wanted) / abs(wanted) if wanted else abs(actual)


def test_normal_tail(rendered, record_property):
    sql = rendered("normal_upper_tail('z')")
    # P(Z < z) is the upper tail of -z
    pairs = [(evaluate(sql, z=-float(r["z"])), r["cdf"]) for r in vector_rows("dist_normal_cdf")]
    assert record_vector(record_property, "normal tail", "dist_normal_cdf", pairs)[1] < 1e-8
    far = [relative(evaluate(sql, z=z), stats.norm.sf(z)) for z in (0.0, 1.0, 3.0, 6.0, 8.0, 20.0)]
    assert report(record_property, "normal upper tail", far) < 1e-8


def test_chi_square_tail(rendered, record_property):
    sql = rendered("chi_square_upper_tail('x', 'df')")
    pairs = [
        (evaluate(sql, x=float(r["x"]), df=int(r["df"])), r["p_upper"])
        for r in vector_rows("dist_chisq_upper")
    ]
    assert record_vector(record_property, "chi-square tail", "dist_chisq_upper", pairs)[1] < 1e-8
    large = [
        relative(evaluate(sql, x=float(df), df=df), stats.chi2.sf(df, df)) for df in (99, 100, 250)
    ]
    assert report(record_property, "chi-square, many degrees of freedom", large) < 1e-4
    assert evaluate(sql, x=0.0, df=3) == 1
    assert evaluate(sql, x=None, df=3) is None


def test_poisson_interval(rendered, record_property):
    low, high = rendered("poisson_low('x')"), rendered("poisson_high('x')")
    exact, byar = [], []
    for r in vector_rows("lookup_poisson_exact_limits"):
        x = int(r["x"])
        bucket = exact if x < 10 else byar
        bucket.append((evaluate(low, x=x), r["lo95"]))
        bucket.append((evaluate(high, x=x), r["hi95"]))
    name = "lookup_poisson_exact_limits"
    assert record_vector(record_property, "Poisson limits below 10", name, exact)[1] < 1e-14
    # Byar is an approximation: within 1 % of the exact limits
    assert record_vector(record_property, "Byar's limits from 10 on", name, byar)[1] < 0.01
    assert evaluate(low, x=None) is None


def test_t_critical(rendered, record_property):
    sql = rendered("t_critical_95('df')")
    pairs = [(evaluate(sql, df=int(r["df"])), r["t95"]) for r in vector_rows("lookup_t_critical")]
    assert record_vector(record_property, "t critical value", "lookup_t_critical", pairs)[1] < 1e-9
    assert evaluate(sql, df=0) is None


def test_wilson_known_value(rendered):
    # Newcombe 1998, table I: 81 of 263 gives 0.2553 to 0.3662; 0 of 20 gives 0 to 0.1611
    low, high = rendered("wilson_low('x', 'n')"), rendered("wilson_high('x', 'n')")
    assert evaluate(low, x=81, n=263) == pytest.approx(0.2553, abs=5e-5)
    assert evaluate(high, x=81, n=263) == pytest.approx(0.3662, abs=5e-5)
    assert evaluate(low, x=0, n=20) == pytest.approx(0, abs=1e-16)
    assert evaluate(high, x=0, n=20) == pytest.approx(0.1611, abs=5e-5)
    assert evaluate(low, x=0, n=0) is None


@settings(max_examples=60, deadline=None)
@given(n=st.integers(1, 100_000), data=st.data())
def test_wilson_properties(rendered, n, data):
    x = data.draw(st.integers(0, n))
    low = evaluate(rendered("wilson_low('x', 'n')"), x=x, n=n)
    high = evaluate(rendered("wilson_high('x', 'n')"), x=x, n=n)
    interval = stats.binomtest(x, n).proportion_ci(method="wilson")
    assert low == pytest.approx(interval.low, abs=1e-12)
    assert high == pytest.approx(interval.high, abs=1e-12)
    assert -1e-12 <= low <= x / n + 1e-12 and x / n - 1e-12 <= high <= 1 + 1e-12


def test_quantiles_of_a_tally_are_those_of_the_rows(rendered):
    tallied = rendered("tallied_quantile('value', 'last_rank', 'n', 0.9)")
    plain = rendered("quantile('value', 0.9)")
    for rows in ([1], [1, 2], [0, 0, 3, 7, 7, 7, 9, 12, 40, 41, 90], list(range(37))):
        ranked = f"""
            select value, sum(count(*)) over (order by value) as last_rank, {len(rows)} as n
            from (select unnest({rows}) as value) group by value
        """
        (ours,) = duckdb.sql(f"select {tallied} from ({ranked})").fetchone()
        (theirs,) = duckdb.sql(f"select {plain} from (select unnest({rows}) as value)").fetchone()
        assert math.isclose(ours, theirs), rows
