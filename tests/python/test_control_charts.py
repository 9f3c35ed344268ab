"""Control charts give NHSRplotthedots' numbers and flags, from the real SQL of the models."""

from __future__ import annotations

import random
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conftest import Build, run_dbt, run_models, vector_rows
from vector_report import record_vector

CHAIN = [
    "int_chart_months_phased",
    "int_chart_points_ranged",
    "int_chart_limits",
    "int_chart_rules_applied",
    "kpi_control_charts",
]
# the tool says nothing here; a flat series lies on its mean
FLAT = "own_flat_zero_mr"
DIRECTIONS = {"increase": "up", "decrease": "down", "neutral": "none"}
SPECIAL_CAUSES = {
    "Above UCL": "above_limit",
    "Below LCL": "below_limit",
    "7 Point Trend (Increasing)": "trend_up",
    "7 Point Trend (Decreasing)": "trend_down",
    "2 in 3 Above CL": "two_of_three_above",
    "2 in 3 Below CL": "two_of_three_below",
    "7 Points Above CL": "shift_above",
    "7 Points Below CL": "shift_below",
    "Common Cause": "none",
}
TRUE = {"TRUE": True, "FALSE": False}


def kpi(kpi_id: str, direction: str = "down", **columns) -> dict:
    return {
        "kpi_id": kpi_id,
        "direction": direction,
        "unit": "days",
        "interval_method": "t",
        **columns,
    }


def month_row(kpi_id: str, month: date | str, value: float | None, **columns) -> dict:
    return {
        "kpi_id": kpi_id,
        "source_system": "hospital_ops",
        "facility_id": "all",
        "department_id": "all",
        "month": month,
        "value": value,
        **columns,
    }


def months_of(kpi_id: str, values: list[float | None], **columns) -> list[dict]:
    return [
        month_row(kpi_id, date(2020 + i // 12, 1 + i % 12, 1), value, **columns)
        for i, value in enumerate(values)
    ]


def setting(kpi_id: str, **columns) -> dict:
    return {"kpi_id": kpi_id, "facility_id": "all", "department_id": "all", **columns}


def charts(build, values: list[dict], kpis: list[dict], compiled=None, **tables) -> list[dict]:
    """The rows of the mart for these monthly values, ordered, each with its side and nearness."""
    inputs = {
        "kpi_values_monthly": values,
        "dim_kpis": kpis,
        "kpi_rebases": [],
        "kpi_targets": [],
        "kpi_annotations": [],
    } | tables
    made = run_models(build, CHAIN, inputs, compiled)
    key = ("kpi_id", "source_system", "facility_id", "department_id", "month")
    rules = {tuple(row[k] for k in key): row for row in made["int_chart_rules_applied"]}
    rows = sorted(made["kpi_control_charts"], key=lambda row: tuple(row[k] for k in key))
    for row in rows:
        rule = rules[tuple(row[k] for k in key)]
        row |= {"side": rule["side"], "is_near_limit": rule["is_near_limit"]}
    return rows


def chart(build, values: list[float | None], direction: str = "down", **tables) -> list[dict]:
    """The chart of one series."""
    return charts(build, months_of("K", values), [kpi("K", direction)], **tables)


def compiled_with(folder, **dbt_vars) -> Build:
    """The models' SQL under other settings."""
    build = run_dbt(folder, "compile", "--select", *CHAIN, dbt_vars=dbt_vars)
    assert build.returncode == 0, build.output[-4000:]
    return build


@pytest.fixture(scope="module")
def unscreened(tmp_path_factory) -> Build:
    """With screening off, as the Excel tool has it."""
    return compiled_with(tmp_path_factory.mktemp("unscreened"), spc_screen_outliers=False)


# The vectors


def vector_charts(build, rows: list[dict[str, str]], compiled=None) -> list[dict]:
    """The charts of the vector's cases, of any number of them."""
    cases = {row["case_id"]: row for row in rows}
    first = {(r["case_id"], r["rebase_group"]): r["x"] for r in reversed(rows)}
    rebases = [
        setting(case, data_set="all", rebase_date=day, reason="step")
        for (case, group), day in first.items()
        if group != "0"
    ]
    if "own_shift_fix12" in cases:
        rebases.append(setting("own_shift_fix12", data_set="all", baseline_points=12))
    return charts(
        build,
        [month_row(r["case_id"], r["x"], float(r["y"])) for r in rows],
        [kpi(case, DIRECTIONS[row["direction"]]) for case, row in cases.items()],
        compiled,
        kpi_rebases=rebases,
        kpi_targets=[
            setting(case, effective_from="1990-01-01", target=float(row["target"]))
            for case, row in cases.items()
            if row["target"]
        ],
    )


@pytest.fixture(scope="module")
def pairs(demo_build, unscreened) -> list[tuple[dict[str, str], dict]]:
    """Each row of the vector with the row that the models make of it."""
    rows = vector_rows("spc_xmr_nhsrplotthedots")
    ours = {}
    for is_screened, compiled in (("TRUE", None), ("FALSE", unscreened)):
        wanted = [row for row in rows if row["screen_outliers"] == is_screened]
        for row in vector_charts(demo_build, wanted, compiled):
            ours[row["kpi_id"], row["month"].isoformat()] = row
    assert len(ours) == len(rows) == 385
    assert len({row["case_id"] for row in rows}) == 17
    return [(row, ours[row["case_id"], row["x"]]) for row in rows]


def test_limits_equal_nhsrplotthedots(pairs, record_property):
    for ours, theirs in (("mean", "mean_col"), ("lower_limit", "lpl"), ("upper_limit", "upl")):
        compared = [(row[ours], w[theirs]) for w, row in pairs if w[theirs]]
        assert len(compared) == (385 if ours == "mean" else 372)  # blank where nothing moves
        largest, _ = record_vector(
            record_property, f"XmR {ours}", "spc_xmr_nhsrplotthedots", compared
        )
        assert largest < 1e-9


def flags(wanted: dict[str, str], row: dict) -> dict[str, tuple]:
    """Theirs and ours of everything that is no number."""
    point_type = wanted["point_type"].removeprefix("special_cause_")
    variation = wanted["variation_type"].removeprefix("special_cause_")
    return {
        "outside_limits": (TRUE.get(wanted["outside_limits"]), row["is_outside_limits"]),
        "relative_to_mean": (int(wanted["relative_to_mean"]), int(row["side"])),
        "close_to_limits": (TRUE.get(wanted["close_to_limits"]), row["is_near_limit"]),
        "special_cause_type": (SPECIAL_CAUSES[wanted["special_cause_type"]], row["special_cause"]),
        "special_cause_flag": (TRUE[wanted["special_cause_flag"]], row["special_cause"] != "none"),
        "point_type": (point_type, row["point_type"]),
        "short_group_warning": (TRUE[wanted["short_group_warning"]], row["is_trial_limits"]),
        "variation_type": (variation, row["variation"]),
        "assurance_type": (wanted["assurance_type"] or None, row["assurance"]),
        "rebase_group": (int(wanted["rebase_group"]), row["rebase_group"]),
    }


def test_no_flag_differs_from_nhsrplotthedots(pairs, record_property):
    compared = []
    for wanted, row in pairs:
        for name, (theirs, ours) in flags(wanted, row).items():
            # blank in the tool where nothing varies
            blank = wanted["case_id"] == FLAT and name in ("outside_limits", "close_to_limits")
            compared.append(((name, ours), (name, False if blank else theirs)))
    assert len(compared) == 10 * 385
    record_vector(
        record_property, "XmR rules and icons", "spc_xmr_nhsrplotthedots", [], flags=compared
    )
    different = [
        (wanted["case_id"], wanted["n"], ours, theirs)
        for (wanted, _), (ours, theirs) in zip(
            [pair for pair in pairs for _ in range(10)], compared, strict=True
        )
        if ours != theirs
    ]
    assert not different


def test_the_vector_holds_every_kind_of_point(pairs):
    """What no case shows, equality would not prove."""
    seen = {row["special_cause"] for _, row in pairs}
    assert seen == set(SPECIAL_CAUSES.values())
    assert {row["assurance"] for _, row in pairs} == {None, "inconsistent", "consistent_fail"}
    assert {row["rebase_group"] for _, row in pairs} == {0, 1}


def test_proportion_limits_equal_the_vector(demo_build, record_property):
    rows = vector_rows("spc_p_laney_own")
    values = [
        month_row(
            "K",
            r["month"],
            int(r["num"]) / int(r["den"]),
            numerator=float(r["num"]),
            denominator=float(r["den"]),
        )
        for r in rows
    ]
    fraction = kpi("K", unit="fraction", interval_method="Wilson")
    made = charts(demo_build, values, [fraction])
    names = {
        "p_lower": "p_lcl",
        "p_upper": "p_ucl",
        "sigma_z": "sigma_z",
        "p_prime_lower": "pp_lcl",
        "p_prime_upper": "pp_ucl",
    }
    for ours, theirs in names.items():
        compared = [(m[ours], r[theirs]) for m, r in zip(made, rows, strict=True)]
        largest, _ = record_vector(record_property, f"p chart {ours}", "spc_p_laney_own", compared)
        assert largest < 1e-12
    # a share of money is no proportion of independent events
    dollars = charts(demo_build, values, [kpi("K", unit="fraction", interval_method="none")])
    assert all(row[name] is None for row in dollars for name in names)


# A second way to the same flags: the rules as one would read them aloud


def trends(values: list[int], run: int) -> list[int]:
    """The direction of the latest run of `run` values, strictly up or down, that holds each."""
    found = [0] * len(values)
    for start in range(len(values) - run + 1):
        part = values[start : start + run]
        steps = {(b > a) - (b < a) for a, b in zip(part, part[1:], strict=False)}
        if steps in ({1}, {-1}):
            found[start : start + run] = [steps.copy().pop()] * run
    return found


def parts(sides: list[int], length: int, holds) -> list[bool]:
    """Whether a point is part of a stretch on one side of the mean for which `holds` is true."""
    found = [False] * len(sides)
    for start in range(len(sides) - length + 1):
        stretch = range(start, start + length)
        if abs(sum(sides[i] for i in stretch)) == length and holds(stretch):
            found[start : start + length] = [True] * length
    return found


def expected(values: list[int], run: int = 7) -> list[str]:
    """The special cause of each whole number of one phase."""
    mean = sum(values) / len(values)
    ranges = [abs(b - a) for a, b in zip(values, values[1:], strict=False)]
    average = sum(ranges) / len(ranges)
    kept = [r for r in ranges if r < 3.267 * average] or [0]
    width = 2.66 * sum(kept) / len(kept)
    side = [(v * len(values) > sum(values)) - (v * len(values) < sum(values)) for v in values]
    far = [abs(v - mean) for v in values]
    outside = [s != 0 and d > width for s, d in zip(side, far, strict=True)]
    near = [d > width * 2 / 3 and not o for d, o in zip(far, outside, strict=True)]
    trend = trends(values, run)
    pair = parts(side, 3, lambda stretch: sum(near[i] for i in stretch) >= 2)
    shift = parts(side, run, lambda _: True)
    names = []
    for i in range(len(values)):
        place = "above" if side[i] > 0 else "below"
        if outside[i]:
            names.append(f"{place}_limit")
        elif trend[i]:
            names.append("trend_up" if trend[i] > 0 else "trend_down")
        elif pair[i] and near[i]:
            names.append(f"two_of_three_{place}")
        else:
            names.append(f"shift_{place}" if shift[i] else "none")
    return names


def test_rules_hold_on_random_series(demo_build):
    """Small whole numbers, drifting: many ties, long trends, values on the mean."""
    chance = random.Random(4)
    series = {}
    for number in range(80):
        values, level = [], 20
        drift = chance.choice([0, 0, 1, -1])
        for _ in range(chance.randint(2, 40)):
            level += chance.choice([-1, 0, 1, drift, drift, drift])
            values.append(level + chance.choice([0, 0, 0, 0, 0, 9]))
        series[f"K{number:02}"] = values
    # two trends that meet within the limits
    peak = [0, 14, 0, 14, 0, 14, *range(4, 11), *range(9, 3, -1), 14, 0, 14, 0]
    series |= {"peak": peak, "trough": [14 - value for value in peak]}
    made = charts(
        demo_build,
        [row for name, values in series.items() for row in months_of(name, values)],
        [kpi(name) for name in series],
    )
    assert expected(peak)[11:14] == ["trend_up", "trend_down", "trend_down"]
    seen = set()
    for name, values in series.items():
        causes = [row["special_cause"] for row in made if row["kpi_id"] == name]
        assert causes == expected(values), (name, values)
        seen |= set(causes)
    assert seen == set(SPECIAL_CAUSES.values())


def test_six_points_may_make_a_trend_or_a_shift(demo_build, tmp_path_factory):
    """As the Excel tool offers."""
    six = compiled_with(tmp_path_factory.mktemp("six"), spc_trend_points=6)
    series = {
        "rise": [5, 1, 2, 3, 4, 5, 6, 4, 6, 4, 5, 3],
        "above": [3, 5, 3, 4, 6, 7, 6, 7, 6, 7, 4, 3, 5, 3, 5, 4],
    }
    values = [row for name, numbers in series.items() for row in months_of(name, numbers)]
    for run, compiled in ((6, six), (7, None)):
        made = charts(demo_build, values, [kpi(name) for name in series], compiled)
        for name, numbers in series.items():
            causes = [row["special_cause"] for row in made if row["kpi_id"] == name]
            assert causes == expected(numbers, run)
            found = {"trend_up", "shift_above"} & set(causes)
            assert bool(found) == (run == 6), (name, run)


# Boundaries


def test_a_flat_series_lies_on_its_mean(demo_build):
    """Of fourteen tenths the mean is not quite a tenth: rounding must not make points special."""
    rows = chart(demo_build, [0.1] * 14)
    for row in rows:
        assert row["lower_limit"] == row["mean"] == row["upper_limit"] == pytest.approx(0.1)
        assert (row["special_cause"], row["side"]) == ("none", 0)
    assert rows[-1]["variation"] == "common_cause"


def test_one_point_has_a_mean_and_no_limits(demo_build):
    target = setting("K", effective_from="1990-01-01", target=1.0)
    (row,) = chart(demo_build, [4.0], kpi_targets=[target])
    assert row["mean"] == 4 and row["is_trial_limits"]
    assert row["lower_limit"] is None and row["upper_limit"] is None
    assert (row["special_cause"], row["variation"]) == ("none", "common_cause")
    assert row["target"] == 1 and row["assurance"] is None


def test_a_month_without_a_value_gives_no_point(demo_build):
    rows = chart(demo_build, [5.0, None, 9.0, None, None, 6.0])
    assert [row["month"].month for row in rows] == [1, 3, 6]
    assert [row["point"] for row in rows] == [1, 2, 3]
    assert [row["moving_range"] for row in rows] == [None, 4, 3]
    without = chart(demo_build, [5.0, 9.0, 6.0])
    for name in ("mean", "lower_limit", "upper_limit"):
        assert [row[name] for row in rows] == [row[name] for row in without]


def test_limits_of_a_series_do_not_touch_another(demo_build):
    """The same month twice: two facilities, two departments, two systems."""
    level = {"facility_id": "a", "department_id": "b", "source_system": "care_episodes"}
    values = months_of("K", [1.0, 3.0, 2.0])
    for column, name in level.items():
        values += months_of("K", [100.0, 300.0, 200.0], **{column: name})
    rows = charts(demo_build, values, [kpi("K")])
    assert len(rows) == 12
    for row in rows:
        scale = 1 if all(row[column] != name for column, name in level.items()) else 100
        assert row["mean"] == 2 * scale
        assert row["upper_limit"] == pytest.approx((2 + 2.66 * 1.5) * scale)


def test_phases_baselines_and_reasons(demo_build):
    """A named change resets limits; one of a facility adds to that of all."""
    values = [10.0, 12.0] * 6 + [50.0, 52.0] * 6
    rebases = [
        setting("K", data_set="all", rebase_date="2021-01-01", reason="new clinic"),
        setting("K", data_set="all", baseline_points=12, reason="first year"),
        setting("K", data_set="own", rebase_date="2020-06-01", reason="somebody else's"),
        setting("K", data_set="demo", rebase_date="2021-07-01", reason="moved")
        | {"facility_id": "a"},
    ]
    rows = charts(
        demo_build,
        months_of("K", values) + months_of("K", values, facility_id="a"),
        [kpi("K")],
        kpi_rebases=rebases,
        kpi_annotations=[
            setting("K", data_set="all", annotation_date="2020-03-17", annotation="strike")
        ],
    )
    every = [row for row in rows if row["facility_id"] == "all"]
    one = [row for row in rows if row["facility_id"] == "a"]
    assert [row["rebase_group"] for row in every] == [0] * 12 + [1] * 12
    assert [row["rebase_group"] for row in one] == [0] * 12 + [1] * 6 + [2] * 6
    assert [every[i]["rebase_reason"] for i in (0, 11, 12, 23)] == ["first year"] * 2 + [
        "new clinic"
    ] * 2
    assert [one[i]["rebase_reason"] for i in (12, 17, 18)] == ["new clinic"] * 2 + ["moved"]
    assert {row["mean"] for row in every[12:]} == {51.0}
    assert every[12]["moving_range"] is None
    assert [row["annotation"] for row in every if row["annotation"]] == ["strike"]
    assert every[2]["annotation"] == "strike"
    assert [one[i]["is_trial_limits"] for i in (0, 12, 18)] == [True] * 3


def test_a_baseline_of_twelve_fixes_limits_and_eleven_do_not(demo_build):
    values = [10.0, 12.0] * 6 + [50.0, 54.0] * 6
    for points, mean in ((12, 11.0), (11, 31.5)):
        rebases = [setting("K", data_set="all", baseline_points=points, reason="first year")]
        rows = chart(demo_build, values, kpi_rebases=rebases)
        assert {row["mean"] for row in rows} == {mean}
        assert {row["rebase_group"] for row in rows} == {0}


@pytest.mark.parametrize(
    ("direction", "target", "wanted"),
    [
        ("up", 99.0, "consistent_fail"),
        ("up", 0.0, "consistent_pass"),
        ("up", 11.0, "inconsistent"),
        ("down", 99.0, "consistent_pass"),
        ("down", 0.0, "consistent_fail"),
        ("none", 99.0, None),
    ],
)
def test_assurance_is_of_the_last_target_and_the_last_limits(demo_build, direction, target, wanted):
    targets = [
        setting("K", effective_from="1990-01-01", target=1000.0),
        setting("K", effective_from="2020-03-01", target=target),
        setting("K", effective_from="2030-01-01", target=1000.0),
    ]
    rebases = [setting("K", data_set="all", rebase_date="2020-03-01", reason="moved")]
    values = [500.0, 501.0, 10.0, 12.0, 10.0, 12.0]
    rows = chart(demo_build, values, direction, kpi_targets=targets, kpi_rebases=rebases)
    assert [row["target"] for row in rows] == [1000.0] * 2 + [target] * 4
    assert {row["assurance"] for row in rows} == {wanted}


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    values=st.lists(
        st.floats(0, 1e6).map(lambda v: round(v, 3)) | st.none(), min_size=3, max_size=30
    ),
    seed=st.integers(0, 10**6),
)
def test_the_order_of_the_input_does_not_matter(demo_build, values, seed):
    """Limits do not move when months are reordered on input: not by one bit."""
    rows = [row | {"numerator": row["value"], "denominator": 2e6} for row in months_of("K", values)]
    shuffled = random.Random(seed).sample(rows, len(rows))
    fraction = [kpi("K", unit="fraction", interval_method="Wilson")]
    rebases = [setting("K", data_set="all", rebase_date="2020-06-01", reason="moved")]
    for row in rows:
        if row["value"] is not None:
            row["value"] = row["numerator"] / row["denominator"]
    one = charts(demo_build, rows, fraction, kpi_rebases=rebases)
    other = charts(demo_build, shuffled, fraction, kpi_rebases=rebases)
    assert one == other
    assert len(one) == sum(value is not None for value in values)


# The demo data


def test_the_reminders_reset_the_limits_of_no_shows(demo_build):
    rows = demo_build.records(
        "select * from kpi_control_charts where kpi_id = 'AP03' and facility_id = 'all'"
        " and department_id = 'all' order by month"
    )
    phases = {
        (row["rebase_group"], row["rebase_reason"], row["mean"], row["points_in_group"])
        for row in rows
    }
    (first, second) = sorted(phases, key=lambda phase: phase[0])
    assert first[:2] == (0, None)
    assert second[:2] == (1, "Text reminders before every appointment")
    assert second[2] < first[2]
    assert [row["month"] for row in rows if row["rebase_group"] == 1][0] == date(2025, 2, 1)
    (noted,) = [row for row in rows if row["annotation"]]
    assert (noted["month"], noted["annotation"]) == (date(2025, 2, 1), "Text reminders begin")
    for group, _, mean, points in (first, second):
        values = [row["value"] for row in rows if row["rebase_group"] == group]
        assert len(values) == points and mean == pytest.approx(sum(values) / points, abs=1e-12)


def test_every_month_with_a_value_is_a_point(demo_build):
    ((values, points),) = demo_build.query(
        "select (select count(*) from kpi_values_monthly where value is not null),"
        " (select count(*) from kpi_control_charts)"
    )
    assert values == points > 5000
    # every series of the demo data has its numbers without gaps
    assert not demo_build.query(
        "select kpi_id from kpi_control_charts"
        " group by kpi_id, source_system, facility_id, department_id"
        " having max(point) <> count(*)"
    )
