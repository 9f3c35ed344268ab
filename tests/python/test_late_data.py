"""Late, corrected and withdrawn records, delivery by delivery.

After each delivery the facts are those of a folder that holds the surviving versions only, built
from nothing, and the KPI months that changed are those that the delivery touched.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from broken_rows import GOOD_ROWS, VERSION_COLUMNS, good_rows, seed, write_rows
from conftest import WITHOUT_TESTS, run_dbt

OPS = "hospital_ops"
KPIS = ("kpi_appointment_outcomes_monthly", "kpi_collections_monthly")
FACTS = (
    "dim_patients",
    "fct_appointments",
    "fct_treatments",
    "fct_bills",
    "fct_episodes",
    "fct_cancer_cases",
    "fct_team_survey_responses",
)
KEYS = {
    "patients": ("patient_id",),
    "doctors": ("doctor_id",),
    "appointments": ("appointment_id",),
    "treatments": ("treatment_id",),
    "billing": ("bill_id",),
    "slots": ("doctor_id", "start_at"),
    "episodes": ("episode_id",),
    "available_beds": ("facility", "department", "date"),
    "cases": ("patient_id",),
    "responses": ("response_id",),
}
SMALL = {"appointments": 1500, "episodes": 600, "cases": 300, "responses": 200}
Rows = list[dict[str, str]]


class History:
    """Deliveries that pile up in a folder, and beside them what ought to survive of them."""

    def __init__(self, folder: Path) -> None:
        """Deliver the good rows."""
        self.folder = folder
        self.surviving: dict[tuple[str, str], dict[tuple, dict[str, str]]] = {}
        # one key of the ids throughout, so that the same records have the same keys
        (folder / "build").mkdir()
        (folder / "build" / ".wardhouse_key").write_text("0" * 64 + "\n")
        for (system, table), rows in start().items():
            self.surviving[system, table] = {}
            self.deliver(system, table, "2023-06.csv", rows)

    def deliver(self, system: str, table: str, name: str, rows: Rows, kept: bool = True) -> None:
        """Add a file; kept: whether its versions are the newest."""
        header = [*seed(system, table)[0], *VERSION_COLUMNS]
        write_rows(self.folder / "delivered" / system / table / name, header, rows)
        for row in rows if kept else []:
            key = tuple(row[column] for column in KEYS[table])
            if key == ("",):  # an episode without a number is known by what it is
                key = tuple(row.values())
            if row.get("record_status") == "deleted":
                self.surviving[system, table].pop(key, None)
            else:
                self.surviving[system, table][key] = row

    def build(self) -> tuple[Outcome, Outcome]:
        """What comes of all deliveries, and of the surviving versions alone."""
        clean = self.folder / "clean"
        for (system, table), rows in self.surviving.items():
            path = clean / system / table / "all.csv"
            write_rows(path, seed(system, table)[0], map(content, rows.values()))
        return self.built(self.folder / "delivered"), self.built(clean)

    def built(self, source: Path) -> Outcome:
        """Build from nothing; always from one path, so that dbt need not parse anew."""
        raw = self.folder / "raw"
        shutil.rmtree(raw, ignore_errors=True)
        shutil.copytree(source, raw)
        (raw / "wardhouse.yml").write_text("as_of_date: 2024-06-01\n")
        (self.folder / "build" / "wardhouse_private.duckdb").unlink(missing_ok=True)
        wanted = [f"+{name}" for name in (*FACTS, *KPIS, "dq_reconciliation", "dq_rejected_rows")]
        build = run_dbt(self.folder, "build", "-s", *wanted, *WITHOUT_TESTS, raw_dir=raw)
        assert build.returncode == 0, build.output[-3000:]
        return Outcome(
            facts={table: sorted(map(repr, build.query(f"from {table}"))) for table in FACTS},
            months={
                (table, str(row["month"])): tuple(row.values())
                for table in KPIS
                for row in build.records(f"select * from {table} where facility_id = 'all'")
            },
            rejected=build.query("select source_table, reason from dq_rejected_rows"),
            unreconciled=build.query("select * from dq_reconciliation where difference != 0"),
        )


@dataclass(frozen=True)
class Outcome:
    """What a build made of its raw folder."""

    facts: dict[str, list[str]]
    months: dict[tuple[str, str], tuple]
    rejected: list[tuple]
    unreconciled: list[tuple]


def content(row: dict[str, str]) -> dict[str, str]:
    """A row without what it says of its record."""
    return {name: text for name, text in row.items() if name not in VERSION_COLUMNS}


def start() -> dict[tuple[str, str], Rows]:
    """A small part of the good rows, with their links whole."""
    good = good_rows()
    small = {
        (system, table): good[system, table][: SMALL.get(table, 5000)]
        for system, table in GOOD_ROWS
    }
    booked = {row["appointment_id"] for row in small[OPS, "appointments"]}
    treatments = [r for r in small[OPS, "treatments"] if r["appointment_id"] in booked]
    treated = {row["treatment_id"] for row in treatments}
    bills = [row for row in small[OPS, "billing"] if row["treatment_id"] in treated]
    return small | {(OPS, "treatments"): treatments, (OPS, "billing"): bills}


@pytest.fixture
def history(tmp_path) -> History:
    """The first delivery."""
    return History(tmp_path)


def assert_alike(grown: Outcome, clean: Outcome) -> None:
    """The facts are the same, every raw row is accounted for."""
    for table in FACTS:
        assert len(clean.facts[table]) > 100, table
        assert grown.facts[table] == clean.facts[table], table
    assert grown.months == clean.months
    assert grown.unreconciled == clean.unreconciled == clean.rejected == []
    # whatever was rejected was withdrawn: the rows themselves are good
    assert {reason for _, reason in grown.rejected} <= {"deleted_at_source"}


@pytest.mark.soak
def test_a_history_of_deliveries(history):
    """Everything that may come late, at once: the facts are those of what survives."""
    for delivery in DELIVERIES:
        delivery(history)
    grown, clean = history.build()
    assert_alike(grown, clean)
    # five were withdrawn, two of which live again
    assert grown.rejected.count(("billing", "deleted_at_source")) == 3


@pytest.mark.soak
def test_deliveries_one_after_the_other(history):
    """The same step by step; only the KPI months of the records concerned change."""
    grown, clean = history.build()
    assert_alike(grown, clean)
    for delivery in DELIVERIES:
        before = grown
        touched = delivery(history)
        grown, clean = history.build()
        assert_alike(grown, clean)
        assert changed(before, grown) == touched, delivery.__name__


def corrected_and_late(history: History) -> set[tuple]:
    """Late bills and corrected ones, and a period sent again as it was."""
    august = [row for row in start()[OPS, "billing"] if row["bill_date"].startswith("2023-08")]
    late = [{**row, "bill_id": "L" + row["bill_id"]} for row in august[:5]]
    corrected = [{**row, "amount": "777.77", "paid_amount": ""} for row in august[5:9]]
    history.deliver(OPS, "billing", "2023-09.csv", [*late, *corrected])
    history.deliver(OPS, "slots", "2023-06-again.csv", start()[OPS, "slots"][:50])
    return {("kpi_collections_monthly", "2023-08-01")}


def withdrawn(history: History) -> set[tuple]:
    """Records withdrawn in every table, some with their key alone, one that was never seen."""
    touched = set()
    for system, table in GOOD_ROWS:
        rows = start()[system, table]
        gone = [{**row, "record_status": "deleted"} for row in rows[20:23]]
        if len(KEYS[table]) == 1:
            (key,) = KEYS[table]
            gone += [{key: rows[23][key], "record_status": "deleted"}]
            gone += [{key: "NEVER-SEEN", "record_status": "deleted"}]
        history.deliver(system, table, "2023-10.csv", gone)
        touched |= months_of(table, rows[20:24])
    return touched


def alive_again(history: History) -> set[tuple]:
    """Withdrawn records that are sent again live again."""
    again = start()[OPS, "billing"][20:22]
    history.deliver(OPS, "billing", "2023-11.csv", again)
    return months_of("billing", again)


def out_of_order(history: History) -> set[tuple]:
    """A file by an earlier name changes nothing, unless its rows say that they are newer."""
    visits = start()[OPS, "appointments"]
    old = [{**row, "status": "No-show"} for row in visits[100:110]]
    history.deliver(OPS, "appointments", "2023-01.csv", old, kept=False)
    newer = {"status": "No-show", "record_updated_at": "2024-05-01 10:00:01"}
    stamped = [{**row, **newer} for row in visits[200:205]]
    # a stale copy by a later name, with an older stamp or none, loses to them
    stale = [{**row, "record_updated_at": "2024-05-01T10:00:00Z"} for row in visits[200:205]]
    history.deliver(OPS, "appointments", "2023-02.csv", stamped)
    history.deliver(OPS, "appointments", "2023-12.csv", [*stale, *visits[203:205]], kept=False)
    # whether a bill was for care that took place follows the appointment
    return months_of("appointments", visits[200:205]) | months_of(
        "billing", bills_of(visits[200:205])
    )


def withdrawn_before(history: History) -> set[tuple]:
    """What is withdrawn with an older stamp than the record has stays."""
    gone = {"record_status": "deleted", "record_updated_at": "2024-04-01"}
    stay = [{**row, **gone} for row in start()[OPS, "appointments"][200:202]]
    history.deliver(OPS, "appointments", "2024-01.csv", stay, kept=False)
    return set()


DELIVERIES = [corrected_and_late, withdrawn, alive_again, out_of_order, withdrawn_before]


def bills_of(visits: Rows) -> Rows:
    """The bills of what was done at appointments."""
    good = start()
    ids = {row["appointment_id"] for row in visits}
    done = {r["treatment_id"] for r in good[OPS, "treatments"] if r["appointment_id"] in ids}
    return [row for row in good[OPS, "billing"] if row["treatment_id"] in done]


def months_of(table: str, rows: Rows) -> set[tuple]:
    """The months of the monthly KPIs to which records belong."""
    watched = {
        "appointments": ("kpi_appointment_outcomes_monthly", "appointment_date"),
        "billing": ("kpi_collections_monthly", "bill_date"),
    }
    if table not in watched:
        return set()
    kpi, column = watched[table]
    return {(kpi, row[column][:7] + "-01") for row in rows}


def changed(before: Outcome, now: Outcome) -> set[tuple]:
    """Table and month of what is not as it was."""
    months = before.months.keys() | now.months.keys()
    return {key for key in months if before.months.get(key) != now.months.get(key)}
