"""A headline of the report states a finding only where the numbers bear it out.

    pytest tests/python/test_report_headlines.py

Each function is called in the page with rows on which its finding is true, and with rows on which
it is false or cannot be known: intervals that overlap, too few cases, hidden or unknown groups, too
few months. Then every headline of the demo page is checked under many filters.
"""

from __future__ import annotations

import json

import pytest
from scipy import stats

import report_sql
from report_browser import open_page
from test_report_numbers import page_data

WORDS = {
    "highest": "highest {label}: {value}", "lowest": "lowest {label}: {value}", "none": "none",
    "largest": "largest {label}: {value}", "rose": "rose {before} {after}", "same": "same",
    "fell": "fell {before} {after}", "within": "within of {all}", "outside": "{outside} of {all}",
    "day": "{value} by day", "named": "{names} ({outside} of {all})",
}  # fmt: skip


@pytest.fixture(scope="module")
def page(browser, demo_report):
    context = browser.new_context()
    yield open_page(context, demo_report).page
    context.close()


@pytest.fixture
def headline(page):
    def ask(function: str, rows: list[dict], kind: str = "rate", **chart) -> str | None:
        definition = {
            "headline": function, "words": WORDS, "unit": "percent", "measure": {"kind": kind},
        }  # fmt: skip
        return page.evaluate(
            "([chart, rows]) => window.wardhouse.headline(chart, rows)", [definition | chart, rows]
        )

    return ask


def row(key: str, num: float, den: float, **more) -> dict:
    """A group's rate as the page works it out: too few cases have no value."""
    few = den < 10
    low, high = stats.binomtest(int(num), int(den)).proportion_ci(method="wilson")
    return {
        "key": key, "label": key.capitalize(), "part": "rate", "num": num, "den": den, "n": den,
        "value": None if few else num / den, "low": None if few else low,
        "high": None if few else high, "few": few, "hidden": False,
    } | more  # fmt: skip


def hidden(key: str) -> dict:
    """A group whose counts this edition does not have."""
    nothing = dict.fromkeys(("value", "low", "high", "num", "den", "n"))
    return row(key, 0, 1) | nothing | {"hidden": True, "few": False}


CLEAR = [row("a", 60, 100), row("b", 10, 100), row("c", 12, 100)]
ALIKE = [row("a", 13, 100), row("b", 10, 100), row("c", 12, 100)]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (CLEAR, "highest A: 60.0%"),
        ([row("a", 60, 100), row("b", 62, 100), row("c", 12, 100)], "lowest C: 12.0%"),
        (ALIKE, "none"),
        ([row("a", 16, 100), row("b", 10, 100)], "none"),  # higher, but not beyond chance
        ([row("a", 8, 9), row("b", 10, 100), row("c", 12, 100)], "none"),  # too few to tell
        ([row("unknown", 90, 100), *ALIKE], "none"),
        ([row("unknown", 1, 100), *CLEAR], "highest A: 60.0%"),
        ([*CLEAR, hidden("d")], None),  # it may be the highest
        ([row("a", 60, 100)], None),
        ([row("a", 6, 9)], None),
        ([], None),
    ],
)
def test_the_highest_is_named_when_it_stands_apart_from_all_others(headline, rows, said):
    assert headline("highest", rows) == said


def test_a_chart_without_the_words_says_nothing(headline):
    assert headline("highest", ALIKE, words={"highest": "{label}"}) is None
    assert headline("highest", CLEAR[1:], words={"highest": "{label}"}) is None
    assert headline("neutral", CLEAR) is None


def test_a_name_is_never_taken_for_a_place_in_the_sentence(headline):
    named = [row("a", 60, 100, label="{value} {label} $& $1"), *CLEAR[1:]]
    assert headline("highest", named) == "highest {value} {label} $& $1: 60.0%"


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (CLEAR, "largest A: 60.0%"),
        (ALIKE, None),
        ([row("unknown", 70, 100), row("a", 20, 100), row("b", 10, 100)], None),
        ([row("unknown", 45, 100), row("a", 46, 100), row("b", 9, 100)], None),
        ([row("unknown", 5, 100), row("a", 80, 100), row("b", 15, 100)], "largest A: 80.0%"),
        ([*CLEAR, hidden("d")], None),
        ([row("a", 5, 8), row("b", 3, 8)], None),
        ([row("a", 100, 100)], None),
        ([], None),
    ],
)
def test_the_largest_part_is_named_when_no_other_may_be_larger(headline, rows, said):
    assert headline("largest", rows, "share") == said


def cells(*rates: tuple[float, ...], den: int = 100) -> list[dict]:
    """Rows a, b, … and columns 0, 1, … of a heat map of rates."""
    return [
        row(name, round(rate * den), den, across=f"at {i}", second=str(i), squares=None)
        for name, line in zip("abcdef", rates, strict=False)
        for i, rate in enumerate(line)
    ]


HEAT_WORDS = {
    "highest": "cell {label} {across}",
    "row_highest": "row {label}: {value}",
    "row_lowest": "low row {label}: {value}",
    "column_highest": "column {label}: {value}",
    "none": "nothing",
}


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (cells((0.9, 0.1), (0.1, 0.1)), "cell A at 0"),
        (cells((0.3, 0.31, 0.29), (0.2, 0.19, 0.2)), "row A: 30.0%"),
        # a and b are high, so that only c stands apart
        (cells((0.36, 0.37), (0.36, 0.35), (0.2, 0.19)), "low row C: 19.5%"),
        (cells((0.3, 0.2), (0.31, 0.21), (0.3, 0.2)), "column at 0: 30.3%"),
        (cells((0.2, 0.21), (0.2, 0.2)), "nothing"),  # beyond chance
        (cells((0.5, 0.5), (0.1, 0.1), den=4), None),  # eight cases of each row are too few
        (cells((0.6, 0.6, 0.6), (0.1, 0.1, 0.1), den=8), "row A: 62.5%"),  # 24 are enough
        ([*cells((0.3, 0.31, 0.29), (0.2, 0.19, 0.2)), hidden("c")], None),
        ([], None),
    ],
)
def test_a_heat_map_names_a_cell_or_a_whole_row_that_stands_apart(headline, rows, said):
    assert headline("heat", rows, words=HEAT_WORDS) == said


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ({"a": 300, "b": 200, "c": 210}, "row A: 300"),
        ({"a": 215, "b": 200, "c": 210}, None),
        ({"unknown": 900, "a": 200, "b": 205}, None),
    ],
)
def test_a_heat_map_of_counts_is_judged_by_shares(headline, counts, said):
    rows = [
        total(key, half, half, across=f"at {i}", second=str(i), den=None, squares=None)
        for key, whole in counts.items()
        for i, half in enumerate((whole // 2, whole - whole // 2))
    ]
    assert headline("heat", rows, "count", unit="count", words=HEAT_WORDS) == said


def test_a_heat_map_of_means_is_judged_by_their_spread(headline):
    def rows_of(sd: float) -> list[dict]:
        made = [*means(8, 8, sd=sd), *means(7, 7, sd=sd)]
        return [
            each | {"key": key, "label": key, "across": f"at {i}", "second": str(i), "low": None}
            for i, (key, each) in enumerate(zip("aabb", made, strict=True))
        ]

    words = {"row_highest": "row {label}: {value}"}
    assert headline("heat", rows_of(1), "mean", unit="score", words=words) == "row a: 8.00"
    assert headline("heat", rows_of(20), "mean", unit="score", words=words) is None
    assert headline("heat", rows_of(1), "given", unit="score", words=words) is None


def total(key: str, value: float | None, n: int | None, **more) -> dict:
    return (
        row(key, 0, 10) | {"value": value, "num": value, "n": n, "low": None, "high": None} | more
    )


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([total("a", 750, 20), total("b", 250, 90)], "largest A: $750 75.0%"),
        ([total("a", 250, 20), total("b", 750, 9)], None),  # it rests on nine cases
        ([total("a", 500, 20), total("b", 500, 20)], None),
        ([total("a", 750, 20)], None),
        ([total("unknown", 750, 20), total("a", 250, 20)], None),
        ([total("a", 750, 20), total("b", 250, 20), total("c", None, None, hidden=True)], None),
        ([total("a", 0, 20), total("b", 0, 20)], None),
        ([], None),
    ],
)
def test_the_largest_sum_is_named_when_it_is_known_and_rests_on_enough(headline, rows, said):
    words = {"largest": "largest {label}: {value} {share}"}
    assert headline("largestTotal", rows, "total", unit="money", words=words) == said


def months(*rates: float, first: str = "2024-01", den: int = 200, **more) -> list[dict]:
    """A row for each month with about this rate."""
    return [
        row(report_sql.shifted(first, i), round(rate * den), den, **more)
        for i, rate in enumerate(rates)
    ]


def means(*values: float, sd: float = 2, n: int = 50) -> list[dict]:
    """A row for each month with this mean."""
    made = months(*(0 for _ in values))
    for each, mean in zip(made, values, strict=True):
        squares = sd**2 * (n - 1) + n * mean**2
        each |= {"value": mean, "num": mean * n, "den": n, "n": n, "squares": squares}
    return made


RISE = months(*[0.10] * 12, *[0.16] * 12)
GAP = months(*[0.10] * 12) + months(*[0.16] * 12, first="2025-02")
CURTAIN = [*RISE[:5], hidden("2024-06") | {"part": "rate"}, *RISE[6:]]
OTHER_PART = months(*[0.10] * 12, *[0.50] * 12, part="other")


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (RISE, "rose 10.0% 16.0%"),
        (months(*[0.3] * 6, *[0.10] * 12, *[0.16] * 12), "rose 10.0% 16.0%"),  # the last 24 count
        (months(*[0.16] * 12, *[0.10] * 12), "fell 16.0% 10.0%"),
        (months(*[0.10] * 12, *[0.11] * 12, den=100), "same"),  # a difference that chance allows
        (months(*[0.10, 0.16] * 12), "same"),
        (RISE[1:], None),
        (GAP, None),
        (CURTAIN, None),
        (months(*[0.0] * 12, *[1.0] * 12, den=1)[:24], "rose 0.0% 100.0%"),
        (months(*[0.0] * 23, 1.0, den=1), "same"),
        (sorted(months(*[0.1] * 24) + OTHER_PART, key=lambda each: each["key"]), "same"),
    ],
)
def test_a_trend_is_stated_when_two_whole_years_differ(headline, rows, said):
    assert headline("trend", rows) == said


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (means(*[5] * 12, *[6] * 12), "rose 5.00 6.00"),
        (means(*[6] * 12, *[5] * 12), "fell 6.00 5.00"),
        (means(*[5] * 12, *[5.1] * 12), "same"),
        (means(*[5] * 12, *[6] * 12, sd=50), "same"),
        (means(*[5] * 12, *[6] * 11), None),
        ([each | {"den": 0, "n": 0, "num": 0, "squares": 0} for each in means(*[5] * 24)], None),
    ],
)
def test_a_trend_of_means_is_welchs(headline, rows, said):
    assert headline("trend", rows, "mean", unit="score") == said


def test_a_trend_of_one_part_of_a_whole(headline):
    words = WORDS | {"part": "other"}
    both = [*months(*[0.9] * 24), *months(*[0.02] * 12, *[0.08] * 12, part="other")]
    both.sort(key=lambda each: each["key"])
    assert headline("trend", both, "share", words=words) == "rose 2.0% 8.0%"
    assert headline("trend", both, "share", words=words | {"part": "none such"}) is None
    assert headline("trend", [], "share", words=words) is None


def test_a_trend_of_what_has_no_interval_is_not_stated(headline):
    assert headline("trend", RISE, "total") is None


def sides(*names: str) -> list[dict]:
    return [row(f"d{i}", 5, 20, side=side) for i, side in enumerate(names)]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (sides("within", "above", "within", "none"), "D1 (25.0%, above) (1 of 3)"),
        (
            sides("within", "above", "below", "within", "none"),
            "D1 (25.0%, above) and D2 (25.0%, below) (2 of 4)",
        ),
        (
            sides("below", "above", "below"),
            "D0 (25.0%, below); D1 (25.0%, above) and D2 (25.0%, below) (3 of 3)",
        ),
        (sides("below", "above", "below", "below", "none"), "4 of 4"),  # too many to name
        (sides("within", "within", "within"), "within of 3"),
        (sides("within", "above"), None),
        (sides("none", "none", "none", "above", "within"), None),
        ([], None),
    ],
)
def test_caseloads_count_only_who_is_compared(headline, rows, said):
    assert headline("caseload", rows, "count") == said


def hours(day: int, night: int) -> list[dict]:
    whole = 12 * (day + night)
    return [
        row(f"{hour:02}", day if 8 <= hour < 20 else night, max(whole, 1)) for hour in range(24)
    ]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (hours(30, 10), "75.0% by day"),
        (hours(10, 10), None),
        (hours(11, 10), None),  # more, but not beyond chance
        (hours(10, 30), None),
        (hours(0, 0), None),
        ([*hours(30, 10)[:-1], hidden("23")], None),
        ([*hours(10, 10), row("unknown", 900, 1000)], None),
    ],
)
def test_the_day_is_named_when_it_clearly_has_more_than_half(headline, rows, said):
    assert headline("daytime", rows, "share") == said


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (CLEAR, "A has 60.0%; C 12.0% and B 10.0% (3 of 3)"),
        ([row("a", 60, 100), row("b", 28, 100), row("c", 33, 100)], "A has 60.0% (1 of 3)"),
        ([row("d", 70, 100), *CLEAR], "4 of 4"),
        (
            [row("a", 60, 100, label="{all} $&"), *CLEAR[1:]],
            "{all} $& has 60.0%; C 12.0% and B 10.0% (3 of 3)",
        ),
        ([row("a", 32, 100), row("b", 28, 100), row("c", 33, 100)], "within of 3"),
        ([row("a", 60, 100), row("b", 9, 9), row("c", 33, 100)], None),
        ([row("a", 60, 100), row("unknown", 90, 100), row("c", 33, 100)], None),
    ],
)
def test_a_difference_from_the_reference_needs_an_interval_beside_it(headline, rows, said):
    assert headline("against", rows, "given", reference=0.3) == said


def test_every_function_was_tried_with_a_finding_and_without(page, demo_report):
    used = {chart["headline"] for chart in page_data(demo_report)["charts"]}
    tried = {
        "highest",
        "largest",
        "largestTotal",
        "trend",
        "caseload",
        "daytime",
        "against",
        "heat",
    }
    assert used <= tried | {"neutral"}


def test_what_the_demo_page_states_is_true_under_many_filters(page, demo_report):
    data = page_data(demo_report)
    settings = report_sql.random_settings(data, 60, 7)
    named = [chart for chart in data["charts"] if chart["headline"] in ("highest", "largest")]
    findings = json.loads(
        page.evaluate(
            """([charts, settings]) => JSON.stringify(settings.flatMap(wanted => {
                const found = window.wardhouse.numbers(wanted).charts;
                return charts.filter(chart => !found[chart.id].refused).map(chart => [chart.id,
                    window.wardhouse.headline(chart, found[chart.id].rows),
                    found[chart.id].rows.map(({ key, label, low, high, n, hidden }) =>
                        ({ key, label, low, high, n, hidden }))]);
            }).filter(([id, said]) => said))""",
            [named, settings],
        )
    )
    charts = {chart["id"]: chart for chart in named}
    stated = 0
    for name, said, rows in findings:
        chart = charts[name]
        if said == chart["words"].get("none"):
            continue
        known = [each for each in rows if each["low"] is not None and each["key"] != "unknown"]
        top = max(known, key=lambda each: each["low"])
        bottom = min(known, key=lambda each: each["high"])
        is_top = all(top["low"] > each["high"] for each in known if each is not top)
        is_bottom = all(bottom["high"] < each["low"] for each in known if each is not bottom)
        stated_of = [each for each, is_apart in ((top, is_top), (bottom, is_bottom)) if is_apart]
        assert any(each["label"] in said for each in stated_of), (name, said)
        assert all((each["n"] or 10) >= 10 for each in stated_of), (name, said)
        assert not any(each["hidden"] and each["key"] != "unknown" for each in rows), (name, said)
        stated += 1
    assert stated > 20
