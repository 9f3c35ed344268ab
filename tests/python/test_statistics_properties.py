"""What every interval and limit must do, whatever the numbers, on the macros' own SQL.

An interval holds its estimate, narrows as there is more of the same, stays within the scale and
does not care which of two outcomes is called the event.

Usage: pytest tests/python/test_statistics_properties.py
"""

from __future__ import annotations

import duckdb
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

TINY = 1e-9
COUNTS = st.integers(1, 20_000)
TIMES = st.integers(2, 50)
SOME = settings(max_examples=40, deadline=None, derandomize=True)


@pytest.fixture(scope="module")
def values():
    """Evaluate rendered select columns over one row of named numbers."""
    with duckdb.connect() as connection:

        def run(columns: str, **given_values: float | int | None) -> tuple:
            names = ", ".join(f"${name} as {name}" for name in given_values)
            return connection.execute(
                f"select {columns} from (select {names})", given_values
            ).fetchone()

        yield run


@pytest.fixture(scope="module")
def over_rows():
    """Evaluate rendered aggregates, then rendered columns over them, over a table of numbers."""
    with duckdb.connect() as connection:

        def run(aggregates: str, columns: str, rows: list[dict], prepared: str = "*") -> dict:
            cells = " union all ".join(
                "select " + ", ".join(f"{value} as {name}" for name, value in row.items())
                for row in rows
            )
            summed = f"select {aggregates} from (select {prepared} from ({cells}))"
            result = connection.execute(f"select {columns} from ({summed})")
            names = [column[0] for column in result.description]
            return dict(zip(names, result.fetchone(), strict=True))

        yield run


@st.composite
def proportions(draw, smallest: int = 1) -> tuple[int, int]:
    """Events and trials."""
    n = draw(st.integers(smallest, 20_000))
    return draw(st.integers(0, n)), n


@st.composite
def tables(draw) -> tuple[int, int, int, int]:
    """A 2 x 2 table without an empty cell."""
    return tuple(draw(st.integers(1, 2_000)) for _ in range(4))


@SOME
@example(pair=(0, 1), times=2)
@example(pair=(7, 7), times=3)
@given(pair=proportions(), times=TIMES)
def test_wilson(rendered, values, pair, times):
    x, n = pair
    sql = rendered("wilson_low('x', 'n')") + ", " + rendered("wilson_high('x', 'n')")
    low, high = values(sql, x=x, n=n)
    assert -TINY <= low <= x / n + TINY and x / n - TINY <= high <= 1
    mirrored_low, mirrored_high = values(sql, x=n - x, n=n)
    assert low == pytest.approx(1 - mirrored_high, abs=TINY)
    assert high == pytest.approx(1 - mirrored_low, abs=TINY)
    larger_low, larger_high = values(sql, x=x * times, n=n * times)
    assert larger_high - larger_low < high - low


@SOME
@example(x=9, times=2)
@example(x=0, times=2)
@given(x=st.integers(0, 20_000), times=TIMES)
def test_poisson(rendered, values, x, times):
    sql = rendered("poisson_low('x')") + ", " + rendered("poisson_high('x')")
    low, high = values(sql, x=x)
    assert 0 <= low <= x <= high
    larger_low, larger_high = values(sql, x=x * times)
    # of a rate: events over as many times the time
    if x:
        assert (larger_high - larger_low) / times < high - low
    next_low, next_high = values(sql, x=x + 1)
    assert next_low > low and next_high > high


@SOME
@example(first=(0, 1), second=(1, 1), times=2)
@given(first=proportions(), second=proportions(), times=TIMES)
def test_newcombe(rendered, values, first, second, times):
    sql = rendered("newcombe_columns('d', 'x1', 'n1', 'x0', 'n0')")

    def interval(a: tuple[int, int], b: tuple[int, int]) -> tuple[float, float, float]:
        return values(sql, x1=a[0], n1=a[1], x0=b[0], n0=b[1])

    d, low, high = interval(first, second)
    assert -1 - TINY <= low <= d + TINY and d - TINY <= high <= 1 + TINY
    assert interval(second, first) == pytest.approx((-d, -high, -low), abs=TINY)
    others = ((first[1] - first[0], first[1]), (second[1] - second[0], second[1]))
    assert interval(*others) == pytest.approx((-d, -high, -low), abs=TINY)
    _, larger_low, larger_high = interval(
        tuple(times * i for i in first), tuple(times * i for i in second)
    )
    assert larger_high - larger_low < high - low


@SOME
@given(mean=st.floats(-1e6, 1e6), sd=st.floats(1e-3, 1e5), n=st.integers(2, 20_000), more=COUNTS)
def test_mean(rendered, values, mean, sd, n, more):
    sql = rendered("mean_low('m', 'sd', 'n')") + ", " + rendered("mean_high('m', 'sd', 'n')")
    low, high = values(sql, m=mean, sd=sd, n=n)
    assert low < mean < high
    assert mean - low == pytest.approx(high - mean, rel=1e-6, abs=TINY * abs(mean))
    larger_low, larger_high = values(sql, m=0.0, sd=sd, n=n + more)
    smaller_low, smaller_high = values(sql, m=0.0, sd=sd, n=n)
    assert larger_high - larger_low < smaller_high - smaller_low
    assert values(sql, m=mean, sd=sd, n=1) == (None, None)


@SOME
@example(n=1, times=2)
@given(n=st.integers(1, 20_000), times=TIMES)
def test_median(rendered, values, n, times):
    sql = rendered("median_low_rank('n')") + ", " + rendered("median_high_rank('n')")
    low, high = values(sql, n=n)
    assert 1 <= low <= (n + 1) / 2 <= high <= n
    # as far from either end, but for rounding
    assert abs((low - 1) - (n - high)) <= 1
    larger_low, larger_high = values(sql, n=n * times)
    assert (larger_high - larger_low) / (n * times) <= (high - low + 1) / n


@st.composite
def bands(draw) -> list[dict]:
    """Age bands with events, people and a standard population."""
    found = []
    for _ in range(draw(st.integers(1, 6))):
        n = draw(st.integers(50, 50_000))
        events = draw(st.integers(0, n // 10))
        found.append({"events": events, "n": n, "population": draw(st.integers(1, 9_000))})
    return found


@SOME
@given(rows=bands(), times=TIMES)
def test_directly_standardised_rate(rendered, over_rows, rows, times):
    sums = rendered("dsr_sums('events', 'n', 'population')")
    columns = rendered("dsr_columns('rate')")

    def standardised(given_rows: list[dict]) -> dict:
        return over_rows(sums, columns, given_rows)

    found = standardised(rows)
    rates = [1e5 * row["events"] / row["n"] for row in rows]
    slack = TINY * 1e5
    assert min(rates) - slack <= found["rate"] <= max(rates) + slack
    assume(sum(row["events"] for row in rows))
    assert found["rate_low"] <= found["rate"] + slack
    assert found["rate"] <= found["rate_high"] + slack
    assert found["rate_low"] >= 0
    more = [row | {k: times * row[k] for k in ("events", "n")} for row in rows]
    larger = standardised(more)
    assert larger["rate"] == pytest.approx(found["rate"], rel=1e-9)
    assert larger["rate_high"] - larger["rate_low"] < found["rate_high"] - found["rate_low"] + slack
    # the standard's size means nothing, its shape does
    scaled = standardised([row | {"population": 3 * row["population"]} for row in rows])
    assert scaled["rate_high"] == pytest.approx(found["rate_high"], rel=1e-9)


@SOME
@given(
    events=st.integers(1, 50), n=st.integers(500, 5_000), populations=st.lists(COUNTS, min_size=2)
)
def test_equal_rates_standardise_to_the_crude_rate(rendered, over_rows, events, n, populations):
    found = over_rows(
        rendered("dsr_sums('events', 'n', 'population')"),
        rendered("dsr_columns('rate')"),
        [{"events": events, "n": n, "population": p} for p in populations],
    )
    assert found["rate"] == pytest.approx(1e5 * events / n, rel=1e-9)


@SOME
@given(
    target=st.floats(0.0, 1.0),
    n=st.integers(1, 50_000),
    times=TIMES,
    tau_squared=st.floats(0, 0.2),
)
def test_funnel_of_proportions(rendered, values, target, n, times, tau_squared):
    sql = rendered("funnel_limit_columns('kind', 'target', 'n', 'tau_squared')")

    def limits(at: float, size: int) -> list[tuple[float, float]]:
        found = values(sql, kind="proportion", target=at, n=float(size), tau_squared=tau_squared)
        return list(zip(found[::2], found[1::2], strict=True))

    found = limits(target, n)
    for low, high in found:
        assert 0 <= low <= target + TINY and target - TINY <= high <= 1
    mirrored = limits(1 - target, n)
    for (low, high), (other_low, other_high) in zip(found, mirrored, strict=True):
        assert low == pytest.approx(1 - other_high, abs=1e-6)
        assert high == pytest.approx(1 - other_low, abs=1e-6)
    for (low, high), (larger_low, larger_high) in zip(
        found, limits(target, times * n), strict=True
    ):
        assert low - TINY <= larger_low and larger_high <= high + TINY
    # 99.8 % beyond 95 %, adjusted beyond chance alone
    for inner, outer in ((0, 1), (2, 3), (0, 2), (1, 3)):
        assert found[outer][0] <= found[inner][0] + TINY
        assert found[inner][1] <= found[outer][1] + TINY


@SOME
@example(expected=3.688, times=2, tau_squared=0.0)
@example(expected=6.907, times=2, tau_squared=0.0)
@given(expected=st.floats(0.01, 50_000), times=TIMES, tau_squared=st.floats(0, 1))
def test_funnel_of_ratios(rendered, values, expected, times, tau_squared):
    sql = rendered("funnel_limit_columns('kind', 'target', 'n', 'tau_squared')")

    def limits(at: float) -> list[tuple[float, float]]:
        found = values(sql, kind="ratio", target=1.0, n=at, tau_squared=tau_squared)
        return list(zip(found[::2], found[1::2], strict=True))

    found = limits(expected)
    for low, high in found:
        assert 0 <= low < 1 < high
    for (low, high), (larger_low, larger_high) in zip(found, limits(times * expected), strict=True):
        assert low <= larger_low + TINY and larger_high <= high + TINY
    assert found[1][0] <= found[0][0] and found[0][1] <= found[1][1]
    assert found[3][0] < found[2][0] and found[2][1] < found[3][1]
    # on the logarithmic scale the adjusted limits lie as far on either side
    for low, high in found[2:]:
        assert low * high == pytest.approx(1, rel=1e-9)


@SOME
@given(cells=tables())
def test_one_stratum_is_crude(rendered, over_rows, values, cells):
    a, b, c, d = cells
    margins = rendered("stratum_margins()")
    crude = rendered("crude_ratios('x1', 'n1', 'x0', 'n0')")
    risk, risk_se, odds, odds_se = values(crude, x1=a, n1=a + b, x0=c, n0=c + d)
    pooled = over_rows(
        rendered("mantel_haenszel_sums()"),
        rendered("mantel_haenszel_estimates()"),
        [dict(zip("abcd", cells, strict=True))],
        margins,
    )
    assert pooled["mh_risk_ratio"] == pytest.approx(risk, rel=1e-9)
    assert pooled["mh_odds_ratio"] == pytest.approx(odds, rel=1e-9)
    assert pooled["mh_risk_ratio_log_se"] == pytest.approx(risk_se, rel=1e-6)
    assert pooled["mh_odds_ratio_log_se"] == pytest.approx(odds_se, rel=1e-6)
    difference = a / (a + b) - c / (c + d)
    assert pooled["mh_risk_difference"] == pytest.approx(difference, abs=1e-9)
    standard = over_rows(
        rendered("standardised_sums()"),
        rendered("standardised_estimates()"),
        [dict(zip("abcd", cells, strict=True))],
        margins,
    )
    assert standard["standardised_exposed_rate"] == pytest.approx(a / (a + b), rel=1e-9)
    assert standard["standardised_risk_difference"] == pytest.approx(difference, abs=1e-9)


@SOME
@given(cells=tables(), strata=st.integers(2, 5))
def test_equal_strata_are_crude(rendered, over_rows, cells, strata):
    """Strata that differ in nothing need no adjustment."""
    a, b, c, d = cells
    rows = [dict(zip("abcd", cells, strict=True))] * strata
    margins = rendered("stratum_margins()")
    pooled = over_rows(
        rendered("mantel_haenszel_sums()"), rendered("mantel_haenszel_estimates()"), rows, margins
    )
    assert pooled["mh_odds_ratio"] == pytest.approx(a * d / (b * c), rel=1e-9)
    standard = over_rows(
        rendered("standardised_sums()"), rendered("standardised_estimates()"), rows, margins
    )
    assert standard["standardised_unexposed_rate"] == pytest.approx(c / (c + d), rel=1e-9)
    risk_ratio = a / (a + b) / (c / (c + d))
    assert standard["standardised_risk_ratio"] == pytest.approx(risk_ratio, rel=1e-9)
