"""A warehouse that is brought up to date day by day is the one that a full build would make."""

from __future__ import annotations

import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

import duckdb
import pytest

from conftest import DBT, ROOT, environment_of
from daily_loads import Loads

NO_TESTS = ("--exclude-resource-type", "test", "unit_test")
KEY = "a key of the test, 4711"
EVENTS = ("--select", "reference", "+config.materialized:incremental")


class Warehouse:
    """A build folder over the raw folder of some loads."""

    def __init__(self, folder: Path, loads: Loads) -> None:
        """Into `folder`, with a key that other warehouses have too."""
        self.folder = folder
        self.environment = environment_of(folder, loads.folder) | {"WARDHOUSE_KEY": KEY}

    @property
    def private(self) -> Path:
        """The private database."""
        return self.folder / "build" / "wardhouse_private.duckdb"

    def start(self, *arguments: str) -> subprocess.Popen:
        """Start a build without tests."""
        return subprocess.Popen(
            [str(DBT), "--quiet", "build", *NO_TESTS, *arguments],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def build(self, *arguments: str) -> None:
        """A build that must succeed."""
        with self.start(*arguments) as process:
            output, _ = process.communicate(timeout=600)
        assert process.returncode == 0, output[-4000:]

    def build_whole(self, *arguments: str) -> Path:
        """What a first build makes of the raw folder as it is now; ours stays as it is.

        In the same place, so that dbt need not read the project again.
        """
        place, kept = self.folder / "build", self.folder / "kept"
        place.rename(kept)
        self.build(*arguments)
        whole = self.folder / "whole"
        shutil.rmtree(whole, ignore_errors=True)
        place.rename(whole)
        kept.rename(place)
        return whole / self.private.name

    def query(self, sql: str) -> list[tuple]:
        """Rows of a query on the private database."""
        with duckdb.connect(str(self.private), read_only=True) as db:
            return db.execute(sql).fetchall()

    def built_whole(self) -> set[str]:
        """The models that the last build made as a whole."""
        return {
            name
            for (name,) in self.query(
                "select model from private.model_states where whole_in = "
                "(select max(build_number) from private.builds)"
            )
        }


def differences(ours: Path, theirs: Path) -> list[str]:
    """Each table that does not hold the same rows in both databases, with how many do not."""
    found = []
    with duckdb.connect() as db:
        db.execute(f"attach '{ours}' as ours (read_only); attach '{theirs}' as theirs (read_only)")
        tables = db.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = 'theirs' "
            "and schema_name in ('staging', 'intermediate', 'marts') order by all"
        ).fetchall()
        assert len(tables) > 15
        for schema, table in tables:
            one, other = (
                db.execute(
                    f"select count(*) from (from {a}.{schema}.{table} except all "
                    f"from {b}.{schema}.{table})"
                ).fetchone()[0]
                for a, b in (("ours", "theirs"), ("theirs", "ours"))
            )
            if one or other:
                found.append(f"{schema}.{table}: {one} only day by day, {other} only in full")
    return found


def test_days_on_a_history_make_the_tables_of_a_full_build(tmp_path):
    """With late rows, corrections, withdrawals, files that go; one day stopped half way."""
    loads = Loads(tmp_path / "raw", seed=7)
    ours = Warehouse(tmp_path / "ours", loads)
    ours.build(*EVENTS)
    whole = ours.built_whole()
    assert {"stg_hospital_ops__appointments", "fct_appointments", "fct_bills"} <= whole
    days = [loads.step()]
    ours.build(*EVENTS)
    assert not ours.built_whole(), "an increment"
    # only some models see the second day: the others find it in the log on the third
    days.append(loads.step())
    ours.build("--select", "staging", "fct_treatments", "int_treatments_tallied")
    days.append(loads.step())
    ours.build(*EVENTS)
    assert not ours.built_whole(), "an increment after one that was cut short"
    assert differences(ours.private, ours.build_whole(*EVENTS)) == [], days
    # nothing came: nothing changes
    ours.build(*EVENTS)
    ((last,),) = ours.query("select max(build_number) from private.builds")
    changes = [name for (name,) in ours.query("select model from private.model_states")]
    for name in set(changes) & {"stg_hospital_ops__billing", "fct_appointments", "dim_patients"}:
        assert ours.query(f"select count(*) from changes.{name} where build_number = {last}") == [
            (0,)
        ]
    # other settings: everything anew
    ours.build(*EVENTS, "--vars", "{late_cancel_hours: 48}")
    assert ours.built_whole() == whole


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(6))
def test_random_days_make_the_tables_of_a_full_build(tmp_path, seed):
    """Every table of the warehouse after each of some days; now and then a day is killed."""
    loads = Loads(tmp_path / "raw", seed=100 + seed)
    chance = random.Random(seed)
    ours = Warehouse(tmp_path / "ours", loads)
    ours.build()
    days = []
    for _ in range(6):
        days.append(loads.step())
        if chance.random() < 0.5:
            with ours.start() as process:
                time.sleep(chance.uniform(4, 25))
                process.send_signal(signal.SIGKILL)
            days.append("killed")
        ours.build()
        assert differences(ours.private, ours.build_whole()) == [], days
