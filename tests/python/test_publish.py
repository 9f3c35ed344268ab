"""The publish step: only green builds, nothing lost in the copy, readers never in between.

Usage: pytest tests/python/test_publish.py

Every test works on small real databases in its own folder; readers, writers and killed publishes
are real processes.
"""

import os
import resource
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

import publish
import shareable
from house import (
    EMPTY,
    EVENTS,
    PLACES,
    RULES,
    SECRET,
    UNICODE,
    House,
    open_in_another_process,
)
from settings import UserError
from small_project import SmallProject


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A built and published house, made once and copied for each test."""
    house = House(tmp_path_factory.mktemp("template"))
    house.build()
    assert house.run().returncode == 0
    return house


@pytest.fixture
def house(template, tmp_path, monkeypatch):
    """A house whose build is ready to be published for the first time."""
    house = House(tmp_path)
    house.private.parent.mkdir()
    shutil.copyfile(template.private, house.private)
    for name in ("WARDHOUSE_BUILD_DIR", "WARDHOUSE_WAREHOUSE"):
        monkeypatch.setenv(name, house.environment[name])
    return house


@pytest.fixture
def published(template, house):
    """A house whose build was published before."""
    house.target.parent.mkdir()
    shutil.copyfile(template.target, house.target)
    return house


def refusal(house: House) -> str:
    """The one line with which a publish is refused; the published file stays as it was."""
    before = house.state() if house.target.exists() else None
    with pytest.raises(UserError) as caught:
        publish.main([])
    assert (house.state() if house.target.exists() else None) == before
    if house.target.parent.is_dir():
        assert house.leftovers() == []
    text = str(caught.value)
    assert "\n" not in text
    assert text.count("; ") == 1, "what and where; what to do"
    return text


def everything(path: Path) -> dict[str, list]:
    """Catalog and rows (in order) of the marts, read without the code under test."""
    with duckdb.connect(str(path), read_only=True) as db:
        found = {}
        for view, order in (
            ("tables", "table_name"),
            ("columns", "table_name, column_index"),
            ("constraints", "table_name, constraint_index"),
        ):
            db.execute(
                f"select * exclude (database_name) from duckdb_{view}() "
                f"where schema_name = 'marts' order by {order}"
            )
            names = [column[0] for column in db.description]
            # the index counts over the whole file, and the published one has a ledger as well
            number = ("oid", "constraint_index")
            keep = [i for i, name in enumerate(names) if not name.endswith(number)]
            found[view] = [[row[i] for i in keep] for row in db.fetchall()]
        for (name,) in db.execute(
            "select table_name from duckdb_tables() where schema_name = 'marts'"
        ).fetchall():
            found[name] = db.execute(
                f"select cast(columns(*) as varchar) from marts.{name}"
            ).fetchall()
        return found


# --- what is published ---------------------------------------------------------------------------


def test_the_copy_is_the_marts_and_nothing_else(house, capfd):
    assert publish.main([]) == 0
    output = capfd.readouterr()
    assert output.out == (
        f"published 4 tables, 3,003 rows to {house.target} as publish 1\n"
        f"shareable edition: 2 tables, 0 of 0 cells hidden, {shareable.beside(house.target)}\n"
    )
    assert output.err == ""

    published = everything(house.target)
    assert published == everything(house.private)
    assert len(published[EVENTS]) == 3000
    assert any(UNICODE in row for row in published["tables"])
    assert sum(UNICODE in row for row in published["columns"]) == 1
    kinds = [kind for row in published["constraints"] for kind in row if kind]
    assert {"NOT NULL", "CHECK", "PRIMARY KEY"} <= {k for k in kinds if isinstance(k, str)}

    with duckdb.connect(str(house.target), read_only=True) as db:
        assert db.execute("select current_database()").fetchone() == ("wardhouse",)
        assert db.execute(
            "select distinct schema_name from duckdb_tables() union all "
            "select view_name from duckdb_views() where not internal order by 1"
        ).fetchall() == [("ledger",), ("marts",)]
    assert SECRET.encode() not in house.target.read_bytes()
    assert SECRET.encode() in house.private.read_bytes()


def test_rows_keep_their_order(house):
    # More than two row groups, so that two threads could write them in another order.
    house.change(
        "create table marts.dim_payers as select range a from range(300000) order by hash(a)"
    )
    publish.main([])
    before, after = (
        duckdb.connect(str(path), read_only=True).execute("from marts.dim_payers").fetchnumpy()["a"]
        for path in (house.private, house.target)
    )
    assert (before == after).all()
    assert (before != sorted(before)).any()


def test_constraints_of_the_copy_are_alive(house):
    publish.main([])
    with duckdb.connect(str(house.target)) as db:
        for column, value in (("row_number", -1), ("version", "null"), ("ratio", 1.5)):
            with pytest.raises(duckdb.ConstraintException):
                db.execute(f"update marts.{EVENTS} set {column} = {value}")


def test_file_modes_and_nothing_left(house):
    before = os.umask(0o022)
    try:
        publish.main([])
    finally:
        os.umask(before)
    assert stat.S_IMODE(house.target.stat().st_mode) == 0o644
    assert house.leftovers() == []


def test_the_temporary_folder_is_private_and_beside_the_target(house, monkeypatch):
    seen = []

    def spy(connection, path, *rest):
        seen.append((path, stat.S_IMODE(path.parent.stat().st_mode)))
        return real(connection, path, *rest)

    real = publish.make_copy
    monkeypatch.setattr(publish, "make_copy", spy)
    publish.main([])
    ((path, mode),) = seen
    assert (path.name, path.parent.parent, mode) == (house.target.name, house.target.parent, 0o700)


def test_two_publishes_of_one_build_have_equal_content(house):
    publish.main([])
    first = everything(house.target)
    publish.main([])
    assert everything(house.target) == first


def test_a_link_keeps_pointing_to_the_published_file(house, monkeypatch, tmp_path):
    link = tmp_path / "link.duckdb"
    link.symlink_to(house.target)
    monkeypatch.setenv("WARDHOUSE_WAREHOUSE", str(link))
    publish.main([])
    assert link.is_symlink()
    assert house.version() == 1


def test_a_table_that_no_model_makes_is_left_out(house, capsys):
    house.change("create table marts.kpi_of_a_deleted_model as select 1 as version")
    publish.main([])
    output = capsys.readouterr()
    assert output.out.startswith("published 4 tables")
    assert "left out, because no model makes it: marts.kpi_of_a_deleted_model" in output.err
    assert "kpi_of_a_deleted_model" not in everything(house.target)


def test_a_build_still_in_the_write_ahead_log_is_published(house):
    code = (
        "import duckdb, os, sys\n"
        "db = duckdb.connect(sys.argv[1])\n"
        f"db.execute('update marts.{EVENTS} set version = 2')\n"
        f"db.execute('update marts.{PLACES} set version = 2')\n"
        "os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code, str(house.private)], check=False)
    assert Path(f"{house.private}.wal").exists()
    publish.main([])
    assert house.version() == 2


# --- what is refused -----------------------------------------------------------------------------

BREACH = f"""
    insert into marts.{RULES} values
        ('rejected_unusable_date', 'hospital_ops', 'appointments', 'rejected', 'unusable_date',
         12000, 3000, 0.25, 0.02, 5, 'breach', 'the date format is wrong'),
        ('repaired_orphan', 'hospital_ops', 'billing', 'repaired', 'orphan',
         8000, 481, 0.060125, 0.05, 10, 'breach', 'a file is missing')
"""
BAD_BUILDS = {
    "killed": ({"status": "started"}, ["did not finish"]),
    "killed before its first table": ({"status": "started", "is_complete": False}, ["finish"]),
    "partial": ({"is_complete": False}, ["partial", "--select"]),
    "run": ({"command": "run"}, ["dbt run, which runs no tests"]),
    "seed": ({"command": "seed", "is_complete": False}, ["dbt seed"]),
    "failed": (
        {"status": "failed", "failures": "unique_key_a (fail), kpi_b (error), kpi_c (skipped)"},
        ["unique_key_a (fail), kpi_b (error), 1 skipped"],
    ),
    "many failed": (
        {"status": "failed", "failures": ", ".join(f"test_{i} (fail)" for i in range(40))},
        ["test_4 (fail) and 35 more"],
    ),
    "an odd name": ({"status": "failed", "failures": "a\nb (fail)"}, ["a b (fail)"]),
    "nothing named": ({"status": "failed", "failures": ""}, ["no test is named"]),
}


@pytest.mark.parametrize("name", BAD_BUILDS)
def test_a_build_that_is_not_complete_and_green_is_refused(published, name):
    values, words = BAD_BUILDS[name]
    published.set_version(2)
    published.set_build(**values)
    text = refusal(published)
    for word in [*words, "; ", "run dbt build", str(published.private)]:
        assert word in text


def test_a_breach_is_named_with_its_numbers(published):
    published.change(BREACH)
    published.set_build(status="failed", failures="no_rule_breached (fail), kpi_a (skipped)")
    text = refusal(published)
    assert "rejected_unusable_date in hospital_ops/appointments" in text
    assert "3,000 of 12,000 rows (25 %, threshold 2 %)" in text
    assert "repaired_orphan in hospital_ops/billing: 481 of 8,000 rows (6.013 %, thresh" in text
    assert "no_rule_breached (fail), 1 skipped" in text
    assert "; the date format is wrong (rows: marts.dq_rejected_rows there)" in text


def test_a_breach_is_refused_even_when_no_test_failed(house):
    house.change(BREACH)
    assert "2 data-quality rules are breached" in refusal(house)


def test_an_older_breach_is_not_blamed_for_another_failure(house):
    house.change(BREACH)
    house.set_build(status="failed", failures="dq_rule_results (skipped), stg_a (error)")
    text = refusal(house)
    assert "stg_a (error)" in text
    assert "rejected_unusable_date" not in text


@pytest.mark.parametrize(
    ("change", "words"),
    {
        "no record": ("drop table private.last_build", "no build is recorded"),
        "empty record": ("delete from private.last_build", "no build is recorded"),
        "no rule results": (f"drop table marts.{RULES}", "dq_rule_results"),
        "a view": ("create view marts.dim_dates as select 1 as a", "views cannot be published"),
        "e-mail": (f'alter table marts.{PLACES} add column "E-Mail" text', "dim_facilities.E-Mail"),
        "birth": (f"alter table marts.{PLACES} add column dateOfBirth date", ".dateOfBirth"),
    }.values(),
    ids=["no record", "empty record", "no rule results", "a view", "e-mail", "birth"],
)
def test_a_private_database_in_a_bad_state_is_refused(published, change, words):
    published.change(change)
    assert words in refusal(published)


def test_a_missing_private_database_is_refused(published):
    published.private.unlink()
    assert "no private database" in refusal(published)


@pytest.mark.parametrize("keep", [0, 4000, 300_000])
def test_a_damaged_private_database_is_refused(published, keep):
    published.private.write_bytes(published.private.read_bytes()[:keep])
    refusal(published)


def test_one_line_and_exit_code_2_while_a_build_runs(published):
    before = published.state()
    with open_in_another_process(published.private, read_only=False) as build:
        result = published.run()
        build.stdin.close()
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("wardhouse: the private database is in use")
    assert result.stderr.count("\n") == 1
    assert f"PID {build.pid}" in result.stderr
    assert published.state() == before


def test_a_second_publish_is_refused(published):
    with publish.publish_lock(published.target.parent):
        assert "this process itself" in refusal(published)
    assert publish.main([]) == 0


def test_only_a_database_is_replaced(house, monkeypatch):
    house.target.parent.mkdir()
    house.target.write_text("the minutes of the last meeting")
    assert "not a DuckDB database" in refusal(house)
    monkeypatch.setenv("WARDHOUSE_WAREHOUSE", str(house.private))
    before = house.private.read_bytes()
    with pytest.raises(UserError, match="is the private database"):
        publish.main([])
    assert house.private.read_bytes() == before
    monkeypatch.setenv("WARDHOUSE_WAREHOUSE", str(house.target / "below" / "a.duckdb"))
    with pytest.raises(UserError, match="cannot write"):
        publish.main([])


# --- the audit -----------------------------------------------------------------------------------

TAMPERED = {
    "a row lost": (f"delete from marts.{EVENTS} where row_number = 7", f"rows of {EVENTS}"),
    "a row twice": (
        f"insert into marts.{EVENTS} from marts.{EVENTS} where row_number = 7",
        "(3,001 against 3,000)",
    ),
    "a value": (f"update marts.{EVENTS} set amount = 0.01 where row_number = 0", "values of"),
    "a value to null": (
        f'update marts.{EVENTS} set "group" = null where row_number = 9',
        "values of",
    ),
    "two values swapped": (
        f"update marts.{EVENTS} set row_number = 5 - row_number where row_number in (2, 3)",
        "values of",
    ),
    "a table comment": (f"comment on table marts.{EVENTS} is null", f"comment of {EVENTS}"),
    "a column comment": (f"comment on column marts.{EMPTY}.bill_key is null", "columns of fct_b"),
    "a constraint": (
        f"alter table marts.{EMPTY} alter bill_key drop not null",
        f"constraints of {EMPTY}",
    ),
    "a direct column": (f"alter table marts.{PLACES} add column email text", ".email, copy"),
    "a column lost": (f"alter table marts.{RULES} drop column reason", f"columns of {RULES}"),
    "a type": (f"alter table marts.{PLACES} alter version type bigint", f"columns of {PLACES}"),
    "a table lost": (f"drop table marts.{EMPTY}", f"table {EMPTY}"),
    "a table more": ("create table marts.notes as select 1 as a", "table notes"),
    "a schema": ("create schema staging", "schema staging is in the copy only"),
    "a table in main": ("create table main.t as select 1 as a", "table t is in the copy only"),
    "a view": ("create view marts.v as select 1 as a", "view v is in the copy only"),
    "a macro": ("create macro marts.f() as 1", "function f is in the copy only"),
    "a sequence": ("create sequence marts.s", "sequence s is in the copy only"),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_a_copy_that_differs_is_refused(published, monkeypatch, name):
    change, words = TAMPERED[name]
    real = publish.make_copy

    def tampered(connection, path, *rest):
        real(connection, path, *rest)
        with duckdb.connect(str(path)) as db:
            db.execute(change)

    monkeypatch.setattr(publish, "make_copy", tampered)
    assert words in refusal(published)


# --- readers and writers -------------------------------------------------------------------------


def test_a_publish_never_writes_into_the_published_file(published, tmp_path):
    old = tmp_path / "a second name of the old file"
    os.link(published.target, old)
    before = old.read_bytes()
    published.set_version(2)
    publish.main([])
    assert old.read_bytes() == before
    assert published.version() == 2


def test_a_reader_keeps_the_old_file_and_a_new_one_sees_the_new(published):
    with open_in_another_process(published.target, read_only=True) as reader:
        published.set_version(2)
        publish.main([])
        with open_in_another_process(published.target, read_only=True) as later:
            for process, seen in ((reader, "1.0 1.0 1.0\n"), (later, "2.0 2.0 2.0\n")):
                process.stdin.write("look\n")
                process.stdin.flush()
                assert process.stdout.readline() == seen
            later.stdin.close()
        reader.stdin.close()


def test_a_publish_is_refused_while_a_writer_has_the_published_file(published):
    with open_in_another_process(published.target, read_only=False) as writer:
        assert "open for writing" in refusal(published)
        writer.stdin.close()
    assert publish.main([]) == 0


def test_the_log_of_a_killed_writer_is_not_replayed_into_the_new_file(published):
    code = (
        "import duckdb, os, sys\n"
        "db = duckdb.connect(sys.argv[1])\n"
        f"db.execute(\"insert into marts.{PLACES} values ('scratch', 99)\")\n"
        "os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code, str(published.target)], check=False)
    assert Path(f"{published.target}.wal").exists()
    published.set_version(2)
    publish.main([])
    assert published.version() == 2
    assert published.leftovers() == []


# --- interruptions -------------------------------------------------------------------------------

KILL = "os.kill(os.getpid(), signal.SIGKILL)"
KILL_POINTS = {
    "in the copy": (f"publish.literal = lambda text: text and {KILL}", 1),
    "before the audit": (f"publish.audit = lambda *_: {KILL}", 1),
    "before the swap": (f"publish.swap = lambda *_: {KILL}", 1),
    "after the swap": (
        f"sync = publish.sync; publish.sync = lambda p: {KILL} if p.is_dir() else sync(p)",
        2,
    ),
}


@pytest.mark.parametrize("name", KILL_POINTS)
def test_a_kill_at_a_chosen_point_leaves_a_whole_file(published, name):
    published.set_version(2)
    code, expected = KILL_POINTS[name]
    assert published.run(code).returncode == -signal.SIGKILL
    assert published.version() == expected
    publish.main([])
    assert (published.version(), published.leftovers()) == (2, [])


LONG_QUERY = "create table t as select md5(cast(range as text)) as a from range(1000000000)"
WAITS = {
    "in Python": "publish.audit = lambda *_: time.sleep(60)",
    "in a query": f"publish.make_copy = lambda db, *_: db.execute('{LONG_QUERY}')",
}


@pytest.mark.parametrize("where", WAITS)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stopped_publish_cleans_up(published, number, where):
    before = published.state()
    # a run in the background has the keyboard's signal ignored from the start
    listening = "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
    process = published.start(listening + WAITS[where])
    time.sleep(0.2)
    process.send_signal(number)
    try:
        output, errors = process.communicate(timeout=20)
    finally:
        process.kill()
    assert (process.returncode, output) == (128 + number, "")
    assert errors.startswith(f"wardhouse: stopped by {number.name}")
    assert errors.count("\n") == 1
    assert (published.state(), published.leftovers()) == (before, [])


def test_a_signal_whose_exception_is_lost_still_stops_the_publish(published):
    before = published.state()
    code = """
attach = publish.attach_private
def lost(*arguments):
    attach(*arguments)
    try:
        os.kill(os.getpid(), signal.SIGTERM)
    except BaseException:
        pass
publish.attach_private = lost
"""
    result = published.run(code)
    assert result.returncode == 128 + signal.SIGTERM
    assert result.stderr.startswith("wardhouse: stopped by SIGTERM")
    assert (published.state(), published.leftovers()) == (before, [])


def test_a_signal_in_the_swap_comes_too_late(published):
    published.set_version(2)
    code = (
        "swap = publish.swap\n"
        "publish.swap = lambda *a: (os.kill(os.getpid(), signal.SIGTERM), swap(*a))"
    )
    result = published.run(code)
    assert (result.returncode, result.stderr) == (0, "")
    assert (published.version(), published.leftovers()) == (2, [])


@pytest.mark.parametrize("size", [100_000, 2_000_000])
def test_a_full_disk_is_one_line(house, size):
    house.build(rows=30_000)
    publish.main([])
    before = house.state()
    assert house.target.stat().st_size > size
    result = house.run(
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)),
    )
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("wardhouse: no room for the copy")
    assert result.stderr.count("\n") == 1
    assert (house.state(), house.leftovers()) == (before, [])


# --- after the swap ------------------------------------------------------------------------------


def test_what_fails_after_the_swap_is_said_and_published(published, monkeypatch, capsys):
    published.set_version(2)
    monkeypatch.setattr(publish.history, "forget", Failing("forget"))
    assert publish.main([]) == 0
    assert published.version() == 2
    assert "published, but not finished (forget)" in capsys.readouterr().err


def test_a_signal_after_the_swap_comes_too_late(published, monkeypatch, capsys):
    published.set_version(2)
    real = publish.say

    def interrupted(*arguments: object) -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        real(*arguments)

    monkeypatch.setattr(publish, "say", interrupted)
    assert publish.main([]) == 0
    assert "published 4 tables" in capsys.readouterr().out
    assert published.version() == 2


def test_the_shareable_edition_replaces_only_a_database(published):
    beside = shareable.beside(published.target)
    beside.write_text("somebody's notes")
    assert "not a DuckDB database and not replaced" in refusal(published)
    assert beside.read_text() == "somebody's notes"


def test_demo_data_do_not_replace_own_data(published):
    published.set_build(data_set="own")
    assert publish.main([]) == 0
    published.set_build(data_set="demo")
    assert "the demo data would replace your own (publish 2)" in refusal(published)
    assert publish.main(["--accept-loss"]) == 0


def test_an_edition_that_is_not_safe_keeps_no_publish_back(published, monkeypatch, capsys):
    published.set_version(2)
    before = shareable.beside(published.target)
    monkeypatch.setattr(shareable, "hide", Failing("cells", publish.NotProtected))
    assert publish.main([]) == 0
    assert published.version() == 2
    assert "no shareable edition of this publish (cells)" in capsys.readouterr().err
    assert not before.exists()


def test_a_retry_is_no_complete_build(tmp_path):
    """It runs what had failed, on extracts that may have changed since."""
    project = SmallProject(tmp_path)
    model = project.root / "models" / "marts" / "dim_facilities.sql"
    sound = model.read_text()
    model.write_text("select error('broken') as facility_id, 1 as version")
    for command, code, text in (("build", 1, ""), ("retry", 0, sound)):
        model.write_text(text or model.read_text())
        with project.start_dbt(command) as process:
            process.communicate(timeout=300)
        assert process.returncode == code
    with project.start_script("publish.py") as process:
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 2 and "it was a dbt retry" in errors
    assert not project.target.exists()


class Failing:
    """A function that fails."""

    def __init__(self, text: str, kind: type[Exception] = OSError) -> None:
        """What it raises."""
        self.error = kind(text)

    def __call__(self, *_: object) -> None:
        """Fail."""
        raise self.error
