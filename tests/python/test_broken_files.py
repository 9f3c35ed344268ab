"""Damage to whole files: everything comes in or is accounted for, or one line says what to do.

Usage: pytest tests/python/test_broken_files.py (with -m soak: every damage to every table)

The corpus stands in broken_csv.py, broken_parquet.py, broken_folders.py and broken_settings.py.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp

import duckdb
import pytest

import folder_settings
import raw_changes
import raw_door
import raw_files
import raw_landing
from broken_csv import CSV_CASES
from broken_files import ROWS, TABLES, Case, Sound, sound
from broken_folders import FOLDERS, TABLE, FolderCase
from broken_parquet import PARQUET_CASES
from broken_settings import CODE_MAPS, SETTINGS, SETTINGS_FILES, SOUND_SETTINGS
from raw_contract import load_contract
from settings import UserError

CASES = CSV_CASES + PARQUET_CASES
EVERY_TABLE = list(TABLES)
NOBODY = 65534
CONTRACT = load_contract()


@dataclass
class Found:
    """What came of a raw folder: the line with which it stopped, or what the views hold."""

    line: str = ""
    files: list[tuple] = field(default_factory=list)  # file, records, malformed
    rows: list[tuple] = field(default_factory=list)  # file, number, reason, values
    warnings: str = ""


@pytest.fixture
def raw() -> Iterator[Path]:
    """A raw folder that does not exist yet, where everybody may enter."""
    folder = Path(mkdtemp(prefix="wardhouse-"))
    folder.chmod(0o755)
    yield folder / "raw"
    for path in [folder / "raw", *(folder / "raw").rglob("*")]:
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o755)
    shutil.rmtree(folder)


@contextmanager
def without_privileges() -> Iterator[None]:
    """For root, to whom no right is ever denied."""
    is_root = os.geteuid() == 0
    if is_root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if is_root:
            os.seteuid(0)


def go_through(raw: Path, s: Sound, monkeypatch, capsys) -> Found:
    """Open the door on a raw folder, and run the check that a user runs by hand."""
    monkeypatch.setenv("WARDHOUSE_KEY", "a key of these tests")
    monkeypatch.setattr(raw_door, "_shown_warnings", set())
    monkeypatch.setattr(raw_door, "load_contract", lambda *_: CONTRACT)  # read once for all
    found = Found()
    with duckdb.connect() as conn:
        try:
            raw_door.open_door(conn, raw, raw.parent / "build")
        except UserError as error:
            found.line = str(error)
            assert not conn.execute("select * from duckdb_tables()").fetchall()
        else:
            found.files = conn.execute(
                "select source_file, raw_rows, malformed_rows from raw.files order by 1"
            ).fetchall()
            columns = ", ".join(f'"{name}"' for name in s.header)
            found.rows = conn.execute(
                f"select source_file, row_number, malformed_reason, {columns} "
                f"from raw.{s.system}__{s.table} order by all"
            ).fetchall()
    capsys.readouterr()
    monkeypatch.setattr(raw_door, "_shown_warnings", set())
    try:
        assert raw_door.main(["check", "--raw-dir", str(raw)]) == 0
        assert not found.line
    except UserError as error:
        assert str(error) == found.line
    found.warnings = capsys.readouterr().err
    return found


def one_clear_line(line: str) -> bool:
    """What, where; remedy: on one line that fits a screen."""
    what, _, rest = line.partition(", ")
    where, _, remedy = rest.partition("; ")
    return line.isprintable() and bool(what and where and remedy) and len(line) < 600


def judge(case: Case, s: Sound, found: Found) -> None:
    """Hold what came of a file against what has to come of it."""
    file = f"{s.system}/{s.table}{case.ending}"
    if case.stops:
        assert one_clear_line(found.line), found.line
        assert file in found.line
        assert all(word in found.line for word in case.stops), found.line
        return
    assert found.line == ""
    assert found.files == [(file, case.records, case.bad)]
    # the independent count and what the database reads agree, and every record has its number
    assert [row[1] for row in found.rows] == list(range(1, case.records + 1))
    assert sum(row[2] is not None for row in found.rows) == case.bad
    assert all(not any(row[3:]) for row in found.rows if row[2] is not None)
    whole = {tuple(value or None for value in row) for row in s.rows}
    assert sum(row[3:] in whole and row[2] is None for row in found.rows) == case.good


def spoil(raw: Path, case: Case, s: Sound) -> None:
    """Write the case's file into the raw folder."""
    path = raw / s.system / f"{s.table}{case.ending}"
    path.parent.mkdir(parents=True)
    path.write_bytes(case.make(s))


def test_the_corpus_is_large_and_has_no_name_twice():
    names = [case.name for case in CASES + FOLDERS]
    assert len(names) == len(set(names))
    assert len(names) + len(SETTINGS) + len(SETTINGS_FILES) + len(CODE_MAPS) >= 250
    assert sum(bool(case.stops) for case in CASES) >= 50
    assert sum(not case.stops for case in CASES) >= 50


@pytest.mark.parametrize("number", range(len(CASES)), ids=[case.name for case in CASES])
def test_a_damaged_file(number, raw, monkeypatch, capsys):
    """Each damage, to a table of one system after the other."""
    case = CASES[number]
    s = sound(*EVERY_TABLE[number % len(EVERY_TABLE)], f"K{number}")
    spoil(raw, case, s)
    judge(case, s, go_through(raw, s, monkeypatch, capsys))


@pytest.mark.soak
@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_damaged_file_of_every_table(case, raw, monkeypatch, capsys):
    for system, table in EVERY_TABLE:
        s = sound(system, table, "K")
        shutil.rmtree(raw, ignore_errors=True)
        spoil(raw, case, s)
        judge(case, s, go_through(raw, s, monkeypatch, capsys))


@pytest.mark.parametrize("case", FOLDERS, ids=[case.name for case in FOLDERS])
def test_a_spoilt_folder(case: FolderCase, raw, monkeypatch, capsys):
    s = sound("hospital_ops", "patients", "K")
    case.make(raw, s)
    if "Permission denied" in case.stops:
        with without_privileges(), pytest.raises(UserError) as caught:
            raw_files.inventory(raw)
        line = str(caught.value)
    else:
        found = go_through(raw, s, monkeypatch, capsys)
        line = found.line
    if case.stops:
        assert one_clear_line(line), line
        assert all(word in line for word in case.stops), line
        return
    assert line == ""
    assert [file[1:] for file in found.files] == [(ROWS + case.bad, case.bad)] * case.files
    assert all(file[0].startswith(TABLE) for file in found.files)
    assert len({row[:2] for row in found.rows}) == len(found.rows)
    for file, records, _ in found.files:
        rows = [row for row in found.rows if row[0] == file]
        assert [row[1] for row in rows] == list(range(1, records + 1))
        whole = [tuple(value or None for value in row) for row in s.rows]
        assert [row[3:] for row in rows if row[2] is None] == whole
    said = [line for line in found.warnings.splitlines() if "not read" in line or "no data" in line]
    assert len(said) <= 2 and all(line.isprintable() for line in said)
    if case.warns and not case.warns.endswith(".md"):
        assert case.warns in found.warnings


def test_a_raw_folder_whose_path_is_not_utf8(tmp_path):
    raw = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff"))
    (raw / "hospital_ops").mkdir(parents=True)
    with pytest.raises(UserError) as caught:
        raw_files.inventory(raw)
    assert "not UTF-8" in str(caught.value) and one_clear_line(str(caught.value))


# Settings and the code map


def settings_line(folder: Path, monkeypatch) -> str:
    """The one line with which the settings of a folder stop; empty when they are sound."""
    monkeypatch.setenv("WARDHOUSE_RAW_DIR", str(folder))
    try:
        with without_privileges():
            folder_settings.folder_settings()
    except UserError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("name", SETTINGS)
def test_spoilt_settings(name, raw, monkeypatch):
    text, words = SETTINGS[name]
    raw.mkdir()
    (raw / "wardhouse.yml").write_bytes(text)
    line = settings_line(raw, monkeypatch)
    assert one_clear_line(line), line
    assert "wardhouse.yml" in line and all(word in line for word in words), line


@pytest.mark.parametrize("name", SOUND_SETTINGS)
def test_unusual_but_sound_settings(name, raw, monkeypatch):
    raw.mkdir()
    (raw / "wardhouse.yml").write_bytes(SOUND_SETTINGS[name])
    assert settings_line(raw, monkeypatch) == ""


@pytest.mark.parametrize("name", SETTINGS_FILES)
def test_settings_that_are_no_plain_file(name, raw, monkeypatch):
    make, words = SETTINGS_FILES[name]
    raw.mkdir()
    make(raw / "wardhouse.yml")
    line = settings_line(raw, monkeypatch)
    assert one_clear_line(line) and words in line, line


@pytest.mark.parametrize("name", CODE_MAPS)
def test_a_spoilt_code_map(name, tmp_path):
    text, words = CODE_MAPS[name]
    path = tmp_path / "code_map.csv"
    path.write_bytes(text)
    with pytest.raises(UserError) as caught:
        load_contract(code_map=path)
    line = str(caught.value)
    assert one_clear_line(line) and words in line and "code_map.csv" in line, line


# Files that change


def changed_in_passing(path: Path, how: str) -> None:
    """Do to a file what another program may do to it at any moment."""
    before = path.stat()
    if how == "grows":
        with path.open("ab") as file:
            file.write(b"K-9,more\n")
    elif how == "shrinks":
        os.truncate(path, before.st_size // 2)
    elif how == "is corrected":
        path.write_bytes(path.read_bytes().replace(b"K-1", b"K-8"))
        os.utime(path, ns=(1, before.st_mtime_ns + 1))
    elif how == "is replaced by one as large and old":
        new = path.with_name(".new")
        new.write_bytes(path.read_bytes().replace(b"K-1", b"K-8"))
        os.utime(new, ns=(before.st_atime_ns, before.st_mtime_ns))
        new.replace(path)
    else:
        path.unlink()


WAYS = ["grows", "shrinks", "is corrected", "is replaced by one as large and old", "vanishes"]


@pytest.mark.parametrize("moment", ["counted", "landed"])
@pytest.mark.parametrize("how", WAYS)
def test_a_file_that_changes_while_it_is_read(how, moment, raw, monkeypatch):
    s = sound("hospital_ops", "patients", "K")
    path = raw / f"{TABLE}.csv"
    path.parent.mkdir(parents=True)
    path.write_bytes(s.text + b"damaged\n")
    real = raw_files.scan_csv

    def scan(*arguments):
        if moment == "counted":
            result = real(*arguments)
            changed_in_passing(path, how)
            return result
        changed_in_passing(path, how)
        return real(*arguments)

    monkeypatch.setattr(raw_files if moment == "counted" else raw_landing, "scan_csv", scan)
    with duckdb.connect() as conn, pytest.raises(UserError) as caught:
        raw_door.open_door(conn, raw, raw.parent / "build")
    line = str(caught.value)
    assert one_clear_line(line) and f"{TABLE}.csv" in line
    assert "changed while it was read" in line or "the file is gone" in line


@pytest.mark.parametrize("how", [*WAYS, "stays"])
def test_a_file_that_changes_between_the_count_and_the_models(how, raw):
    """The models read a file minutes after it was counted: such a build is not published."""
    s = sound("hospital_ops", "patients", "K")
    path = raw / f"{TABLE}.csv"
    path.parent.mkdir(parents=True)
    path.write_bytes(s.text)
    with duckdb.connect() as conn:
        raw_door.open_door(conn, raw, raw.parent / "build")
        raw_changes.keep_states(conn, "this run")
        conn.execute("create table private.last_build as select 'this run' as invocation_id")
        if how != "stays":
            changed_in_passing(path, how)
            with pytest.raises(UserError) as caught:
                raw_changes.refuse_changed_files(conn, "memory")
            line = str(caught.value)
            assert one_clear_line(line) and str(path) in line and "run dbt build again" in line
            # another command passes the door: what the build counted is still known
            raw_door.open_door(conn, raw, raw.parent / "build") if how == "grows" else None
            with pytest.raises(UserError):
                raw_changes.refuse_changed_files(conn, "memory")
            raw_changes.keep_states(conn, "a later run")
            with pytest.raises(UserError):
                raw_changes.refuse_changed_files(conn, "memory")
            return
        raw_changes.refuse_changed_files(conn, "memory")
