"""The ledger and the kept publishes: nothing published is forgotten, and one command goes back.

Usage: pytest tests/python/test_publish_history.py

Small real databases as in test_publish.py; the demo's published file proves the whole of it.
"""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
from pathlib import Path

import duckdb
import pytest

import publish
import publish_copy
import publish_ledger as ledger
from settings import UserError
from test_publish import (  # noqa: F401
    EMPTY,
    EVENTS,
    PLACES,
    RULES,
    House,
    everything,
    house,
    open_in_another_process,
    published,
    refusal,
    template,
)

KPIS = """
    create table marts.kpi_values_monthly (
        kpi_id varchar, source_system varchar, facility_id varchar, department_id varchar,
        month date, numerator double, denominator double, value double, is_reportable boolean
    );
    insert into marts.kpi_values_monthly
    select 'K' || kpi, 's', 'all', 'all', date '2024-01-01' + to_months(cast(month as integer)),
        kpi, 10, kpi / 10, true
    from range(1, 4) as kpis (kpi), range(6) as months (month)
"""


def rows(path: Path, sql: str) -> list[tuple]:
    """Rows of a query on a published file."""
    with duckdb.connect(str(path), read_only=True) as db:
        return db.execute(sql).fetchall()


def publishes(house: House) -> list[dict]:  # noqa: F811
    """The ledger's publishes, oldest first."""
    with duckdb.connect(str(house.target), read_only=True) as db:
        result = db.execute("from ledger.publishes order by publish_number")
        names = [column[0] for column in result.description]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def kept(house: House) -> list[str]:  # noqa: F811
    """Names in the history folder."""
    folder = house.target.parent / "history"
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def publish_versions(house: House, *versions: int) -> None:  # noqa: F811
    """One publish of each version."""
    for version in versions:
        house.set_version(version)
        assert publish.main([]) == 0


def refused(*arguments: str) -> str:
    """The one line of a command that is refused."""
    with pytest.raises(UserError) as caught:
        publish.main(list(arguments))
    text = str(caught.value)
    assert "\n" not in text
    assert text.count("; ") == 1, "what and where; what to do"
    return text


# --- the ledger ----------------------------------------------------------------------------------


def test_every_publish_has_a_row(house):  # noqa: F811
    publish_versions(house, 1, 2)
    house.set_build(invocation_id="id-2")
    publish_versions(house, 3)
    first, second, third = publishes(house)
    assert [row["publish_number"] for row in (first, second, third)] == [1, 2, 3]
    assert first["published_at"] < second["published_at"] < third["published_at"]
    assert [row["build_id"] for row in (first, second, third)] == ["id-1", "id-1", "id-2"]
    assert {row["kind"] for row in (first, second, third)} == {"publish"}
    assert (third["data_set"], third["table_count"], third["row_count"]) == ("demo", 4, 3003)
    assert [row["compared_with"] for row in (first, second, third)] == [None, 1, 2]
    assert len({row["content_hash"] for row in (first, second, third)}) == 3
    assert third["duckdb_version"] == duckdb.__version__
    assert rows(house.target, "select table_name, row_count from ledger.published_tables") == [
        (PLACES, 2),
        (RULES, 1),
        (EVENTS, 3000),
        (EMPTY, 0),
    ]


def test_tables_and_columns_of_the_ledger_are_described(house):  # noqa: F811
    publish.main([])
    found = rows(
        house.target,
        "select table_name, comment from duckdb_tables() where schema_name = 'ledger' union all "
        "select column_name, comment from duckdb_columns() where schema_name = 'ledger'",
    )
    assert len(found) == 4 + 14 + 3 + 14 + 11
    assert all(comment and len(comment) > 8 for _, comment in found)


def test_equal_content_has_an_equal_hash_and_other_content_another(house):  # noqa: F811
    publish.main([])
    hashes = [publishes(house)[-1]["content_hash"]]
    # the same rows in another order, and the same once more
    house.change(
        f"create table marts.x as from marts.{EVENTS} order by row_number;"
        f"delete from marts.{EVENTS}; insert into marts.{EVENTS} from marts.x; drop table marts.x"
    )
    publish.main([])
    publish.main([])
    changes = (
        f"update marts.{EVENTS} set ratio = ratio + 1e-16 where row_number = 2990",
        f"update marts.{EVENTS} set raw = null where row_number = 7",
        f"delete from marts.{EVENTS} where row_number = 7",
        f"alter table marts.{PLACES} alter version type bigint",
        f"alter table marts.{EMPTY} rename bill_key to key_of_bill",
    )
    hashes += [publishes(house)[-1]["content_hash"]]
    assert publishes(house)[-2]["content_hash"] == hashes[0] == hashes[1]
    for change in changes:
        house.change(change)
        publish.main([])
        hashes.append(publishes(house)[-1]["content_hash"])
    assert len(set(hashes)) == 1 + len(changes)


def test_an_identical_build_is_a_row_without_changes(house):  # noqa: F811
    house.change(KPIS)
    publish_versions(house, 1, 1)
    assert [row["publish_number"] for row in publishes(house)] == [1, 2]
    assert rows(house.target, "from ledger.kpi_changes") == []
    assert kept(house) == []  # the content is there already


def test_the_ledger_survives_the_published_file(house):  # noqa: F811
    publish_versions(house, 1, 2, 3)
    house.target.unlink()
    publish_versions(house, 4)
    # the third was lost with the file; its number is free, as nobody can know of it
    assert [row["publish_number"] for row in publishes(house)] == [1, 2, 3]
    assert publishes(house)[-1]["compared_with"] is None
    assert house.version() == 4


def test_an_older_file_put_back_by_hand_keeps_the_numbers(house):  # noqa: F811
    publish_versions(house, 1, 2, 3, 4)
    shutil.copyfile(house.target.parent / "history" / "wardhouse-1.duckdb", house.target)
    publish_versions(house, 5)
    assert [row["publish_number"] for row in publishes(house)] == [1, 2, 3, 4]
    assert publishes(house)[-1]["compared_with"] == 1


def test_a_damaged_published_file_is_replaced_and_nothing_compared(house, capsys):  # noqa: F811
    house.change(KPIS)
    publish_versions(house, 1, 2)
    content = bytearray(house.target.read_bytes())
    for position in range(12_288 + 100, len(content), 4096):
        content[position] ^= 0xFF
    house.target.write_bytes(content)
    publish_versions(house, 3)
    assert "not compared: the file before could not be read" in capsys.readouterr().err
    assert house.version() == 3
    assert ledger.whole(house.target) == publishes(house)[-1]["publish_number"]


def test_damage_that_shows_in_the_comparison_only(house, capsys):  # noqa: F811
    """The ledger can be read and the KPI values, in blocks of their own, cannot."""
    house.change(KPIS.replace("range(6)", "range(60000)").replace("to_months(", "to_days("))
    publish_versions(house, 1)
    blocks = rows(
        house.target,
        "select distinct block_id from pragma_storage_info('marts.kpi_values_monthly') "
        "where block_id >= 0 and column_name = 'month'",
    )
    content = bytearray(house.target.read_bytes())
    for (block,) in blocks:
        content[12_288 + block * 262_144 + 5000] ^= 0xFF
    house.target.write_bytes(content)
    assert [row["publish_number"] for row in publishes(house)] == [1]
    house.change("delete from marts.kpi_values_monthly where kpi_id = 'K1'")
    publish_versions(house, 2)
    assert "not compared: the file before could not be read" in capsys.readouterr().err
    assert publishes(house)[-1]["compared_with"] is None
    assert ledger.whole(house.target) == 2


def test_the_version_of_the_code(monkeypatch, tmp_path):
    assert len(ledger.code_version()) >= 7
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "9.8.7"\n')
    monkeypatch.setattr(ledger.settings, "PROJECT_ROOT", tmp_path)
    assert ledger.code_version() == "9.8.7"
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "a"]):
        subprocess.run([*git, *command], cwd=tmp_path, check=True)
    commit = ledger.code_version()
    assert len(commit) == 12
    (tmp_path / "pyproject.toml").write_text("")
    assert ledger.code_version() == f"{commit}-dirty"


# --- proof that a file is whole ------------------------------------------------------------------


def test_a_whole_file_is_proven(house, capsys):  # noqa: F811
    publish_versions(house, 1, 2)
    assert ledger.whole(house.target) == 2
    assert ledger.whole(house.target.parent / "history" / "wardhouse-1.duckdb") == 1
    capsys.readouterr()
    assert publish.main(["--verify"]) == 0
    assert publish.main(["--verify", str(house.target)]) == 0
    assert capsys.readouterr().out.count("publish 2 is whole") == 2


DAMAGES = {
    "a row lost": (f"delete from marts.{EVENTS} where row_number = 7", "(2,999 against 3,000)"),
    "a value": (f"update marts.{EVENTS} set amount = 1 where row_number = 7", "values of fct_app"),
    "a table of another publish": (f"update marts.{PLACES} set version = 9", "values of dim_fac"),
    "a table lost": (f"drop table marts.{EMPTY}", "table fct_bills"),
    "a table more": ("create table marts.notes as select 1 as a", "table notes"),
    "a column": (f"alter table marts.{EMPTY} add column a int", "values of fct_bills"),
    "a hash": ("update ledger.published_tables set content_hash = 'a'", "values of dim_facil"),
    "another publish's row": (
        "update ledger.publishes set content_hash = 'a'",
        "the hash of all tables",
    ),
    "no ledger": ("drop table ledger.publishes", "no ledger"),
    "hashes of another version": (
        "update ledger.publishes set duckdb_version = '1.0.0', content_hash = 'a'",
        "made by duckdb 1.0.0",
    ),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_file_that_is_not_whole_is_told(published, name):  # noqa: F811
    change, words = DAMAGES[name]
    with duckdb.connect(str(published.target)) as db:
        db.execute(change)
    assert words in refused("--verify")


def test_files_that_are_none_are_told(house, tmp_path):  # noqa: F811
    assert "no published file" in refused("--verify")
    other = tmp_path / "other.duckdb"
    other.write_text("the minutes of the last meeting")
    assert "cannot be read" in refused("--verify", str(other))
    publish.main([])
    other.write_bytes(house.target.read_bytes()[:-600_000])
    assert "cannot be read" in refused("--verify", str(other))
    done = house.run()
    assert done.returncode == 0
    with duckdb.connect(str(house.target)) as db:
        db.execute(f"delete from marts.{PLACES}")
    result = subprocess.run(
        [*house._command(None), "--verify"], **house._options({}), timeout=60, check=False
    )
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("wardhouse: publish 2 is not whole")


def test_the_published_demo_is_whole(demo_warehouse):
    number = ledger.whole(demo_warehouse)
    ((hashed, tables),) = rows(
        demo_warehouse,
        f"select content_hash, table_count from ledger.publishes where publish_number = {number}",
    )
    assert len(hashed) == 32 and tables > 60


# --- kept publishes ------------------------------------------------------------------------------


def test_the_last_few_are_kept_by_a_link(house, monkeypatch):  # noqa: F811
    publish_versions(house, 1)
    inode = house.target.stat().st_ino
    publish_versions(house, 2)
    link = house.target.parent / "history" / "wardhouse-1.duckdb"
    assert link.stat().st_ino == inode
    strangers = [
        "wardhouse-1.duckdb.bak",
        "wardhouse-x.duckdb",
        "ward-1.duckdb",
        "wardhouse-.duckdb",
    ]
    for name in strangers:
        (link.parent / name).write_text("mine")
    (link.parent / "wardhouse-0.duckdb").mkdir()
    publish_versions(house, 3, 4, 5)
    own = [f"wardhouse-{number}.duckdb" for number in (2, 3, 4)]
    assert kept(house) == sorted([*own, *strangers, "wardhouse-0.duckdb"])
    monkeypatch.setenv("WARDHOUSE_KEEP_PUBLISHES", "1")
    publish_versions(house, 6)
    assert kept(house) == sorted(["wardhouse-5.duckdb", *strangers, "wardhouse-0.duckdb"])
    monkeypatch.setenv("WARDHOUSE_KEEP_PUBLISHES", "0")
    publish_versions(house, 7)
    assert kept(house) == sorted([*strangers, "wardhouse-0.duckdb"])
    assert len(publishes(house)) == 7


@pytest.mark.parametrize("value", ["-1", "two", "1.5", "²"])
def test_a_setting_that_is_no_number_is_refused(published, monkeypatch, value):  # noqa: F811
    monkeypatch.setenv("WARDHOUSE_KEEP_PUBLISHES", value)
    assert "WARDHOUSE_KEEP_PUBLISHES" in refusal(published)


def test_without_hard_links_the_old_file_is_copied(house, monkeypatch):  # noqa: F811
    def no_link(*_):
        raise OSError(errno.EPERM, "Operation not permitted")

    publish_versions(house, 1)
    before = everything(house.target)
    monkeypatch.setattr(os, "link", no_link)
    publish_versions(house, 2)
    assert everything(house.target.parent / "history" / "wardhouse-1.duckdb") == before
    assert house.leftovers() == []


def test_a_history_that_cannot_be_written_stops_the_publish(published):  # noqa: F811
    published.set_version(2)
    (published.target.parent / "history").write_text("a file in the way")
    before = published.state()
    assert "cannot write" in refused()
    assert published.state() == before


KILL = "os.kill(os.getpid(), signal.SIGKILL)"
KILL_POINTS = {
    "before it is kept": (f"publish.history.keep = lambda *_: {KILL}", 2),
    "kept and not swapped": (f"publish.swap = lambda *_: {KILL}", 2),
    "swapped and nothing forgotten": (f"publish.history.forget = lambda *_: {KILL}", 3),
    "in the copy without links": (
        "import errno, shutil\n"
        "def no_link(*_): raise OSError(errno.EPERM, '')\n"
        "os.link = no_link\n"
        f"shutil.copyfile = lambda a, b: (b.write_text('half'), {KILL})",
        2,
    ),
}


@pytest.mark.parametrize("name", KILL_POINTS)
def test_a_kill_around_the_keeping_loses_nothing(house, monkeypatch, name):  # noqa: F811
    monkeypatch.setenv("WARDHOUSE_KEEP_PUBLISHES", "2")
    house.environment["WARDHOUSE_KEEP_PUBLISHES"] = "2"
    publish_versions(house, 1, 2)
    house.set_version(3)
    code, expected = KILL_POINTS[name]
    assert house.run(code).returncode == -signal.SIGKILL
    assert house.version() == expected == ledger.whole(house.target)
    publish_versions(house, 4)
    number = ledger.whole(house.target)
    names = [f"wardhouse-{number - 2}.duckdb", f"wardhouse-{number - 1}.duckdb"]
    assert (kept(house), house.leftovers()) == (names, [])
    for one in names:
        path = house.target.parent / "history" / one
        assert f"-{ledger.whole(path)}.duckdb" in one


# --- going back ----------------------------------------------------------------------------------


def test_one_command_goes_back_and_on_again(house, capsys):  # noqa: F811
    publish_versions(house, 1)
    first = everything(house.target)
    publish_versions(house, 2)
    second = everything(house.target)
    capsys.readouterr()
    assert publish.main(["--restore"]) == 0
    assert " as publish 3 (publish 1 again)\n" in capsys.readouterr().out
    assert everything(house.target) == first
    row = publishes(house)[-1]
    assert (row["kind"], row["restored_from"], row["compared_with"]) == ("restore", 1, 2)
    assert row["content_hash"] == publishes(house)[0]["content_hash"]
    assert row["published_at"] > publishes(house)[1]["published_at"]
    # the one before is what was wrong with: going back twice undoes the going back
    assert publish.main(["--restore"]) == 0
    assert everything(house.target) == second
    assert publish.main(["--restore", "3"]) == 0
    assert everything(house.target) == first
    assert ledger.whole(house.target) == 5
    publish_versions(house, 6)
    assert house.version() == 6


def test_going_back_needs_no_private_database(house):  # noqa: F811
    publish_versions(house, 1, 2)
    with open_in_another_process(house.private, read_only=False) as build:
        assert publish.main(["--restore"]) == 0
        build.stdin.close()
    house.private.unlink()
    assert publish.main(["--restore"]) == 0
    assert house.version() == 2


def test_going_back_after_the_published_file_is_gone(house):  # noqa: F811
    publish_versions(house, 1, 2, 3)
    house.target.unlink()
    assert publish.main(["--restore"]) == 0
    assert house.version() == 2


def test_content_that_was_published_twice_is_found_by_either_number(house):  # noqa: F811
    publish_versions(house, 1, 1, 2)
    assert kept(house) == ["wardhouse-2.duckdb"]
    assert publish.main(["--restore", "1"]) == 0
    assert publishes(house)[-1]["restored_from"] == 2
    assert house.version() == 1


def test_what_cannot_be_restored_is_one_line(house, monkeypatch):  # noqa: F811
    assert "no earlier publish is kept (kept: none)" in refused("--restore")
    publish_versions(house, 1)
    assert "no earlier publish is kept" in refused("--restore")
    publish_versions(house, 2, 3, 4, 5)
    before = house.state()
    assert "publish 9 was never made (kept: 4, 3, 2)" in refused("--restore", "9")
    assert "publish 1 is no longer kept (kept: 4, 3, 2)" in refused("--restore", "1")
    assert "publish 5 is what is published now" in refused("--restore", "5")
    folder = house.target.parent / "history"
    (folder / "wardhouse-4.duckdb").rename(folder / "wardhouse-8.duckdb")
    assert "holds publish 4 and not 8" in refused("--restore", "8")
    with duckdb.connect(str(folder / "wardhouse-3.duckdb")) as db:
        db.execute(f"update marts.{PLACES} set version = 4")
    assert "publish 3 is not whole" in refused("--restore", "3")
    path = folder / "wardhouse-2.duckdb"
    path.write_bytes(path.read_bytes()[:20_000])
    assert "cannot be read" in refused("--restore", "2")
    with publish.publish_lock(house.target.parent):
        assert "this process itself" in refused("--restore", "3")
    assert (house.state(), house.leftovers()) == (before, [])


def test_an_identifier_in_a_kept_publish_is_not_published_again(house, monkeypatch):  # noqa: F811
    """What was no identifier when it was published may be one by now."""
    publish_versions(house, 1, 2)
    monkeypatch.setattr(publish_copy, "direct_identifiers", lambda: {"facilityid"})
    assert "dim_facilities.facility_id" in refused("--restore")


# --- what has changed ----------------------------------------------------------------------------


def test_changed_kpi_values_are_listed(house, capsys):  # noqa: F811
    house.change(KPIS)
    publish_versions(house, 1)
    assert rows(house.target, "from ledger.kpi_changes") == []
    house.change(
        """
        update marts.kpi_values_monthly set numerator = 5, value = 0.5
        where kpi_id = 'K1' and month = date '2024-02-01';
        update marts.kpi_values_monthly set value = null, is_reportable = false
        where kpi_id = 'K2' and month = date '2024-03-01';
        update marts.kpi_values_monthly set is_reportable = false
        where kpi_id = 'K2' and month = date '2024-04-01';
        -- the order in which threads add up is no change
        update marts.kpi_values_monthly set value = value * (1 + 1e-13), numerator = 3 + 1e-12
        where kpi_id = 'K3';
        delete from marts.kpi_values_monthly where kpi_id = 'K1' and month = date '2024-01-01';
        insert into marts.kpi_values_monthly
        values ('K1', 's', 'all', 'all', date '2024-07-01', 0, 0, null, false)
        """
    )
    capsys.readouterr()
    publish_versions(house, 2)
    line = "KPI values of publish 2 against publish 1: 3 changed, 1 added, 1 withdrawn"
    assert f"{line} (make history)\n" in capsys.readouterr().out
    assert rows(
        house.target,
        "select kpi_id, month(month), change, numerator_before, numerator_after, value_before, "
        "value_after, is_reportable_before, is_reportable_after from ledger.kpi_changes",
    ) == [
        ("K1", 1, "withdrawn", 1, None, 0.1, None, True, None),
        ("K1", 2, "changed", 1, 5, 0.1, 0.5, True, True),
        ("K1", 7, "added", None, 0, None, None, None, False),
        ("K2", 3, "changed", 2, 2, 0.2, None, True, False),
        ("K2", 4, "changed", 2, 2, 0.2, 0.2, True, False),
    ]
    publish.main(["--changes"])
    text = capsys.readouterr().out
    assert line in text
    assert "0.1 (1 / 10)" in text and "0.5 (5 / 10)" in text
    publish.main(["--changes", "--kpi", "K1", "--limit", "1"])
    text = capsys.readouterr().out
    assert "1 changed, 1 added, 1 withdrawn" in text and "1 of 3 shown" in text
    assert "K2" not in text


def test_every_publish_is_listed(house, capsys):  # noqa: F811
    assert "no published file" in refused("--list")
    publish_versions(house, 1, 2, 3)
    publish.main(["--restore", "1"])
    capsys.readouterr()
    publish.main(["--list"])
    lines = [line.split() for line in capsys.readouterr().out.splitlines() if "demo" in line]
    assert [(line[0], line[-1]) for line in lines] == [
        ("4", "published"),
        ("3", "kept"),
        ("2", "kept"),
        ("1", "kept"),
    ]
    assert "restore of 1" in " ".join(lines[0])
    house.target.unlink()
    publish.main(["--list"])
    assert "published" not in capsys.readouterr().out


# --- losses --------------------------------------------------------------------------------------

FACILITIES = f"""
    alter table marts.{EVENTS} add column facility_id varchar;
    update marts.{EVENTS} set facility_id = 'facility ' || case
        when row_number < 100 then 'small' when row_number < 1000 then 'middle' else 'large' end
"""


def test_a_loss_of_rows_is_refused_with_numbers_and_accepted_on_demand(published):  # noqa: F811
    published.change(f"delete from marts.{EVENTS} where row_number >= 2849")
    text = refusal(published)
    assert f"would lose 151 of 3,000 rows of {EVENTS} (5.03 %, most allowed 5 %)" in text
    assert "against publish 1" in text and "--accept-loss" in text
    assert publish.main(["--accept-loss"]) == 0
    assert publishes(published)[-1]["remark"].startswith("loss accepted: 151 of 3,000 rows")
    published.change(f"delete from marts.{EVENTS} where row_number >= 2848")
    assert publish.main([]) == 0
    assert publishes(published)[-1]["remark"] is None


def test_a_loss_within_the_limit_is_published(published):  # noqa: F811
    published.change(f"delete from marts.{EVENTS} where row_number >= 2850")
    assert publish.main([]) == 0


@pytest.mark.parametrize(
    ("change", "words"),
    {
        "a whole table": (f"drop table marts.{EVENTS}", "3,000 of 3,000 rows of fct_appointments"),
        "a dimension": (f"delete from marts.{PLACES}", "2 of 2 rows of dim_facilities (100.00 %"),
        "a small facility": (
            f"delete from marts.{EVENTS} where facility_id = 'facility small'",
            f"100 of 100 rows of {EVENTS} with facility_id facility small (100.00 %, most",
        ),
        "a renamed facility": (
            f"update marts.{EVENTS} set facility_id = 'x' where facility_id = 'facility middle'",
            "900 of 900 rows",
        ),
    }.values(),
    ids=["a whole table", "a dimension", "a small facility", "a renamed facility"],
)
def test_a_loss_of_a_part_is_refused(house, change, words):  # noqa: F811
    house.change(FACILITIES)
    publish.main([])
    house.change(change)
    assert words in refusal(house)


def test_few_rows_may_always_go(house):  # noqa: F811
    house.change(FACILITIES)
    house.change(f"update marts.{EVENTS} set facility_id = 'tiny' where row_number < 10")
    publish.main([])
    house.change(f"delete from marts.{EVENTS} where facility_id = 'tiny'")
    assert publish.main([]) == 0


def test_other_data_are_not_compared(published, capsys):  # noqa: F811
    published.change(f"delete from marts.{EVENTS} where row_number > 5")
    published.set_build(data_set="own")
    assert publish.main([]) == 0
    remark = "not compared: the data set is own and was demo"
    assert remark in capsys.readouterr().err
    row = publishes(published)[-1]
    assert (row["data_set"], row["compared_with"], row["remark"]) == ("own", None, remark)
    # from here on they are
    published.change(f"delete from marts.{PLACES}")
    assert "would lose 2 of 2 rows" in refusal(published)


def test_the_longest_pattern_decides_and_no_limits_no_publish(published):  # noqa: F811
    published.change(
        "insert into reference.publish_limits values "
        "('lost_rows', 'fct_appoint%', 'any', 'any', 0.5, 0, 'a queue that is emptied')"
    )
    published.change(f"delete from marts.{EVENTS} where row_number >= 1500")
    assert publish.main([]) == 0
    published.change("drop table reference.publish_limits")
    assert "reference.publish_limits" in refusal(published)


def test_a_restore_may_lose_rows(house):  # noqa: F811
    house.change(
        f"create table marts.x as from marts.{EVENTS}; delete from marts.{EVENTS} "
        "where row_number > 100"
    )
    publish.main([])
    house.change(f"insert into marts.{EVENTS} from marts.x where row_number > 100")
    publish.main([])
    assert publish.main(["--restore"]) == 0
    assert rows(house.target, f"select count(*) from marts.{EVENTS}") == [(101,)]
