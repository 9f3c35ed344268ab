"""Late, corrected and withdrawn records, delivery by delivery.

After each delivery the facts are those of a folder that holds the surviving versions only, built
from nothing, and the KPI months that changed are those that the delivery touched.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from broken_rows import GOOD_ROWS, VERSION_COLUMNS, good_rows, seed, write_rows
from conftest import WITHOUT_TESTS, Build, run_dbt

OPS = "hospital_ops"
FACTS = {
    "dim_patients": "patient_key",
    "fct_appointments": "appointment_key",
    "fct_treatments": "treatment_key",
    "fct_bills": "bill_key",
    "fct_episodes": "episode_key",
    "fct_cancer_cases": "case_key",
    "fct_team_survey_responses": "response_key",
}
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
    """A raw folder that grows by deliveries, and beside it what ought to survive of it."""

    def __init__(self, folder: Path) -> None:
        """Deliver the good rows."""
        self.folder = folder
        self.number = 0
        self.surviving: dict[tuple[str, str], dict[tuple, dict[str, str]]] = {}
        for (system, table), rows in start().items():
            self.surviving[system, table] = {}
            self.deliver(system, table, "2023-06.csv", rows)

    def deliver(self, system: str, table: str, name: str, rows: Rows, kept: bool = True) -> None:
        """Add a file; kept: whether its versions are the newest."""
        header = [*seed(system, table)[0], *VERSION_COLUMNS]
        write_rows(self.folder / "raw" / system / table / name, header, rows)
        for row in rows if kept else []:
            key = tuple(row[column] for column in KEYS[table])
            if row.get("record_status") == "deleted":
                self.surviving[system, table].pop(key, None)
            else:
                self.surviving[system, table][key] = row

    def build(self) -> tuple[Build, Build]:
        """The growing folder built on, and the surviving versions built from nothing."""
        settings = "as_of_date: 2024-06-01\n"
        (self.folder / "raw" / "wardhouse.yml").write_text(settings)
        self.number += 1
        clean = self.folder / f"clean_{self.number}"
        for (system, table), rows in self.surviving.items():
            path = clean / "raw" / system / table / "all.csv"
            write_rows(path, seed(system, table)[0], map(content, rows.values()))
        (clean / "raw" / "wardhouse.yml").write_text(settings)
        (clean / "build").mkdir()
        # the same key of the ids, so that the same records have the same keys
        shutil.copy(self.folder / "key", clean / "build" / ".wardhouse_key")
        (self.folder / "build").mkdir(exist_ok=True)
        shutil.copy(self.folder / "key", self.folder / "build" / ".wardhouse_key")
        grown = run_models(self.folder)
        return grown, run_models(clean)


def run_models(folder: Path) -> Build:
    """Facts, the KPIs that the test looks at, and what they need."""
    wanted = [f"+{name}" for name in (*FACTS, "dq_reconciliation", "dq_rejected_rows")]
    wanted += ["+kpi_appointment_outcomes_monthly", "+kpi_collections_monthly"]
    build = run_dbt(folder, "build", "-s", *wanted, *WITHOUT_TESTS, raw_dir=folder / "raw")
    assert build.returncode == 0, build.output[-3000:]
    return build


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


@pytest.fixture(scope="module")
def history(tmp_path_factory) -> History:
    """The first delivery."""
    folder = tmp_path_factory.mktemp("late_data")
    (folder / "key").write_text("0" * 64 + "\n")
    return History(folder)


def months(build: Build) -> dict[tuple, tuple]:
    """The rows of the monthly KPIs."""
    found = {}
    for table in ("kpi_appointment_outcomes_monthly", "kpi_collections_monthly"):
        for row in build.records(f"select * from {table} where facility_id = 'all'"):
            found[table, str(row["month"])] = tuple(row.values())
    return found


def assert_alike(grown: Build, clean: Build) -> None:
    """The facts are the same, every raw row is accounted for."""
    for table, key in FACTS.items():
        sql = f"select * from {table} order by {key}, all"
        assert grown.query(sql) == clean.query(sql), table
    differences = "select source_table from dq_reconciliation where difference != 0"
    assert grown.query(differences) == clean.query(differences) == []
    # whatever was rejected was withdrawn: the rows themselves are good
    assert grown.query("select distinct reason from dq_rejected_rows") in (
        [],
        [("deleted_at_source",)],
    )


def test_deliveries_one_after_the_other(history):
    """Corrections, withdrawals, files out of order: each step against a full rebuild."""
    bills = [content(row) for row in start()[OPS, "billing"]]
    visits = [content(row) for row in start()[OPS, "appointments"]]
    january = [row for row in bills if row["bill_date"].startswith("2023-08")]
    grown, clean = history.build()
    assert_alike(grown, clean)
    before = months(grown)

    # 1: late bills and corrected ones, and a period sent again as it was
    late = [{**row, "bill_id": "L" + row["bill_id"]} for row in january[:5]]
    corrected = [{**row, "amount": "777.77", "paid_amount": ""} for row in january[5:9]]
    history.deliver(OPS, "billing", "2023-09.csv", [*late, *corrected])
    history.deliver(OPS, "slots", "2023-07.csv", start()[OPS, "slots"][:50])
    grown, clean = history.build()
    assert_alike(grown, clean)
    now = months(grown)
    assert changed(before, now) == {("kpi_collections_monthly", "2023-08-01")}

    # 2: records withdrawn in every table, some with their key alone, one never seen
    for system, table in GOOD_ROWS:
        rows = start()[system, table]
        gone = [{**row, "record_status": "deleted"} for row in rows[20:23]]
        if len(KEYS[table]) == 1:
            (key,) = KEYS[table]
            gone += [{key: rows[23][key], "record_status": "deleted"}]
            gone += [{key: "NEVER-SEEN", "record_status": "deleted"}]
        history.deliver(system, table, "2023-10.csv", gone)
    before = now
    grown, clean = history.build()
    assert_alike(grown, clean)
    now = months(grown)
    ((withdrawn,),) = grown.query(
        "select count(*) from dq_rejected_rows where source_table = 'billing'"
    )
    assert withdrawn == 5

    # 3: withdrawn records sent again live again
    again = [content(row) for row in start()[OPS, "billing"][20:22]]
    history.deliver(OPS, "billing", "2023-11.csv", again)
    before = now
    grown, clean = history.build()
    assert_alike(grown, clean)
    now = months(grown)
    touched = {row["bill_date"][:7] + "-01" for row in again}
    assert changed(before, now) == {("kpi_collections_monthly", month) for month in touched}

    # 4: a file whose name comes before the others changes nothing ...
    old = [{**row, "status": "No-show"} for row in visits[100:110]]
    history.deliver(OPS, "appointments", "2023-01.csv", old, kept=False)
    # ... unless its rows say that they are newer; and a stale copy by a later name loses to them
    stamped = [
        {**row, "status": "No-show", "record_updated_at": "2024-05-01 10:00:01"}
        for row in visits[200:205]
    ]
    stale = [{**row, "record_updated_at": "2024-05-01T10:00:00Z"} for row in visits[200:205]]
    history.deliver(OPS, "appointments", "2023-02.csv", stamped)
    history.deliver(OPS, "appointments", "2023-12.csv", [*stale, *visits[203:205]], kept=False)
    before = now
    grown, clean = history.build()
    assert_alike(grown, clean)
    touched = {row["appointment_date"][:7] + "-01" for row in visits[200:205]}
    assert changed(before, months(grown)) == {
        ("kpi_appointment_outcomes_monthly", month) for month in touched
    }

    # 5: what is withdrawn with an older stamp than the record's stays
    stay = [{**row, "record_status": "deleted", "record_updated_at": "2024-04-01"}
            for row in visits[200:202]]  # fmt: skip
    history.deliver(OPS, "appointments", "2024-01.csv", stay, kept=False)
    before = months(grown)
    grown, clean = history.build()
    assert_alike(grown, clean)
    assert changed(before, months(grown)) == set()


def changed(before: dict[tuple, tuple], now: dict[tuple, tuple]) -> set[tuple]:
    """Table and month of what is not as it was."""
    return {key for key in before.keys() | now.keys() if before.get(key) != now.get(key)}
