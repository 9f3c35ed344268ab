"""Damaged rows of every kind, in one build: each ends where it must, and the good rows are in."""

from __future__ import annotations

import random
from pathlib import Path

import duckdb
import pytest

import broken_rows as rows
from broken_row_cases import HOSTILE, all_cases
from conftest import WITHOUT_TESTS, WITHOUT_UNIT_TESTS, Build, publish, run_dbt

JUDGED = "intermediate.int_raw_rows_judged"


@pytest.fixture(scope="module")
def corpus(tmp_path_factory) -> tuple[Build, dict[tuple[str, str, int], rows.Planted]]:
    """All planted rows among good ones: one complete build for all tests."""
    folder = tmp_path_factory.mktemp("broken_rows")
    placed = rows.plant(folder / "raw", all_cases())
    build = run_dbt(folder, "build", *WITHOUT_UNIT_TESTS, raw_dir=folder / "raw")
    assert build.returncode == 0, build.output[-4000:]
    assert "Traceback" not in build.output
    return build, placed


def noted(build: Build, relation: str, value: str, where: str = "true") -> dict[tuple, set[str]]:
    """What a table of problems says of each raw row."""
    found: dict[tuple, set[str]] = {}
    for table, file, number, note in build.query(
        f"select source_table, source_file, row_number, {value} from {relation} where {where}"
    ):
        found.setdefault((table, file, number), set()).add(note)
    return found


def test_the_corpus_is_large_and_over_all_systems(corpus):
    _, placed = corpus
    assert len({row.case for row in placed.values()}) >= 80
    assert {row.system for row in placed.values()} == {system for system, _ in rows.GOOD_ROWS}
    assert {row.table for row in placed.values()} == {table for _, table in rows.GOOD_ROWS}


def test_every_planted_row_ends_where_it_must(corpus):
    build, placed = corpus
    ended = {
        key: (status, reason)
        for *key_parts, status, reason in build.query(
            f"select source_table, source_file, row_number, row_status, reject_reason from {JUDGED}"
        )
        if (key := tuple(key_parts)) in placed
    }
    wrong = [
        (row.case, key, ended.get(key), (row.status, row.reason))
        for key, row in placed.items()
        if ended.get(key) != (row.status, row.reason)
    ]
    assert not wrong, (len(wrong), wrong[:20])


def test_exactly_the_planted_values_are_repaired(corpus):
    build, placed = corpus
    repairs = noted(build, "dq_repairs", "column_name || ':' || reason", "reason != 'orphan'")
    orphans = noted(build, "dq_repairs", "column_name", "reason = 'orphan'")
    wrong = [
        (row.case, key, repairs.get(key), orphans.get(key))
        for key, row in placed.items()
        if repairs.get(key, set()) != row.repairs or orphans.get(key, set()) != row.orphans
    ]
    assert not wrong, (len(wrong), wrong[:20])
    assert not (repairs.keys() | orphans.keys()) - placed.keys()


def test_planted_rows_are_flagged(corpus):
    build, placed = corpus
    flags = noted(build, "dq_flagged_rows", "reason")
    wrong = [
        (row.case, key, flags.get(key))
        for key, row in placed.items()
        if not row.flags <= flags.get(key, set())
    ]
    assert not wrong, wrong[:20]


def test_what_was_read_is_what_was_meant(corpus):
    """A value in another spelling is the value, one that cannot be used is null."""
    build, placed = corpus
    wanted = {key: row for key, row in placed.items() if row.staged}
    assert len(wanted) > 200
    wrong = []
    for system, table in rows.GOOD_ROWS:
        staged = {
            (table, record["source_file"], record["row_number"]): record
            for record in build.records(f"select * from staging.stg_{system}__{table}")
        }
        for key, row in wanted.items():
            if (row.system, row.table) != (system, table):
                continue
            for column, value in row.staged.items():
                found = staged[key][column]
                same = (
                    str(found) == value
                    if isinstance(value, str)
                    else found is None
                    if value is None
                    else found is not None and float(found) == value
                )
                if not same:
                    wrong.append((row.case, key, row.values, column, found, value))
    assert not wrong, (len(wrong), wrong[:5])


def test_every_good_row_is_in_and_untouched(corpus):
    build, placed = corpus
    again = sum(row.file == rows.AGAIN_FILE for row in placed.values())
    assert build.query("select count(*) from dq_reconciliation where difference != 0") == [(0,)]
    good = build.query(
        f"select source_table, row_status, count(*) from {JUDGED}"
        f" where source_file like '%/{rows.GOOD_FILE}' group by all"
    )
    wanted = {table: len(found) for (_, table), found in rows.good_rows().items()}
    wanted["slots"] -= again
    assert dict((t, n) for t, status, n in good if status == "accepted") == wanted
    assert [g for g in good if g[1] != "accepted"] == [("slots", "superseded", again)]


def test_facts_hold_every_accepted_row(corpus):
    build, _ = corpus
    for table, fact in (
        ("appointments", "fct_appointments"),
        ("treatments", "fct_treatments"),
        ("billing", "fct_bills"),
        ("episodes", "fct_episodes"),
        ("cases", "fct_cancer_cases"),
        ("responses", "fct_team_survey_responses"),
    ):
        ((accepted,),) = build.query(
            f"select accepted_rows from dq_reconciliation where source_table = '{table}'"
        )
        assert build.query(f"select count(*) from {fact}") == [(accepted,)], fact


def test_hostile_text_stays_text_in_the_published_file(corpus):
    build, _ = corpus
    done = publish(build)
    assert done.returncode == 0, done.stderr
    with duckdb.connect(str(build.published), read_only=True) as connection:
        types = {
            name
            for (name,) in connection.execute(
                "select treatment_type from marts.dim_treatment_types"
            ).fetchall()
        }
        reasons = {
            name
            for (name,) in connection.execute(
                "select distinct reason from marts.fct_appointments"
            ).fetchall()
        }
        ids = connection.execute(
            "select facility_id from marts.dim_facilities group by all having count(*) > 1"
        ).fetchall()
    shown = {kind: text for kind, text in HOSTILE.items() if kind not in ("emoji", "right to left")}
    assert set(shown.values()) <= types
    assert set(shown.values()) <= reasons
    # an accent as a character of its own is joined to its letter; direction marks at the ends go
    assert "🏥👩‍⚕️ \u00e9 💊" in types and "gnp.exe مستشفى" in types
    assert not ids


def test_names_in_other_letters_are_facilities_of_their_own(corpus):
    """No two names share an id because their letters leave no trace in it."""
    build, _ = corpus
    ids = dict(build.query("select name, facility_id from dim_facilities"))
    assert ids["gnp.exe مستشفى"].startswith("care_episodes.gnp_exe_") or ids[
        "gnp.exe مستشفى"
    ].startswith("cancer_registry.gnp_exe_")
    unknown = build.query(
        "select count(*) from staging.stg_care_episodes__episodes"
        " where facility_id = 'unknown' and facility_name != 'unknown'"
    )
    assert unknown == [(0,)]
