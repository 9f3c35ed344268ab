"""A private database and a published file in a folder, for tests of the publish step.

Usage: imported by test_publish.py and test_crashes.py

Readers, writers and publishes that are killed are real processes.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

import duckdb

import publish
import shareable

SCRIPTS = Path(publish.__file__).parent
LIMITS = SCRIPTS.parent / "seeds" / "reference" / "publish_limits.csv"
SECRET = "Zebulon-Quillfeather"  # in the private schemas only
UNICODE = "It's \"quoted\"; naïve — 患者 🙂\nsecond line \\ 'end'"
GREEN = {"command": "build", "is_complete": True, "status": "green", "failures": ""}
RULE_COLUMNS = """
    rule_id varchar not null, source_system varchar, source_table varchar, kind varchar,
    reason varchar, rows_tested bigint, rows_failing bigint, failing_share double,
    threshold double, tolerated_rows bigint, status varchar, rationale varchar
"""
# Tables are named after models that exist: the publish leaves out what no model makes.
EVENTS, PLACES, EMPTY, RULES = "fct_appointments", "dim_facilities", "fct_bills", "dq_rule_results"


class House:
    """A private database and a published file in a temporary folder."""

    def __init__(self, root: Path) -> None:
        """Choose the paths; nothing is written yet."""
        self.private = root / "build" / "wardhouse_private.duckdb"
        self.target = root / "ware house" / "wardhouse.duckdb"
        self.environment = {
            **os.environ,
            "WARDHOUSE_BUILD_DIR": str(self.private.parent),
            "WARDHOUSE_WAREHOUSE": str(self.target),
            "PYTHONPATH": str(SCRIPTS),
        }

    def build(self, version: int = 1, rows: int = 3000) -> None:
        """What a green `dbt build` leaves behind; every table carries the version."""
        self.private.parent.mkdir(exist_ok=True)
        self.private.unlink(missing_ok=True)
        with duckdb.connect(str(self.private)) as db:
            db.execute("create schema marts; create schema private; create schema staging")
            db.execute(
                f"""
                create table private.last_build (
                    invocation_id varchar, command varchar, is_complete boolean, data_set varchar,
                    status varchar, nodes bigint, failures varchar
                );
                insert into private.last_build
                values ('id-1', 'build', true, 'demo', 'green', 65, '');
                create schema reference;
                create table reference.publish_limits as
                from read_csv('{LIMITS}', header = true, all_varchar = true);
                alter table reference.publish_limits alter most_change type double;
                alter table reference.publish_limits alter tolerated_rows type bigint;
                create table private.hash_key (secret varchar);
                """
            )
            db.execute(f"create table staging.patients as select '{SECRET}' as first_name")
            db.execute("create view staging.people as select * from staging.patients")
            db.execute(
                f"""
                create table marts.{EVENTS} (
                    version integer not null,
                    row_number integer not null check (row_number >= 0),
                    "group" varchar check ("group" != 'it''s'),
                    "naïve ""odd"" name" varchar default 'x',
                    amount decimal(18, 2), wide decimal(38, 10), ratio double, small float,
                    day date, "at" timestamp, zoned timestamptz, clock time, is_true boolean,
                    huge hugeint, raw blob, uid uuid, spell interval, listed integer[],
                    pair struct(a integer, b varchar),
                    check (ratio is null or (ratio >= 0 and ratio <= 1))
                )
                """
            )
            db.execute(
                f"""
                insert into marts.{EVENTS}
                select
                    {version}, range, 'grün ' || range % 7, nullif('患者 ' || range % 5, '患者 3'),
                    range * {version}, range / 3, (range % 100) / 99, range / 7,
                    date '2020-02-29' + cast(range % 4000 as integer),
                    timestamp '1990-01-01 00:00:00.000001' + to_seconds(range),
                    timestamptz '2024-10-06 02:30:00+11' + to_hours(range % 9),
                    time '07:05' + to_seconds(range % 600), range % 3 = 0,
                    range * 100000000000000000000, encode(md5(cast(range as varchar))),
                    cast(md5(cast(range as varchar)) as uuid), to_days(cast(range % 9 as integer)),
                    [range, null], {{'a': range, 'b': nullif('b' || range % 2, 'b1')}}
                from range({rows})
                order by hash(range)
                """
            )
            db.execute(
                f"""
                create table marts.{PLACES} (facility_id varchar primary key, version integer);
                insert into marts.{PLACES} values ('unknown', {version}), ('all', {version});
                create table marts.{EMPTY} (bill_key bigint not null);
                create table marts.{RULES} ({RULE_COLUMNS});
                insert into marts.{RULES} values
                    ('rejected_missing_key', 'hospital_ops', 'patients', 'rejected', 'missing_key',
                     1000, 2, 0.002, 0.01, 5, 'within threshold', 'no key')
                """
            )
            for what in (f"table marts.{EVENTS}", f'column marts.{EVENTS}."naïve ""odd"" name"'):
                db.execute(f"comment on {what} is {publish.literal(UNICODE)}")
            db.execute(f"comment on column marts.{EMPTY}.bill_key is ''")

    def change(self, sql: str) -> None:
        """Change the private database."""
        with duckdb.connect(str(self.private)) as db:
            db.execute(sql)

    def set_version(self, version: int) -> None:
        """A new build: another version, and an amount in proportion to it."""
        self.change(
            f"update marts.{EVENTS} set version = {version}, amount = row_number * {version};"
            f"update marts.{PLACES} set version = {version}"
        )

    def set_build(self, **values: object) -> None:
        """Another last build."""
        row = {**GREEN, **values}
        self.change(
            "update private.last_build set "
            + ", ".join(
                f"{name} = {value if isinstance(value, bool) else publish.literal(value)}"
                for name, value in row.items()
            )
        )

    def state(self) -> tuple:
        """The published file as it lies on the disk."""
        status = self.target.stat()
        digest = hashlib.sha256(self.target.read_bytes()).hexdigest()
        return digest, status.st_ino, status.st_mtime_ns

    def version(self) -> int:
        """The one version that a new reader sees."""
        with duckdb.connect(str(self.target), read_only=True) as db:
            ((version,),) = db.execute(
                f"select distinct version from marts.{EVENTS} union "
                f"select distinct version from marts.{PLACES}"
            ).fetchall()
        return version

    def leftovers(self) -> list[str]:
        """Whatever lies beside the published file, the lock and the kept publishes."""
        known = {
            self.target.name,
            shareable.beside(self.target).name,
            publish.LOCK_NAME,
            publish.history.FOLDER,
        }
        return sorted({path.name for path in self.target.parent.iterdir()} - known)

    def run(self, code: str | None = None, **options: object) -> subprocess.CompletedProcess:
        """Publish in a process of its own, with changes made to the module first."""
        return subprocess.run(self._command(code), **self._options(options), timeout=60)

    def begin(self, code: str | None = None) -> subprocess.Popen:
        """Begin to publish in a process of its own, the leader of a process group."""
        return subprocess.Popen(self._command(code), **self._options({"start_new_session": True}))

    def start(self, code: str | None = None) -> subprocess.Popen:
        """Begin to publish in a process of its own, and wait for its temporary folder."""
        process = self.begin(code)
        while not any(self.target.parent.glob(".publish-*")):
            assert process.poll() is None, process.communicate()
            time.sleep(0.002)
        return process

    def _command(self, code: str | None) -> list[str]:
        if code is None:
            return [sys.executable, str(SCRIPTS / "publish.py")]
        run = "import os, signal, time, publish, settings\n"
        return [sys.executable, "-c", f"{run}{code}\nsettings.run_main(publish.main)"]

    def _options(self, options: dict) -> dict:
        pipe = subprocess.PIPE
        return {"stdout": pipe, "stderr": pipe, "text": True, "env": self.environment, **options}


def open_in_another_process(path: Path, read_only: bool) -> subprocess.Popen:
    """A process that holds a database and, on each line of input, says what it sees."""
    code = (
        "import duckdb, sys\n"
        f"db = duckdb.connect(sys.argv[1], read_only={read_only})\n"
        "print('open', flush=True)\n"
        "for line in sys.stdin:\n"
        "    row = db.execute('select min(version), max(version), sum(amount) / sum(row_number) "
        f"from marts.{EVENTS}').fetchone()\n"
        "    print(*(float(value) for value in row), flush=True)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "open\n"
    return process
