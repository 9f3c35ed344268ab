"""Turn published keys back into the record numbers of the source systems, on the private side.

Usage: python scripts/worklist.py KEY ... [--file FILE] [--sql QUERY] [--output FILE]

Keys come as arguments, one a line from a file (`-` is standard input), or from a query on the
published file: its columns called `…_key` are looked up and its other columns kept, for example

    python scripts/worklist.py --sql "select appointment_key, appointment_date, lead_days
        from marts.fct_appointments where outcome = 'unresolved'"

The keys of all raw records are worked out again with the secret of the build. The list names
patients: it is written for its owner only, beside the private database unless told otherwise.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
from collections.abc import Iterable
from pathlib import Path

import duckdb

import settings
from private_side import hash_key
from settings import UserError

LIST_NAME = "worklist.csv"
# What a key is of: source system, entity (as in the models' entity_key), raw table, source id.
# The table is a staging model where the id is put together there.
ENTITIES = (
    ("hospital_ops", "patient", "patients", "trim(patient_id)"),
    ("hospital_ops", "appointment", "appointments", "trim(appointment_id)"),
    ("hospital_ops", "treatment", "treatments", "trim(treatment_id)"),
    ("hospital_ops", "bill", "billing", "trim(bill_id)"),
    ("care_episodes", "episode", "staging.stg_care_episodes__episodes_typed", "natural_key"),
    ("care_episodes", "patient", "episodes", "trim(patient_id)"),
    ("cancer_registry", "case", "cases", "trim(patient_id)"),
    ("cancer_registry", "patient", "cases", "trim(patient_id)"),
    ("team_surveys", "response", "responses", "trim(response_id)"),
)
FOUND_COLUMNS = ("key", "source_system", "entity", "source_id")
# A spreadsheet takes a cell that begins with one of these for a formula.
FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r")
KEYED = (
    "cast(cast('0x' || substr(sha256(? || '|{system}|{entity}|' || id), 1, 16) as ubigint) >> 1"
    " as bigint)"
)


def open_private() -> duckdb.DuckDBPyConnection:
    """The private database, for the one who built it only."""
    path = settings.private_database()
    if not path.exists():
        raise UserError(f"no private database, {path}; run dbt build first")
    if path.stat().st_uid != os.geteuid():
        raise UserError(f"the private database is another user's, {path}; ask its owner")
    try:
        return duckdb.connect(str(path), read_only=True)
    except duckdb.Error as error:
        raise UserError(
            f"the private database cannot be read, {path}; wait until a running build has ended"
        ) from error


def secret_of_build(connection: duckdb.DuckDBPyConnection) -> str:
    """The secret with which the last build made its keys; stops when it is no longer in force."""
    try:
        secret = connection.execute("select secret from private.hash_key").fetchone()[0]
    except (duckdb.Error, TypeError) as error:
        raise UserError(
            f"no build is recorded, {settings.private_database()}; run dbt build first"
        ) from error
    if os.environ.get("WARDHOUSE_KEY") and secret != hash_key(
        settings.raw_dir(), settings.build_dir()
    ):
        raise UserError(
            "the key has changed since the last build, WARDHOUSE_KEY; set the old key again, or "
            "run dbt build and publish: all published keys change"
        )
    return secret


def _relation(connection: duckdb.DuckDBPyConnection, system: str, table: str) -> str | None:
    """Where the raw records are: the user's files, the demo seed, or a staging model."""
    names = [table] if "." in table else [f"raw.{system}__{table}", f"seeds.raw_{system}__{table}"]
    for name in names:
        schema, relation = name.split(".")
        if connection.execute(
            "select 1 from information_schema.tables where table_schema = ? and table_name = ?",
            [schema, relation],
        ).fetchone():
            return name
    return None


def find(connection: duckdb.DuckDBPyConnection, keys: Iterable[int]) -> dict[int, tuple]:
    """The source system, entity and source id of each key that a raw record has."""
    secret = secret_of_build(connection)
    connection.execute("create temp table wanted (key bigint)")
    wanted = sorted({key for key in keys if key >= 0})
    for start in range(0, len(wanted), 10_000):
        connection.execute("insert into wanted select unnest(?)", [wanted[start : start + 10_000]])
    found = {}
    for system, entity, table, id_ in ENTITIES:
        relation = _relation(connection, system, table)
        if relation is None:
            continue
        keyed = KEYED.format(system=system, entity=entity)
        rows = connection.execute(
            f"with ids as (select distinct {id_} as id from {relation}), "
            f"keyed as (select id, {keyed} as key from ids where id is not null) "
            "select key, id from keyed where key in (select key from wanted)",
            [secret],
        ).fetchall()
        found |= {key: (system, entity, id_of) for key, id_of in rows}
    return found


def keys_in(text: Iterable[str], where: str) -> list[int]:
    """Keys from arguments or lines of a file."""
    keys = []
    for line, word in enumerate(text, start=1):
        word = word.strip().strip('",')
        if not word or word.endswith("_key"):
            continue
        if not word.lstrip("-").isascii() or not word.lstrip("-").isdigit() or len(word) > 19:
            raise UserError(f"not a key, {where} {line}; a key is a whole number such as a fact's")
        keys.append(int(word))
    return keys


def ask(sql: str) -> tuple[list[str], list[tuple]]:
    """Columns and rows of a query on the published file."""
    path = settings.published_database()
    if not path.exists():
        raise UserError(f"no published database, {path}; run make warehouse")
    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            result = connection.execute(sql)
            columns = [column[0] for column in result.description or []]
            rows = result.fetchall()
    except duckdb.Error as error:
        reason = str(error).split("\n", 1)[0]
        raise UserError(f"the query failed ({reason}), --sql; correct it") from error
    if not any(name.endswith("_key") for name in columns):
        raise UserError("no column ends in _key, --sql; select the keys to be looked up")
    return columns, rows


def safe(value: object) -> object:
    """A value that no spreadsheet runs as a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_SIGNS) else value


def write(path: Path, header: list[str], rows: Iterable[Iterable]) -> None:
    """Write the list anew, its owner's only from the first byte on."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow([safe(name) for name in header])
            writer.writerows([safe(value) for value in row] for row in rows)
        unfinished.replace(path)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise UserError(
            f"the list cannot be written ({error.strerror}), {path}; name another with --output"
        ) from error


def main(argv: list[str]) -> int:
    """Write the worklist."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("keys", metavar="KEY", nargs="*", help="published keys")
    parser.add_argument("--file", help="a file with one key a line, - for standard input")
    parser.add_argument("--sql", help="a query on the published file with columns called ..._key")
    parser.add_argument("--output", type=Path, help="default: worklist.csv in the build folder")
    arguments = parser.parse_args(argv)
    given = [bool(arguments.keys), arguments.file is not None, arguments.sql is not None]
    if sum(given) != 1:
        raise UserError("give keys, --file or --sql, one of the three; --help shows how")
    output = arguments.output or settings.build_dir() / LIST_NAME
    if arguments.sql is not None:
        columns, rows = ask(arguments.sql)
    else:
        columns = ["key"]
        if arguments.keys:
            keys = keys_in(arguments.keys, "argument")
        else:
            try:
                text = (
                    sys.stdin.read()
                    if arguments.file == "-"
                    else Path(arguments.file).read_text(encoding="utf-8")
                )
            except (OSError, UnicodeDecodeError) as error:
                raise UserError(f"no readable list of keys, {arguments.file}; check it") from error
            keys = keys_in(text.splitlines(), "line")
        rows = [(key,) for key in keys]
    places = [place for place, name in enumerate(columns) if name.endswith("key")]
    asked = {row[place] for row in rows for place in places} - {None}
    if not all(isinstance(key, int) for key in asked):
        raise UserError("a column that ends in _key holds no keys, --sql; rename the other one")
    with open_private() as connection:
        found = find(connection, asked)
    real = {key for key in asked if key >= 0}
    if real and not found:
        raise UserError(
            f"none of {len(real):,} keys is of this build, {settings.private_database()}; the key "
            "of the ids or the data have changed since the publish: publish this build first"
        )
    header = []
    for place, name in enumerate(columns):
        header.append(name)
        if place in places:
            prefix = "" if name == "key" else name.removesuffix("key")
            header += [prefix + column for column in FOUND_COLUMNS[1:]]
    write(output, header, (_looked_up(row, places, found) for row in rows))
    missing = len(real) - len(found)
    more = f"; {missing:,} are of no record of this build" if missing else ""
    print(f"wrote {len(rows):,} rows with {len(found):,} record numbers found to {output}{more}")
    return 0


def _looked_up(row: tuple, places: list[int], found: dict[int, tuple]) -> list:
    cells = []
    for place, value in enumerate(row):
        cells.append(value)
        if place in places:
            cells += found.get(value, ("", "", ""))
    return cells


if __name__ == "__main__":
    settings.run_main(main)
