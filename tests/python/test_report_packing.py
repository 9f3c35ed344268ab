"""Cubes of the report within their budget: what is given up is said, and every sum stays.

pytest tests/python/test_report_packing.py
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping

import duckdb
import numpy as np
import pytest

import report_cubes
from conftest import ROOT, write_report
from report_registry import Cube

FACTS = """
    create table events as
    select 'f' || (i % 5) as facility_id, 'd' || (i % 3) as department_id,
        'w' || (i // 240 % 10) as doctor_id,
        strftime(date '2024-01-01' + to_months(cast(i % 24 as int)), '%Y-%m') as period,
        'kind' || (i % 2) as kind, (i % 7) + 0.25 as amount
    from range(20000) as t(i)
"""
EVENTS = Cube(
    "events",
    measures=("events", "amount"),
    internal="""
        select facility_id, department_id, doctor_id, period, kind, count(*) as events,
            sum(amount) as amount
        from events group by all
    """,
)
# distinct people, each group's own total in rows named all
PEOPLE = Cube(
    "people",
    measures=("people",),
    additive=False,
    internal_totals=("facility_id", "period"),
    internal="""
        select coalesce(facility_id, 'all') as facility_id, coalesce(period, 'all') as period,
            kind, count(distinct doctor_id) as people
        from events group by cube (facility_id, period), kind
    """,
)


@pytest.fixture
def load(monkeypatch) -> Callable:
    """Load and pack cubes of a small database: what is loaded, described, and the columns."""

    def load(*cubes: Cube, budget: int = report_cubes.ROW_BUDGET, sql: str = FACTS):
        monkeypatch.setattr(report_cubes, "CUBES", {cube.name: cube for cube in cubes})
        with duckdb.connect() as connection:
            connection.execute(sql)
            loaded = report_cubes.load(connection, is_shareable=False, budget=budget)
            described, content = report_cubes.pack(connection, loaded)
        return loaded, described, content

    return load


def columns(described: Mapping, content: bytes, name: str) -> dict[str, np.ndarray | list]:
    """A cube's columns as the page reads them."""
    cube, found = described[name], {}
    for column in cube["columns"]:
        kind = "<u2" if column["kind"] == "dimension" else "<f8"
        assert column["at"] % 8 == 0
        data = np.frombuffer(content, kind, cube["rows"], column["at"])
        found[column["name"]] = [column["values"][code] for code in data] if kind == "<u2" else data
    return found


def test_a_cube_within_its_budget_is_held_whole(load):
    loaded, described, content = load(EVENTS)
    assert loaded["events"].without == {} and not loaded["events"].is_by_year
    held = columns(described, content, "events")
    assert list(held) == ["facility_id", "department_id", "doctor_id", "period", "kind", "events",
                          "amount"]  # fmt: skip
    assert sum(held["events"]) == 20000
    assert held["period"][0] == "2024-01" and set(held["kind"]) == {"kind0", "kind1"}


@pytest.mark.parametrize(
    ("budget", "gone", "by_year"),
    [
        (600, set(), True),
        (60, {"doctor_id"}, True),
        (20, {"doctor_id", "department_id"}, True),
        (10, {"doctor_id", "department_id", "period"}, True),
        (2, {"doctor_id", "department_id", "period", "facility_id"}, True),
    ],
)
def test_what_is_given_up_is_said_and_nothing_is_lost(load, budget, gone, by_year):
    loaded, described, content = load(EVENTS, budget=budget)
    cube = loaded["events"]
    assert cube.rows <= budget and cube.rows == described["events"]["rows"]
    assert described["events"]["without"] == dict.fromkeys(gone, report_cubes.TOO_LARGE)
    assert cube.is_by_year == by_year
    held = columns(described, content, "events")
    assert sum(held["events"]) == 20000
    assert sum(held["amount"]) == sum(i % 7 + 0.25 for i in range(20000))
    assert not gone & held.keys()
    if "period" in held:
        assert set(held["period"]) == {"2024", "2025"}


def test_of_several_cubes_the_largest_goes_first_until_all_fit(load):
    few = Cube("few", ("events",), "select facility_id, count(*) as events from events group by 1")
    loaded, _, _ = load(EVENTS, few, budget=65)
    assert loaded["few"].without == {
        name: report_cubes.NEVER_HELD[name] for name in ("department_id", "doctor_id", "period")
    }
    assert "doctor_id" in loaded["events"].without
    assert sum(cube.rows for cube in loaded.values()) <= 65


def test_numbers_that_do_not_add_up_keep_their_totals(load):
    whole, _, _ = load(PEOPLE)
    assert whole["people"].rows > 100
    loaded, described, content = load(PEOPLE, budget=15)
    assert loaded["people"].without["period"] == report_cubes.TOO_LARGE
    held = columns(described, content, "people")
    of_all = {
        kind: people
        for facility, kind, people in zip(
            held["facility_id"], held["kind"], held["people"], strict=True
        )
        if facility == "all"
    }
    assert of_all == {"kind0": 10, "kind1": 10}  # distinct doctors, not the sum of the months'
    tight, described, content = load(PEOPLE, budget=3)
    assert {"period", "facility_id"} <= tight["people"].without.keys()
    assert list(columns(described, content, "people")["people"]) == [10, 10]


def test_a_hidden_count_stays_unknown_in_every_sum(load):
    hidden = FACTS + "; update events set amount = null where facility_id = 'f1' and kind = 'kind1'"
    cube = Cube(
        "events",
        ("amount",),
        "select facility_id, period, kind, any_value(amount) as amount from events group by all",
    )
    for budget in (1000, 12, 3):
        _, described, content = load(cube, budget=budget, sql=hidden)
        held = columns(described, content, "events")
        keys = zip(held.get("facility_id", ["f1"] * 99), held["kind"], held["amount"], strict=False)
        found = [(facility, kind, np.isnan(amount)) for facility, kind, amount in keys]
        assert any(is_hidden for _, _, is_hidden in found)
        assert all(is_hidden == (kind == "kind1" and facility == "f1")
                   for facility, kind, is_hidden in found)  # fmt: skip


def test_a_column_of_more_values_than_codes_is_given_up(load):
    many = FACTS.replace("'w' || (i // 240 % 10)", "'w' || i").replace("20000", "70000")
    loaded, described, content = load(EVENTS, sql=many, budget=10**6)
    assert loaded["events"].without == {"doctor_id": report_cubes.TOO_MANY}
    assert sum(columns(described, content, "events")["events"]) == 70000
    few = many.replace("70000", str(report_cubes.MOST_VALUES))
    loaded, described, content = load(EVENTS, sql=few, budget=10**6)
    assert loaded["events"].without == {}
    held = columns(described, content, "events")
    assert len(set(held["doctor_id"])) == report_cubes.MOST_VALUES <= 2**16
    # distinct people cannot do without a column that has no total: the page has no such chart
    people = Cube(
        "people", ("people",), "select doctor_id, count(*) as people from events group by 1",
        additive=False,
    )  # fmt: skip
    assert load(people, sql=many)[0] == {}


def test_nulls_are_named_and_the_same_rows_give_the_same_bytes(load):
    nulls = FACTS + "; update events set department_id = null where facility_id = 'f2'"
    _, described, content = load(EVENTS, PEOPLE, sql=nulls)
    assert "unknown" in columns(described, content, "events")["department_id"]
    shuffled = nulls + "; create table mixed as from events order by hash(amount, doctor_id, kind)"
    shuffled += "; drop table events; alter table mixed rename to events"
    assert load(EVENTS, PEOPLE, sql=shuffled)[1:] == (described, content)


def test_two_builds_give_the_same_bytes(demo_warehouse, demo_figures, demo_report, tmp_path):
    again = write_report(demo_warehouse, demo_figures, tmp_path / "again.html", seed="2")
    assert again.read_bytes() == demo_report.read_bytes()


@pytest.mark.parametrize("kind", ["absent", "text", "other database", "folder"])
def test_what_is_no_warehouse_is_told_in_one_line(tmp_path, kind):
    path = tmp_path / "other.duckdb"
    if kind == "text":
        path.write_text("not a database\n" * 1000)
    elif kind == "other database":
        with duckdb.connect(str(path)) as connection:
            connection.execute("create schema marts; create table marts.dim_kpis as select 1 as a")
    elif kind == "folder":
        path.mkdir()
    output = tmp_path / "index.html"
    done = subprocess.run(
        [sys.executable, "scripts/build_report.py", "--database", str(path)]
        + ["--output", str(output)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, done
    assert len(done.stderr.splitlines()) == 1 and str(path) in done.stderr, done.stderr
    assert "Traceback" not in done.stderr and not output.exists()
