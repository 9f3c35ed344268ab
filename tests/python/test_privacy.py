"""No direct identifier in anything that is published or left behind; private files stay private.

The identifiers of all raw data, by column and by value, are looked for in the published database
(cells and bytes), the figures, dbt's artefacts and logs, and everything that was printed.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
import yaml
from PIL import Image

import hostile_data
import publish
import publish_identifiers
import worklist
from conftest import ROOT, environment_of, run_dbt
from identifier_search import Search, found_in, searched
from private_side import DEMO_KEY, KEY_VARIABLE, hash_key, make_private_folder
from raw_contract import load_contract, match_header, snake_case
from settings import UserError

NAMES = ("first_name", "last_name")
RECORD_NUMBERS = {
    "patient_id", "appointment_id", "treatment_id", "bill_id", "episode_id", "response_id"
}  # fmt: skip
# Free text in these columns of the contract names no person by itself: too common to look for.
NOT_TELLING = {"description"}
# Every day of the calendar is here, whoever was born on it.
CALENDAR = ("dim_dates", "calendar_date")
# What stands in a key column of a row that is no record.
NO_RECORD = {"none", "null", "unknown", "total", "totals", "subtotal", "grand total"}


def direct_columns() -> dict[tuple[str, str], set[str]]:
    """The columns that identify a person, by system and table, as the contract marks them."""
    columns: dict[tuple[str, str], set[str]] = {}
    for path in (ROOT / "models" / "staging").rglob("*sources.yml"):
        for source in yaml.safe_load(path.read_text())["sources"]:
            for table in source["tables"]:
                columns[source["name"], table["name"]] = {
                    column["name"]
                    for column in table["columns"]
                    if column.get("config", {}).get("meta", {}).get("pii") == "direct"
                }
    return columns


def identifiers_of(files: dict[tuple[str, str], list[Path]]) -> dict[str, set[str]]:
    """Every identifier of CSV files, by kind; names as a whole, as one part is also a word.

    The public care episodes number their patients 1, 2, 3 (and are compressed): not to be told
    from counts, so they are not looked for.
    """
    kinds: dict[str, set[str]] = {}
    for table, direct in direct_columns().items():
        for path in files.get(table, []):
            with path.open(newline="", encoding="utf-8-sig") as file:
                for raw_row in csv.DictReader(file):
                    row = {snake_case(header or ""): cell for header, cell in raw_row.items()}
                    if all(row.get(name) for name in NAMES):
                        kinds.setdefault("full name", set()).add(f"{row[NAMES[0]]} {row[NAMES[1]]}")
                    for column in direct - NOT_TELLING - set(NAMES):
                        value = (row.get(column) or "").strip()
                        if len(value) >= 4 and value.lower() not in NO_RECORD:
                            kind = "record number" if column in RECORD_NUMBERS else column
                            kinds.setdefault(kind, set()).add(value)
    return kinds


def texts(database: Path) -> dict[tuple[str, str], set[str]]:
    """Every different text of every published table, of any type but numbers, by column."""
    with duckdb.connect(str(database), read_only=True) as connection:
        columns = connection.execute(
            "select table_name, column_name from information_schema.columns"
            " where table_schema = 'marts' and data_type in ('VARCHAR', 'DATE', 'TIMESTAMP')"
        ).fetchall()
        return {
            (table, column): {
                value
                for (value,) in connection.execute(
                    f'select distinct cast("{column}" as varchar) from marts."{table}"'
                ).fetchall()
                if value
            }
            for table, column in columns
        }


def leaks(database: Path, identifiers: set[str]) -> dict[tuple[str, str], set[str]]:
    """The published columns with identifiers in their texts: whole, or as words of a text."""
    everything = texts(database)
    assert len(everything) > 250
    search = Search(identifiers)
    return {
        column: hits
        for column, values in everything.items()
        if column != CALENDAR and (hits := search.found_in("\n".join(sorted(values)).encode()))
    }


def without_birth_dates(kinds: dict[str, set[str]]) -> set[str]:
    """All identifiers but dates, which are also the days of events."""
    return set().union(*(v for k, v in kinds.items() if k not in ("date_of_birth", "birth date")))


# Hostile data: everything tries to get out


def test_hostile_data_leave_nothing_in_the_published_database(hostile):
    identifiers = hostile.identifiers.all()
    assert len(identifiers) > 1_900
    assert leaks(hostile.build.published, identifiers) == {}
    # the bytes: what DuckDB keeps of deleted rows and in its statistics is no cell
    content = hostile.build.published.read_bytes()
    assert not found_in(content, without_birth_dates(hostile.identifiers.kinds), binary=True)


def test_hostile_data_leave_nothing_in_figures_artefacts_logs_and_output(hostile):
    identifiers = without_birth_dates(hostile.identifiers.kinds)
    for part, least in (("target", 300), ("logs", 1), ("warehouse/figures", 57)):
        files = searched(hostile.folder / part, identifiers)
        assert len(files) >= least, part
        assert {name: hits for name, hits in files.items() if hits} == {}
    assert "published" in hostile.output
    assert not found_in(hostile.output.encode(), identifiers)
    for path in (hostile.folder / "warehouse/figures").glob("*.png"):
        with Image.open(path) as image:
            assert {"Title", "Description"} <= image.text.keys()
            assert not found_in(json.dumps(image.text).encode(), identifiers)


def test_the_search_finds_what_is_there(hostile, tmp_path):
    """The same search on the raw files finds every identifier, in whatever spelling."""
    kinds = hostile.identifiers.kinds
    # a full name is two columns there
    wanted = hostile.identifiers.all() - kinds["full name"]
    assert set().union(*searched(hostile.folder / "raw", wanted).values()) == wanted
    value = next(iter(hostile.identifiers.kinds["full name"] - {""}))
    named = tmp_path / f"{value}.txt"
    named.write_text(json.dumps({"a": "O'Dwyn Đặng"}))
    assert searched(tmp_path, {value, "O'Dwyn Đặng"}) == {named.name: {value, "O'Dwyn Đặng"}}


def test_free_text_is_counted_not_lost(hostile):
    rows = dict(
        hostile.build.query(
            "select column_name, count(*) from dq_repairs where reason = 'free_text' group by 1"
        )
    )
    for column in ("reason_for_visit", "specialization", "treatment_type", "region", "facility",
                   "insurance_provider", "diagnosis_group", "cancer_type", "hospital"):  # fmt: skip
        assert rows[column] > 0
    assert hostile.build.query("select sum(abs(difference)) from dq_reconciliation") == [(0,)]
    assert hostile.build.query("select count(*) from fct_appointments") == [(333,)]


def test_a_failing_query_quotes_values_in_private_files_only(hostile):
    """DuckDB quotes the value that fails a cast: dbt logs it, so the log is its owner's only."""
    folder = hostile.folder
    done = run_dbt(
        folder,
        "show",
        "--inline",
        "select cast(last_name as bigint) as a from raw.hospital_ops__patients",
        raw_dir=folder / "raw",
    )
    assert done.returncode != 0 and "Quillfeather" in done.output
    for path in [*(folder / "logs").glob("dbt.log*"), folder / "target" / "run_results.json"]:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


# The demo data and the public data


def test_no_direct_identifier_has_a_published_column(demo_build):
    direct = set().union(*direct_columns().values())
    assert {"first_name", "email", "insurance_number", "patient_id", "response_id"} <= direct
    columns = demo_build.query(
        "select table_name, column_name from information_schema.columns"
        " where table_schema = 'marts'"
    )
    assert len(columns) > 200
    squashed = {re.sub("[^a-z0-9]", "", name) for name in direct}
    # a raw table's text column `description` is not what a mart may call its own description
    assert not [(t, c) for t, c in columns if re.sub("[^a-z0-9]", "", c) in squashed]
    assert not [(t, c) for t, c in columns if "birth" in c or c in ("age", "age_years")]


def test_demo_data_leave_nothing_behind(demo_build, demo_warehouse):
    files = {
        (system, table): [ROOT / "seeds" / system / f"raw_{system}__{table}.csv"]
        for system, table in direct_columns()
    }
    files = {key: paths for key, paths in files.items() if paths[0].exists()}
    kinds = identifiers_of(files)
    identifiers = without_birth_dates(kinds)
    assert len(identifiers) > 40_000
    assert leaks(demo_warehouse, identifiers) == {}
    assert not found_in(demo_build.output.encode(), identifiers)
    # the artefacts speak of the demo seeds by name and of its dirt in unit tests, not of people
    private = identifiers - kinds["record number"]
    for part in ("target", "logs"):
        found = searched(demo_build.folder / part, private)
        assert {name: hits for name, hits in found.items() if hits} == {}


@pytest.mark.parametrize("name", ["public_build", "public_care_build"])
def test_public_data_leave_nothing_behind(name, request):
    build = request.getfixturevalue(name)
    raw = build.folder / "raw"
    files = {
        (system, table): [*raw.glob(f"{system}/{table}.csv"), *raw.glob(f"{system}/{table}/*.csv")]
        for system, table in direct_columns()
    }
    kinds = identifiers_of(files)
    identifiers = without_birth_dates(kinds)
    assert len(identifiers) > (700 if name == "public_build" else 900)
    numbers = set().union(*(v for k, v in kinds.items() if k == "record number"))
    for part in ("target", "logs"):  # T001 is also a row of a unit test
        found = searched(build.folder / part, identifiers - numbers)
        assert {file: hits for file, hits in found.items() if hits} == {}
    assert leaks(build.private, identifiers - {n for n in numbers if n.isdigit()}) == {}


# The publish refuses what free text hides


@pytest.fixture
def house() -> duckdb.DuckDBPyConnection:
    """A private side with two people, one place that has a person's name, and clean marts."""
    connection = duckdb.connect(config=publish.DUCKDB_CONFIG)
    connection.execute(
        f"""
        attach ':memory:' as {publish.SOURCE};
        use {publish.SOURCE};
        create schema raw; create schema marts; create schema reference;
        create table raw.hospital_ops__patients as
        select * from (values
            ('P00042', 'Zoë', 'van Quill', '+61 412 345 678', '7 Elm St, Yass 2582', 'QX-1234-K'),
            ('17', 'John', 'Hunter', '0420 240 701', '', ''), ('18', '', 'Cash', '', '', ''),
            ('19', 'Unknown', 'Male', '00430019', '', '')
        ) as t (patient_id, first_name, last_name, contact_number, address, insurance_number);
        alter table raw.hospital_ops__patients add column email varchar;
        create table reference.facility_aliases as select 'John Hunter Hospital' as facility_name;
        create table marts.fct_bills (payment_method varchar, source_file varchar, bill_date date);
        insert into marts.fct_bills values
            ('Cash', 'billing/2026-01.csv', date '2026-01-01'),
            ('17', 'John Hunter Hospital', null),
            ('unknown male', 'of John Hunter Hospital''s bills', null),
            ('wave of 2024-07-01', '0.043 (0.019 to 0.067)', null)
        """
    )
    connection.execute("use memory")
    return connection


def refused(house) -> list[tuple]:
    tables = publish.inventory(house, publish.SOURCE)
    return publish_identifiers.identifying_values(house, publish.SOURCE, "marts", tables)


def test_clean_marts_pass(house):
    assert refused(house) == []


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Call ZOE VAN QUILL back", "a full name"),
        ("van Quill, Zoë", "a full name"),
        ("billing/zoë_van-quill.csv", "a full name"),
        ("lives at 7 Elm St., Yass 2582", "an address"),
        ("0412 345 678", "a telephone number"),
        ("ring (0412)345-678!", "a telephone number"),
        ("card qx 1234 k", "an insurance number"),
        ("billing/P00042.csv", "a record number"),
        ("nobody@anywhere.example", "an e-mail address"),
        ("Dr John Hunter", "a full name"),
    ],
)
def test_an_identifier_in_any_text_is_refused(house, text, kind):
    house.execute(f"insert into {publish.SOURCE}.marts.fct_bills values (?, 'x', null)", [text])
    assert refused(house) == [("fct_bills", "payment_method", kind, 1)]
    tables = publish.inventory(house, publish.SOURCE)
    with pytest.raises(UserError) as caught:
        publish_identifiers.refuse_identifying_values(house, publish.SOURCE, "marts", tables)
    line = str(caught.value)
    assert f"marts.fct_bills.payment_method ({kind} in 1 value)" in line and "\n" not in line
    assert text not in line


def test_the_publish_asks(hostile, monkeypatch):
    """A name in the marts stops the publish itself, and the published file stays as it was."""
    build = hostile.build
    before = hashlib.sha256(build.published.read_bytes()).hexdigest()
    name = hostile_data.full_name(hostile_data.person(40))
    change = "update marts.dim_facilities set name = ? where facility_id = 'unknown'"
    with duckdb.connect(str(build.private)) as connection:
        connection.execute(change, [name])
    try:
        done = subprocess.run(
            [sys.executable, "scripts/publish.py"],
            cwd=ROOT, env=build.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
    finally:
        with duckdb.connect(str(build.private)) as connection:
            connection.execute(change, ["Unknown"])
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert "marts.dim_facilities.name (a full name in 1 value)" in done.stderr
    assert name not in done.stderr
    assert hashlib.sha256(build.published.read_bytes()).hexdigest() == before


def test_a_file_without_header_is_not_quoted():
    """The first line of such a file is a person."""
    table = load_contract().tables["hospital_ops", "patients"]
    with pytest.raises(UserError) as caught:
        match_header(table, ("P1", "Zoltana", "Zoltana", "F"), "hospital_ops/patients.csv")
    assert "Zoltana".lower() not in str(caught.value).lower()
    assert "patient_id" in str(caught.value)


# Keys


def key_of(secret: str, text: str) -> int:
    return int(hashlib.sha256(f"{secret}|{text}".encode()).hexdigest()[:16], 16) >> 1


def published_keys(database: Path) -> set[int]:
    with duckdb.connect(str(database), read_only=True) as connection:
        columns = connection.execute(
            "select table_name, column_name from information_schema.columns"
            " where column_name like '%\\_key' escape '\\' and data_type = 'BIGINT'"
        ).fetchall()
        assert len(columns) > 10
        return {
            key
            for table, column in columns
            for (key,) in connection.execute(f"select {column} from marts.{table}").fetchall()
        }


@pytest.mark.parametrize("name", ["demo", "hostile"])
def test_the_secret_is_nowhere(name, request):
    """Neither the demo's key nor one that was made stands in anything but the private side."""
    if name == "demo":
        build, output = request.getfixturevalue("demo_build"), ""
        request.getfixturevalue("demo_warehouse")
    else:
        build, output = (found := request.getfixturevalue("hostile")).build, found.output
    ((secret,),) = build.query("select secret from private.hash_key")
    assert len(secret) > 20
    for folder in ("target", "logs", "warehouse"):
        found = searched(build.folder / folder, {secret}, binary=True)
        assert found and not any(found.values())
    assert secret not in build.output + output


@pytest.mark.soak
def test_a_key_from_the_environment_is_nowhere(hostile, tmp_path):
    """A build under another secret: other keys, and the secret in no file and no output."""
    secret = "correct horse battery staple 42"
    raw = tmp_path / "raw"
    raw.mkdir()
    (raw / "cancer_registry").symlink_to(hostile.folder / "raw" / "cancer_registry")
    environment = environment_of(tmp_path, raw) | {KEY_VARIABLE: secret}
    done = subprocess.run(
        [str(Path(sys.executable).parent / "dbt"), "--no-use-colors", "build", "--select",
         "+stg_cancer_registry__cases", "--exclude-resource-type", "test", "unit_test"],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert secret not in done.stdout + done.stderr
    for folder in ("target", "logs"):
        found = searched(tmp_path / folder, {secret}, binary=True)
        assert found and not any(found.values())
    with duckdb.connect(str(tmp_path / "build" / "wardhouse_private.duckdb")) as connection:
        keys = {
            key
            for (key,) in connection.execute(
                "select case_key from staging.stg_cancer_registry__cases"
            ).fetchall()
        }
    assert len(keys) == 111 and not keys & published_keys(hostile.build.published)
    # the same secret gives the same keys in every build
    assert keys == {key_of(secret, f"cancer_registry|case|PZQ{70_000 + n}") for n in range(111)}


def test_trying_all_numbers_without_the_secret_finds_nobody(hostile):
    """What somebody could guess of the method, over every record number there is."""
    keys = published_keys(hostile.build.published) - {-1}
    assert len(keys) > 1_200
    ((secret,),) = hostile.build.query("select secret from private.hash_key")
    ids = sorted(
        hostile.identifiers.kinds["patient_id"] | hostile.identifiers.kinds["record number"]
    )
    entities = {f"{system}|{entity}|" for system, entity, *_ in worklist.ENTITIES}
    guesses = set()
    for number in [*ids, *map(str, range(20_000))]:
        guesses.add(int(re.sub("[^0-9]", "", number)))
        for prefix in ("", *entities):
            for guess in ("", DEMO_KEY, "wardhouse", "secret"):
                guesses.add(key_of(guess, prefix + number))
            for method in ("sha256", "md5"):
                digest = hashlib.new(method, (prefix + number).encode()).hexdigest()
                guesses |= {int(digest[:16], 16), int(digest[:16], 16) >> 1}
    assert not keys & guesses
    # with the secret the same trial finds them all: the trial is not blind
    assert keys <= {key_of(secret, prefix + number) for prefix in entities for number in ids}


@pytest.mark.parametrize("key", ["short", "hunter2hunter2", "a" * 40, "abab" * 10])
def test_a_weak_key_is_refused(key, tmp_path, monkeypatch):
    monkeypatch.setenv(KEY_VARIABLE, key)
    with pytest.raises(UserError, match="too easy to guess") as caught:
        hash_key(tmp_path, tmp_path)
    assert key not in str(caught.value)


def test_the_public_key_of_the_demo_is_no_key_for_own_data(tmp_path, monkeypatch):
    monkeypatch.setenv(KEY_VARIABLE, DEMO_KEY)
    assert hash_key(None, tmp_path) == DEMO_KEY
    with pytest.raises(UserError, match="public one of the demo"):
        hash_key(tmp_path, tmp_path)


# The worklist


def run_worklist(build, *arguments: str, **changes: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "scripts/worklist.py", *arguments],
        cwd=ROOT, env=build.environment | changes, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_every_published_key_goes_back_to_its_record(hostile, tmp_path):
    """All keys of all facts, and each found id is the one that the key was made from."""
    keys = sorted(published_keys(hostile.build.published))
    listed = tmp_path / "keys.txt"
    listed.write_text("\n".join(map(str, keys)))
    output = tmp_path / "list.csv"
    before = os.umask(0)
    try:
        done = run_worklist(hostile.build, "--file", str(listed), "--output", str(output))
    finally:
        os.umask(before)
    assert done.returncode == 0, done.stderr
    assert stat.S_IMODE(output.stat().st_mode) == 0o600
    assert not found_in((done.stdout + done.stderr).encode(), hostile.identifiers.all())
    with output.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["key"] != "-1"]
    assert len(rows) == len(keys) - 1 and all(row["source_id"] for row in rows)
    ((secret,),) = hostile.build.query("select secret from private.hash_key")
    for row in rows:
        text = f"{row['source_system']}|{row['entity']}|{row['source_id']}"
        assert key_of(secret, text) == int(row["key"])


def test_the_worklist_takes_a_query_and_disarms_formulas(hostile):
    query = (
        "select appointment_key, patient_key, '=1+1' as note, lead_days from marts.fct_appointments"
        " order by appointment_key limit 3"
    )
    done = run_worklist(hostile.build, "--sql", query)
    assert done.returncode == 0, done.stderr
    path = hostile.folder / "build" / worklist.LIST_NAME
    rows = list(csv.DictReader(io.StringIO(path.read_text())))
    assert len(rows) == 3 and stat.S_IMODE(path.stat().st_mode) == 0o600
    assert all(row["appointment_source_id"].startswith("AZQ") for row in rows)
    assert all(row["patient_source_id"].startswith("PZQ") for row in rows)
    assert {row["note"] for row in rows} == {"'=1+1"}
    path.unlink()


@pytest.mark.parametrize(
    ("arguments", "changes", "line"),
    [
        (["12345"], {}, "none of 1 keys is of this build"),
        (["x"], {}, "not a key, argument 1"),
        ([], {}, "give keys, --file or --sql"),
        (["--sql", "select 1 as a"], {}, "no column ends in _key"),
        (["--sql", "selekt"], {}, "the query failed"),
        (["--file", "/nowhere/keys"], {}, "no readable list of keys"),
        (["1"], {KEY_VARIABLE: "another long enough key"}, "the key has changed"),
        (["1"], {"WARDHOUSE_BUILD_DIR": "/nowhere"}, "no private database"),
        (["-1", "--output", "/nowhere/list"], {}, "cannot be written"),
    ],
)
def test_the_worklist_says_one_line(hostile, arguments, changes, line):
    if arguments[:1] == ["-1"]:
        arguments = ["--output", arguments[2], "--", "-1"]
    done = run_worklist(hostile.build, *arguments, **changes)
    assert done.returncode == 2 and done.stdout == ""
    assert line in done.stderr and done.stderr.count("\n") == 1


def test_the_worklist_is_its_owners(monkeypatch, tmp_path):
    monkeypatch.setenv("WARDHOUSE_BUILD_DIR", str(tmp_path))
    (tmp_path / "wardhouse_private.duckdb").write_bytes(b"")
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(UserError, match="another user's"):
        worklist.open_private()


# Ages


def test_ages_of_ninety_and_over_are_one_band_everywhere(hostile):
    """The hostile people are 0 to 110 years old, one of each age in every system."""
    bands = {}
    for column, values in texts(hostile.build.published).items():
        # an age or a range of ages: 90, 90+, 95-99; not the year of a week or a date
        bands[column] = {v for v in values if re.fullmatch(r"\d{1,3}(\+|-\d{1,3})?", v)}
    old = {
        (table, column, value)
        for (table, column), values in bands.items()
        for value in values
        if int(re.match(r"\d+", value)[0]) > 90 or re.match("90-", value)
    }
    assert not old, old
    for table in ("dim_patients", "fct_appointments", "fct_episodes", "fct_cancer_cases"):
        assert {"00-04", "80-84", "85+"} <= bands[table, "age_band"], table
    assert "85+" in bands["kpi_patient_demographics", "value"]
    with duckdb.connect(str(hostile.build.published), read_only=True) as connection:
        rows = connection.execute(
            "select age_band, count(*) from marts.dim_patients"
            " where source_system = 'cancer_registry' group by 1 order by 1"
        ).fetchall()
    assert len(rows) == 18 and ("85+", 26) in rows  # 85 to 110


def test_no_column_tells_an_age_by_a_difference(hostile):
    """No published number of a person goes up with age beyond 90, and no year is a birth year."""
    with duckdb.connect(str(hostile.build.published), read_only=True) as connection:
        columns = connection.execute(
            "select table_name, column_name from information_schema.columns where table_name in"
            " (select table_name from information_schema.columns where column_name = 'patient_key')"
            " and data_type in ('BIGINT', 'INTEGER', 'DOUBLE', 'DECIMAL(18,2)', 'DECIMAL(6,2)')"
            " and column_name not like '%\\_key' escape '\\'"
        ).fetchall()
        assert len(columns) > 10
        ((secret,),) = hostile.build.query("select secret from private.hash_key")
        connection.execute("create temp table people (patient_key bigint, age int)")
        for system in ("hospital_ops", "care_episodes", "cancer_registry"):
            connection.executemany(
                "insert into people values (?, ?)",
                [
                    (key_of(secret, f"{system}|patient|PZQ{70_000 + age}"), age)
                    for age in hostile_data.AGES
                ],
            )
        for table, column in columns:
            ((number, same),) = connection.execute(
                f"select count(*), count(*) filter (abs(cast({column} as double)) in"
                f" (age, {hostile_data.AS_OF.year} - age)) from marts.{table}"
                " inner join people using (patient_key) where age >= 90"
            ).fetchall()
            assert number and same <= 2, (table, column)  # a chance hit is no rule


# File modes


def modes(folder: Path) -> dict[str, int]:
    return {
        path.relative_to(folder).as_posix(): stat.S_IMODE(path.stat().st_mode)
        for path in [folder, *folder.rglob("*")]
    }


def test_private_files_are_their_owners_whatever_the_umask(hostile):
    """The fixture ran under umask 0, into folders that were open to all."""
    found = modes(hostile.folder / "build")
    assert "wardhouse_private.duckdb" in found and ".wardhouse_key" in found
    assert any(name.startswith("landing/") and name.endswith(".csv") for name in found)
    assert not {name: oct(mode) for name, mode in found.items() if mode & 0o077}
    assert "the build folder was open to others" in hostile.output
    for name in ("logs/dbt.log", "target/run_results.json", "target/compiled"):
        assert stat.S_IMODE((hostile.folder / name).stat().st_mode) & 0o077 == 0, name


def test_the_published_file_is_for_readers(hostile):
    mode = stat.S_IMODE(hostile.build.published.stat().st_mode)
    assert mode == 0o666  # as the umask of the publish has it


def test_overflow_and_log_of_the_database_are_private(tmp_path):
    """While a build runs: the write-ahead log and what does not fit into memory."""
    code = f"""
import sys
from pathlib import Path
from types import SimpleNamespace
sys.path.insert(0, {str(ROOT / "scripts")!r})
import duckdb, raw_door
path = Path({str(tmp_path)!r}) / "build" / "wardhouse_private.duckdb"
raw_door.Plugin("raw_door", {{}}, SimpleNamespace(path=str(path), is_motherduck=False)
    ).update_connection_config(SimpleNamespace(path=str(path), is_motherduck=False), {{}})
with duckdb.connect(str(path)) as db:
    db.execute("set memory_limit = '60MB'; set threads = 1")
    db.execute("create table a (b varchar); insert into a values ('x')")
    db.execute("create table big as select md5(cast(range as varchar)) as b from range(2000000)")
    rows = db.execute("select * from big order by b")
    seen = {{p.name: oct(p.stat().st_mode & 0o777) for p in path.parent.rglob("*")}}
    print(seen, oct(path.parent.stat().st_mode & 0o777))
"""
    before = os.umask(0)
    try:
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=False
        )
    finally:
        os.umask(before)
    assert done.returncode == 0, done.stderr
    assert ".wal" in done.stdout or "tmp" in done.stdout, done.stdout
    assert set(re.findall("0o[0-7]+", done.stdout)) <= {"0o700", "0o600"}, done.stdout


def test_a_folder_that_is_open_is_closed_and_named(tmp_path, capsys):
    folder = tmp_path / "build"
    folder.mkdir()
    folder.chmod(0o755)
    make_private_folder(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    said = capsys.readouterr().err
    assert "open to others (drwxr-xr-x)" in said and said.count("\n") == 1
    make_private_folder(folder)
    assert capsys.readouterr().err == ""


def test_a_shared_folder_is_refused_and_left_alone(tmp_path):
    (tmp_path / "letters.txt").write_text("of somebody else")
    tmp_path.chmod(0o755)
    with pytest.raises(UserError, match="open to others .*WARDHOUSE_BUILD_DIR"):
        make_private_folder(tmp_path)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755
