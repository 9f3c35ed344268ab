"""Drift: warnings with numbers where a feed changes, none where chance explains the difference.

Usage: pytest tests/python/test_publish_drift.py

The models' own compiled SQL counts the demo's facts after each change; what follows from them is
what a publish would say.
"""

from __future__ import annotations

import json
import math
import random
import shutil
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from scipy import stats

import publish
import publish_drift as drift
from conftest import relation_of
from house import House
from publish_copy import BEFORE, DUCKDB_CONFIG, SOURCE, Content, attach, contents, inventory
from test_publish import house, template  # noqa: F401

ROWS = {"fct_appointments": Content(1, "")}
COUNTED = ("int_distributions_tallied", "int_distributions_newest", "dq_distributions")
# what a build of a week ago knew: bills that were paid since were open, and the week was to come
AS_OF = "(select as_of_date from intermediate.int_systems_dated where source_system = '{}')"
A_WEEK_AGO = f"""
    update intermediate.int_systems_dated set as_of_date = as_of_date - 7;
    update marts.fct_bills set paid_date = null, payment_status = 'pending'
    where paid_date >= {AS_OF.format("hospital_ops")};
    update marts.fct_appointments set outcome = 'future'
    where appointment_date >= {AS_OF.format("hospital_ops")};
    update marts.fct_treatments set is_future = true
    where treatment_date >= {AS_OF.format("hospital_ops")};
    update marts.fct_bills set is_future = true where bill_date >= {AS_OF.format("hospital_ops")};
    update marts.fct_episodes set is_future = true
    where episode_date >= {AS_OF.format("care_episodes")};
    update marts.fct_cancer_cases set is_future = true
    where diagnosis_date >= {AS_OF.format("cancer_registry")};
    update marts.fct_team_survey_responses set is_future = true
    where survey_date >= {AS_OF.format("team_surveys")}
"""
NEWEST = {
    "fct_appointments": "appointment_date >= (select as_of_date - 28 from"
    " intermediate.int_systems_dated where source_system = 'hospital_ops')",
    "fct_bills": "bill_date >= (select as_of_date - 28 from"
    " intermediate.int_systems_dated where source_system = 'hospital_ops')",
}


@pytest.fixture(scope="module")
def model_sql(demo_build) -> list[tuple[str, str]]:
    """Relation and compiled SQL of the models that count."""
    manifest = json.loads((demo_build.folder / "target" / "manifest.json").read_text())
    nodes = {node["name"]: node for node in manifest["nodes"].values()}
    return [(relation_of(nodes[name]), nodes[name]["compiled_code"]) for name in COUNTED]


@pytest.fixture
def changed(demo_build, model_sql, tmp_path):
    """The demo's private database after a change, counted anew."""

    def change(sql: str, name: str = "changed") -> Path:
        path = tmp_path / name / demo_build.private.name
        path.parent.mkdir()
        shutil.copyfile(demo_build.private, path)
        with duckdb.connect(str(path)) as db:
            db.execute(sql)
            for relation, query in model_sql:
                db.execute(f"delete from {relation}; insert into {relation} {query}")
        return path

    return change


def warnings(before: Path, now: Path) -> list[str]:
    """What a publish of one private database after the other would warn of."""
    with duckdb.connect(":memory:", config=DUCKDB_CONFIG) as db:
        attach(db, before, BEFORE)
        attach(db, now, SOURCE)
        found = [
            contents(db, side, inventory(db, side), lambda *_: None) for side in (BEFORE, SOURCE)
        ]
        return [str(warning) for warning in drift.measure_drift(db, *found)]


# --- the demo ------------------------------------------------------------------------------------


def test_the_demo_counts_every_event_before_the_as_of_date_once(demo_build):
    wrong = demo_build.query(
        """
        select table_name, column_name, sum(events) from dq_distributions where scope = 'all'
        group by all
        having sum(events) != case table_name
            when 'fct_bills' then (select count(*) from fct_bills where not is_future)
            when 'fct_treatments' then (select count(*) from fct_treatments where not is_future)
            when 'fct_cancer_cases' then (select count(*) from fct_cancer_cases where not is_future)
            when 'fct_episodes' then (select count(*) from fct_episodes where not is_future)
            when 'fct_appointments'
            then (select count(*) from fct_appointments where outcome != 'future')
            else sum(events) end
        """
    )
    assert wrong == []
    shares = demo_build.query(
        "select sum(share) from dq_distributions group by table_name, column_name, scope"
    )
    assert len(shares) > 130
    assert all(math.isclose(share, 1, rel_tol=1e-9) for (share,) in shares)


def test_watched_columns_hold_no_identifiers(demo_build):
    """No key, no doctor and no day is among the counted values."""
    values = demo_build.query("select distinct column_name, value from dq_distributions")
    assert not [c for c, _ in values if c.endswith("_key") or c == "doctor_id"]
    assert not [v for _, v in values if len(v) >= 8 and v.replace("-", "").isdecimal()]


def test_the_same_data_give_no_warning(demo_build):
    assert warnings(demo_build.private, demo_build.private) == []


def test_one_week_more_gives_no_warning(demo_build, changed):
    assert "\n".join(warnings(changed(A_WEEK_AGO), demo_build.private)) == ""


FEEDS = {
    "a status that is no longer sent": (
        "update marts.fct_appointments set outcome = 'cancelled' where outcome = 'no_show' and "
        + NEWEST["fct_appointments"],
        "fct_appointments.outcome of the newest 28 days: ",
        "rows of no_show before, 0 now (-9",
    ),
    "a branch that is loaded twice": (
        "insert into marts.fct_appointments select * replace (appointment_key + 1 as "
        "appointment_key) from marts.fct_appointments "
        "where facility_id = 'kurrajong_valley_clinic'",
        "fct_appointments.facility_id: ",
        "rows of kurrajong_valley_clinic before, ",
    ),
    "a column that is no longer filled in": (
        "update marts.fct_bills set paid_date = null where " + NEWEST["fct_bills"],
        "fct_bills.paid_date of the newest 28 days: ",
        "100.00 % now",
    ),
    "another unit": (
        "update marts.fct_episodes set length_of_stay_days = length_of_stay_days * 24",
        "fct_episodes.length_of_stay_days: another distribution, population stability index ",
        "(warned of from 0.1)",
    ),
    "a table that is loaded twice": (
        "insert into marts.fct_treatments select * replace (treatment_key + 1 as treatment_key) "
        "from marts.fct_treatments",
        "fct_treatments: ",
        "(+100 %, warned of from 25 %)",
    ),
    "a feed that stops": (
        "delete from marts.fct_appointments where " + NEWEST["fct_appointments"],
        "fct_appointments of the newest 28 days: ",
        " rows before, 0 now (-100 %",
    ),
}


@pytest.mark.parametrize("name", FEEDS)
def test_a_feed_that_changes_is_warned_of(demo_build, changed, name):
    change, *words = FEEDS[name]
    found = warnings(demo_build.private, changed(change))
    assert [line for line in found if all(word in line for word in words)], found
    table = words[0].split(".")[0].split(" ")[0].rstrip(":")
    assert all(line.startswith(f"drift in {table}") for line in found), "nothing else drifts"


def test_a_publish_says_it_and_is_made(demo_build, changed, tmp_path, monkeypatch, capsys):
    """From the command line: a warning on standard error, all measures in the ledger."""
    now = changed(FEEDS["a status that is no longer sent"][0])
    target = tmp_path / "warehouse" / "wardhouse.duckdb"
    monkeypatch.setenv("WARDHOUSE_WAREHOUSE", str(target))
    for private in (demo_build.private, now):
        monkeypatch.setenv("WARDHOUSE_BUILD_DIR", str(private.parent))
        assert publish.main([]) == 0
    lines = capsys.readouterr().err.splitlines()
    assert [
        line
        for line in lines
        if line.startswith("wardhouse: drift in fct_appointments.outcome of the")
    ]
    with duckdb.connect(str(target), read_only=True) as db:
        assert db.execute("select max(publish_number) from ledger.publishes").fetchone() == (2,)
        ((measures, loud),) = db.execute(
            "select count(*), count(*) filter (is_warning) from ledger.drift"
        ).fetchall()
    assert measures > 900
    assert loud == len([line for line in lines if line.startswith("wardhouse: drift in ")])


# --- the measures --------------------------------------------------------------------------------


def measured(
    house: House,  # noqa: F811
    before: dict[str, int],
    now: dict[str, int],
) -> dict[tuple[str, str], tuple[float, float, bool]]:
    """Change, z score and verdict by measure and value, of one column of appointments."""
    paths = []
    for name, counts in (("before", before), ("now", now)):
        path = house.private.with_name(f"{name}.duckdb")
        path.unlink(missing_ok=True)
        paths.append(path)
        values = ", ".join(f"('{value}', {events})" for value, events in counts.items())
        with duckdb.connect(str(path)) as db:
            db.execute(
                f"""
                create schema marts;
                create table marts.dq_distributions as
                select 'fct_appointments' as table_name, 'outcome' as column_name,
                    'newest' as scope, value, events
                from (values {values}) as t (value, events);
                attach '{house.private}' as limits (read_only);
                create schema reference;
                create table reference.publish_limits as from limits.reference.publish_limits;
                detach limits
                """
            )
    with duckdb.connect(":memory:", config=DUCKDB_CONFIG) as db:
        attach(db, paths[0], BEFORE)
        attach(db, paths[1], SOURCE)
        drift.measure_drift(db, ROWS, ROWS)
        return {
            (measure, value): (change, z, warns)
            for measure, value, change, z, warns in db.execute(
                "select measure, value, change, z_score, is_warning from drift "
                "where scope = 'newest'"
            ).fetchall()
        }


def test_the_index_is_that_of_its_definition(house):  # noqa: F811
    before, now = {"a": 60, "b": 30, "c": 10}, {"a": 40, "b": 28, "d": 12}
    p = [(before.get(value, 0) + 0.5) / 102 for value in "abcd"]
    q = [(now.get(value, 0) + 0.5) / 82 for value in "abcd"]
    index = sum((y - x) * math.log(y / x) for x, y in zip(p, q, strict=True))
    change, z, warns = measured(house, before, now)["psi", ""]
    assert math.isclose(change, index, rel_tol=1e-12)
    table = [[side.get(value, 0) for value in "abcd"] for side in (before, now)]
    exact = stats.norm.isf(stats.chi2_contingency(table, correction=False).pvalue)
    assert math.isclose(z, exact, rel_tol=0.04), "Wilson and Hilferty are near in the tail"
    assert warns
    # without a value that is new or gone it is the textbook's, but for the half rows
    change, *_ = measured(house, {"a": 6000, "b": 4000}, {"a": 5000, "b": 5000})["psi", ""]
    assert math.isclose(change, -0.1 * math.log(5 / 6) + 0.1 * math.log(5 / 4), rel_tol=1e-3)


def test_the_other_z_scores_are_those_of_two_shares_and_two_counts(house):  # noqa: F811
    found = measured(house, {"x": 80, "missing": 20}, {"x": 120, "missing": 90})
    pooled = 110 / 310
    z = (90 / 210 - 20 / 100) / math.sqrt(pooled * (1 - pooled) * (1 / 100 + 1 / 210))
    assert math.isclose(found["missing_share", ""][0], 90 / 210 - 0.2)
    assert math.isclose(found["missing_share", ""][1], z)
    assert math.isclose(found["rows_of_value", "missing"][1], z)
    odds = (90.5 / 120.5) / (20.5 / 80.5) - 1
    assert math.isclose(found["rows_of_value", "missing"][0], odds)
    assert math.isclose(found["rows", ""][0], 1.1)
    assert math.isclose(found["rows", ""][1], 110 / math.sqrt(310))


def test_small_counts_give_no_warning(house):  # noqa: F811
    # the same shares: chance explains the first and not the second
    small = measured(house, {"a": 6, "b": 12}, {"a": 1, "b": 17})
    large = measured(house, {"a": 600, "b": 1200}, {"a": 100, "b": 1700})
    assert small["psi", ""][0] > 0.25 and not any(warns for *_, warns in small.values())
    assert large["psi", ""][2] and large["rows_of_value", "a"][2]


def test_a_value_that_comes_or_goes_is_warned_of(house):  # noqa: F811
    found = measured(house, {"a": 400, "b": 30}, {"a": 400, "c": 30})
    assert found["rows_of_value", "b"][2] and found["rows_of_value", "c"][2]
    assert not found["rows_of_value", "a"][2] and not found["rows", ""][2]


def test_a_value_among_the_others_is_not_new(house):  # noqa: F811
    # the 50th and 51st commonest have changed places
    before = {f"v{i}": 100 for i in range(50)} | {"v50": 95, "other": 500}
    now = {f"v{i}": 100 for i in range(50)} | {"v51": 95, "other": 500}
    found = measured(house, before, now)
    assert math.isclose(found["psi", ""][0], 0, abs_tol=1e-12)
    assert ("rows_of_value", "v51") not in found


def test_chance_warns_hardly_ever(house):  # noqa: F811
    """2,000 columns whose samples come from one distribution, some of them small and sparse."""
    chance = random.Random(11)
    old, new = [], []
    for number in range(2000):
        values = chance.choice([2, 4, 12, 40])
        weights = [chance.gammavariate(0.7, 1) + 1e-3 for _ in range(values)]
        for rows, size in ((old, chance.choice([30, 100, 1000])), (new, 300)):
            drawn = chance.choices(range(values), weights, k=size)
            rows += [(number, value, drawn.count(value)) for value in set(drawn)]
    with duckdb.connect(":memory:", config=DUCKDB_CONFIG) as db:
        attach(db, house.private, SOURCE)
        db.execute(f"attach ':memory:' as {BEFORE}; attach ':memory:' as fresh")
        for catalog, rows in ((BEFORE, old), ("fresh", new)):
            values = ", ".join(map(str, rows))
            db.execute(
                f"create schema {catalog}.marts; create table {catalog}.marts.dq_distributions as "
                "select 'fct_appointments' as table_name, 'c' || number as column_name, "
                "'newest' as scope, 'v' || value as value, events "
                f"from (values {values}) as t (number, value, events)"
            )
        db.execute("create schema fresh.reference")
        db.execute(
            "create table fresh.reference.publish_limits as select * replace (0 as most_change) "
            f"from {SOURCE}.reference.publish_limits"
        )
        db.execute(f"detach {SOURCE}; attach ':memory:' as {SOURCE}")
        db.execute(f"copy from database fresh to {SOURCE}")
        drift.measure_drift(db, ROWS, ROWS)
        measures, beyond, warned = db.execute(
            "select count(*), count(*) filter (change > 0.25), count(*) filter (is_warning) "
            "from drift where measure = 'psi'"
        ).fetchone()
    assert measures > 1950
    assert beyond > 200, "the usual reading alone would warn so often"
    assert warned <= 4, "even with no limit of the index"


def test_warnings_are_in_one_line_with_numbers():
    warning = drift.Drift("t", "c", "newest", "rows_of_value", "v", 10, 25, 1.5, 0.5)
    assert str(warning) == (
        "drift in t.c of the newest 28 days: 10 rows of v before, 25 now "
        "(+150 % against the other rows, warned of from 50 %)"
    )
    assert str(replace(warning, column_name="", scope="all", measure="rows", value="")) == (
        "drift in t: 10 rows before, 25 now (+150 %, warned of from 50 %)"
    )


def test_many_warnings_are_counted(house, monkeypatch, capsys):  # noqa: F811
    publish.main([])
    warning = drift.Drift("t", "c", "all", "psi", "", 10, 25, 0.5, 0.1)
    real = drift.measure_drift
    monkeypatch.setattr(drift, "measure_drift", lambda *a: real(*a) + [warning] * 25)
    publish.main([])
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 21
    assert lines[-1] == "wardhouse: drift: 5 more warnings, in ledger.drift"


def test_a_build_without_distributions_is_compared_by_rows(house):  # noqa: F811
    publish.main([])
    publish.main([])
    with duckdb.connect(str(house.target), read_only=True) as db:
        measures = db.execute("select distinct measure, scope from ledger.drift").fetchall()
    assert measures == [("rows", "all")]
