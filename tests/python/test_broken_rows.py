"""Damaged rows of every kind, in one build: each ends where it must, and the good rows are in."""

from __future__ import annotations

import random
import re
from pathlib import Path

import duckdb
import pytest

import broken_rows as rows
from broken_row_cases import all_cases
from broken_row_texts import HOSTILE
from conftest import WITHOUT_TESTS, WITHOUT_UNIT_TESTS, Build, publish, run_dbt

JUDGED = "intermediate.int_raw_rows_judged"


Corpus = tuple[Build, dict[tuple[str, str, int], rows.Planted]]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory) -> Corpus:
    """All planted rows among good ones: one build for all tests."""
    folder = tmp_path_factory.mktemp("broken_rows")
    placed = rows.plant(folder / "raw", all_cases())
    build = run_dbt(folder, "build", *WITHOUT_TESTS, raw_dir=folder / "raw")
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


def test_hostile_text_stays_text(corpus):
    build, _ = corpus
    types = {name for (name,) in build.query("select treatment_type from dim_treatment_types")}
    reasons = {name for (name,) in build.query("select distinct reason from fct_appointments")}
    shown = {kind: text for kind, text in HOSTILE.items() if kind not in ("emoji", "right to left")}
    assert set(shown.values()) <= types
    assert set(shown.values()) <= reasons
    # an accent as a character of its own is joined to its letter; direction marks at the ends go
    assert "🏥👩\u200d⚕️ \u00e9 💊" in types and "gnp.exe مستشفى" in types
    ids = "select facility_id from dim_facilities group by all having count(*) > 1"
    assert build.query(ids) == []


def test_names_in_other_letters_are_facilities_of_their_own(corpus):
    """No two names share an id because their letters leave no trace in it."""
    build, _ = corpus
    named = "select facility_id from dim_facilities where name = 'gnp.exe مستشفى'"
    ids = [facility_id for (facility_id,) in build.query(named)]
    assert any(facility_id.startswith("care_episodes.gnp_exe_") for facility_id in ids), ids
    # one for each system that uses the name, and the same mark in all of them
    assert len({facility_id.split(".")[0] for facility_id in ids}) == len(ids)
    assert len({facility_id.split(".")[1] for facility_id in ids}) == 1
    unknown = build.query(
        "select count(*) from staging.stg_care_episodes__episodes"
        " where facility_id = 'unknown' and facility_name != 'unknown'"
    )
    assert unknown == [(0,)]


# The long trials: complete builds, published or refused


def complete(folder: Path) -> tuple[Build, str]:
    """A build with its data tests, then the publish: what it said when it refused, else nothing.

    Data may breach a rule and nothing else: no model and no other test fails.
    """
    build = run_dbt(folder, "build", *WITHOUT_UNIT_TESTS, raw_dir=folder / "raw")
    assert "Traceback" not in build.output
    failures = [
        line for line in build.output.splitlines() if re.search(r"\d (FAIL|ERROR|SKIP) ", line)
    ]
    assert not [line for line in failures if "no_rule_is_breached" not in line], failures
    assert build.query("select source_table from dq_reconciliation where difference != 0") == []
    build.published.parent.mkdir(parents=True)
    build.published.write_bytes(b"")
    done = publish(build)
    assert "Traceback" not in done.stderr
    if done.returncode == 0:
        assert not failures
        return build, ""
    assert done.returncode == 2, done.stderr
    assert build.published.read_bytes() == b""
    if not failures:  # the marts are sound, but hold what names a person
        return build, done.stderr
    breached = build.query(
        "select rule_id, source_table from dq_rule_results where status = 'breach'"
    )
    assert breached
    # the line names the first few, and how many there are
    assert f"{len(breached)} data-quality rule" in done.stderr
    assert any(rule in done.stderr and table in done.stderr for rule, table in breached)
    assert re.search(r"\d+ of [\d,]+|threshold", done.stderr)
    return build, done.stderr


@pytest.mark.soak
def test_the_corpus_is_published_with_its_hostile_text(tmp_path):
    """What stands in rows of patients and doctors too would name a person: see the next test."""
    cases = [row for row in all_cases() if row.table not in ("patients", "doctors")]
    rows.plant(tmp_path / "raw", cases)
    build, refusal = complete(tmp_path)
    assert not refusal
    with duckdb.connect(str(build.published), read_only=True) as connection:
        found = connection.execute("select treatment_type from marts.dim_treatment_types")
        assert HOSTILE["SQL"] in {name for (name,) in found.fetchall()}


@pytest.mark.soak
def test_a_category_that_is_a_persons_name_too_is_refused(tmp_path):
    """The whole corpus has the same hostile texts as names of patients and as departments."""
    rows.plant(tmp_path / "raw", all_cases())
    _, refusal = complete(tmp_path)
    assert "direct identifiers would be published" in refusal
    assert "marts.dim_departments.name (" in refusal and ", private database; take" in refusal


@pytest.mark.soak
def test_days_first_read_as_months_first_are_refused(tmp_path):
    """Half of the days cannot be months: the rule says so, with its numbers."""
    rows.plant(tmp_path / "raw", [])
    for path in (tmp_path / "raw" / "hospital_ops").glob("*/*.csv"):
        path.write_text(re.sub(r"\b(20\d\d)-(\d\d)-(\d\d)\b", r"\3/\2/\1", path.read_text()))
    (tmp_path / "raw" / "wardhouse.yml").write_text("date_formats: {hospital_ops: mdy}\n")
    _, refusal = complete(tmp_path)
    assert "rejected_unusable_date in hospital_ops/appointments" in refusal
    assert "threshold 2 %" in refusal


@pytest.mark.soak
def test_nothing_usable_at_all_is_refused(tmp_path):
    """Every row of every table has lost its key."""
    folder = tmp_path / "raw"
    for (system, table), good in rows.good_rows().items():
        key = rows.KEYS.get(table)
        lost = {key: "#REF!"} if key else {"doctor_id": "?", "facility": "?"}
        if table == "episodes":
            lost["patient_id"] = "?"
        header = rows.header_of(system, table)
        gone = [{c: t for c, t in (row | lost).items() if c in header} for row in good]
        rows.write_rows(folder / system / table / "all.csv", header, gone)
    build, refusal = complete(tmp_path)
    assert build.query(
        "select sum(accepted_rows), sum(superseded_rows) from dq_reconciliation"
    ) == [(0, 0)]
    assert refusal.count("rejected_missing_key") >= 1


def texts() -> list[str]:
    """Everything that the corpus writes anywhere, and some more."""
    written = {
        text for row in all_cases() for text in row.values.values() if text and len(text) < 1000
    }
    return [*sorted(written), "", " ", "\x01", "𝟙𝟚", "١٢/٠٣/٢٠٢٤"]


def mutated(text: str, pool: list[str], chance: random.Random) -> str:
    """A text after one random accident."""
    place = chance.randrange(len(text) + 1)
    return chance.choice(
        [
            lambda: chance.choice(pool),
            lambda: text[:place] + chance.choice(pool) + text[place:],
            lambda: text[:place] + text[place + 1 :],
            lambda: (
                text[:place]
                + chr(chance.choice([9, 160, 8203, 8238, 769, 1072, 65296]))
                + text[place:]
            ),
            lambda: text[::-1],
            lambda: text * chance.randrange(2, 30),
            lambda: text.swapcase(),
            lambda: "".join(chr(chance.randrange(0x20, 0x2FFF)) for _ in range(12)),
        ]
    )()


@pytest.mark.soak
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_random_damage_of_random_rows(tmp_path, seed):
    """A thousand rows, a random cell or two of each: nothing is lost, good rows are untouched."""
    chance = random.Random(seed)
    pool = texts()
    good = rows.good_rows()
    places = [(table, n) for table, found in good.items() for n in range(len(found))]
    # small tables bear as large a share of the damage as large ones
    hit = set(chance.sample(places, 1000))
    for (system, table), found in good.items():
        written = []
        for number, row in enumerate(found):
            row = dict(row)
            for _ in range(
                chance.choice([1, 1, 1, 2, 5]) if ((system, table), number) in hit else 0
            ):
                column = chance.choice(list(row))
                row[column] = mutated(row[column], pool, chance)
            written.append(row)
        path = tmp_path / "raw" / system / table / rows.GOOD_FILE
        rows.write_rows(path, rows.header_of(system, table), written)
    build, refusal = complete(tmp_path)
    assert len(hit) == 1000
    for (system, table), found in good.items():
        untouched = {n + 1 for n in range(len(found)) if ((system, table), n) not in hit}
        judged = build.query(
            f"select row_number, row_status, repairs from {JUDGED} where source_system = '{system}'"
            f" and source_table = '{table}'"
        )
        assert len(judged) == len(found)
        lost = [row for row in judged if row[0] in untouched and row[1] == "rejected" or row[2]]
        lost = [row for row in lost if row[0] in untouched]
        assert not lost, (table, lost[:5], refusal)
        superseded = [row for row in judged if row[0] in untouched and row[1] == "superseded"]
        assert len(superseded) <= len(hit) // 20, (table, superseded[:5])
