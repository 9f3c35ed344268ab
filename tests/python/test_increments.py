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

    def start(self, *arguments: str, with_tests: bool = False) -> subprocess.Popen:
        """Start a build, without tests if not said otherwise."""
        left_out = ("--exclude-resource-type", "unit_test", *(() if with_tests else ("test",)))
        return subprocess.Popen(
            [str(DBT), "--quiet", "build", *left_out, *arguments],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def build(self, *arguments: str, with_tests: bool = False) -> None:
        """A build that must succeed."""
        with self.start(*arguments, with_tests=with_tests) as process:
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

    def execute(self, sql: str) -> None:
        """Change something in the private database by hand."""
        with duckdb.connect(str(self.private)) as db:
            db.execute(sql)

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
    # another word in a seed as it stands in the database: what reads it anew, and all that follows
    ours.execute("insert into reference.code_map values ('hospital_ops', 'status', 'x', 'no_show')")
    ours.build("--select", "stg_hospital_ops__appointments", "fct_appointments")
    assert ours.built_whole() == {"stg_hospital_ops__appointments", "fct_appointments"}
    # a version without increments built in between: everything anew
    ours.execute("update private.last_build set invocation_id = 'of another version'")
    ours.build(*EVENTS)
    assert ours.built_whole() == whole


def test_data_tests_look_at_the_rows_that_came(tmp_path):
    """A bill without its treatment is no broken relation; a wrong row in the log is found."""
    loads = Loads(tmp_path / "raw", seed=1, size=30)
    ours = Warehouse(tmp_path / "ours", loads)
    bills = ("--select", "reference", "+fct_bills")
    ours.build(*bills)
    ours.execute("update private.builds set is_green = true")
    (loads.folder / "hospital_ops/billing/2-day.csv").write_text(
        "bill_id,patient_id,treatment_id,bill_date,amount,payment_method,payment_status\n"
        "B901,P1,T9001,2024-02-01,10,Cash,Paid\n"
    )
    # buildable: the tests that ask for no more than these models and what is above them
    tested = (
        "--indirect-selection",
        "buildable",
        "--select",
        "stg_hospital_ops__billing",
        "fct_bills",
    )
    ours.build(*tested, with_tests=True)
    assert ours.query("select count(*) from changes.fct_bills") == [(1,)]
    ours.execute("update changes.fct_bills set payment_status = 'nonsense'")
    with pytest.raises(AssertionError, match="accepted_values_fct_bills_payment_status"):
        ours.build(*tested, with_tests=True)
    ours.execute("update changes.fct_bills set payment_status = 'paid'")
    ours.execute(
        "insert into marts.fct_bills from marts.fct_bills where billed_amount = 10 limit 1"
    )
    with pytest.raises(AssertionError, match="unique_key_fct_bills_bill_key"):
        ours.build(*tested, with_tests=True)


@pytest.mark.soak
def test_other_settings_build_everything_anew(tmp_path):
    """Also a day as YAML reads it."""
    ours = Warehouse(tmp_path / "ours", Loads(tmp_path / "raw", seed=2, size=30))
    ours.build(*EVENTS)
    whole = ours.built_whole()
    ours.build(*EVENTS, "--vars", "{as_of_date: 2024-03-01}")
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
