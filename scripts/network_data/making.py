"""Make the files of a network, month by month: DuckDB draws and writes, Python only plans.

Usage: imported by scripts/generate_network.py; nothing to run.

Each worker has a database of its own in memory with one thread, so that rows come in the same
order in every run; a month needs nothing of another month.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import duckdb

from demo_data import team_surveys
from demo_data.care_people import CARE_FACILITIES
from network_data import (
    appointments,
    beds,
    care,
    care_paths,
    care_rows,
    people,
    registry,
    treatments,
)
from network_data.dirt import Faults
from network_data.world import (
    World,
    arrivals,
    care_places,
    doctor_id,
    hour_lists,
    month_start,
    months_of_data,
    tickets,
)

PEOPLE_AT_ONCE = 300_000
APPOINTMENTS_IN_A_FILE = 1_000_000
CHANGED, NEW = "is_changed", "is_new"
Flags = dict[str, str]  # queries of counts


@dataclass
class Maker:
    """One worker: its database, where it writes, and what it has counted."""

    world: World
    folder: Path
    form: str
    memory: str = "1500MB"
    spill: Path | None = None
    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    has_paths: bool = False
    written: int = 0
    say: Callable[[str], None] = lambda text: None
    gathered: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Open a database and put the plan of the network in it."""
        config = {"threads": "1", "memory_limit": self.memory}
        if self.spill is not None:
            self.spill.mkdir(parents=True, exist_ok=True)
            config["temp_directory"] = str(self.spill)
        self.db = duckdb.connect(config=config)
        self.db.execute("set enable_progress_bar = false")
        self._plan()

    def _plan(self) -> None:
        world, db = self.world, self.db
        self._load(
            "days",
            "day date, count bigint, first bigint",
            [(one.day, one.count, one.first) for one in world.days],
        )
        self._load(
            "places",
            "place integer, name varchar, region varchar, first_patient bigint, people bigint",
            [(p.number, p.name, p.region, p.first_patient, p.patients) for p in world.places],
        )
        self._load(
            "doctors",
            "doctor integer, doctor_id varchar, place integer, specialty varchar,"
            " slot_minutes integer, is_for_children boolean, tickets integer",
            [
                (
                    d.number,
                    doctor_id(d.number),
                    d.place,
                    d.specialty,
                    d.slot_minutes,
                    d.specialty == "Paediatrics",
                    d.tickets,
                )
                for d in world.doctors
            ],
        )
        db.execute(
            """
            create temp table tickets as
            select row_number() over (order by doctor, ticket) - 1 as ticket, doctor, place
            from (select doctor, place, unnest(range(tickets)) as ticket from doctors)
            """
        )
        lists = hour_lists(world.seed, world.slot_variants)
        self._load(
            "hours",
            "slot_minutes integer, is_monday boolean, c integer, variant integer, minutes int[]",
            lists,
        )
        db.execute(
            "alter table hours add column most integer;"
            "update hours set most = (select max(c) from hours as h"
            " where h.slot_minutes = hours.slot_minutes)"
        )
        self._load(
            "care_places",
            "place integer, name varchar, region varchar, tickets integer",
            [
                (number, name, region, tickets(share))
                for number, (name, region, share) in enumerate(care_places(world))
            ],
        )
        db.execute(
            """
            create temp table care_tickets as
            select row_number() over (order by place, ticket) - 1 as ticket, place
            from (select place, unnest(range(tickets)) as ticket from care_places)
            """
        )
        names = ", ".join(
            f"({number}, '{place.name}', {tickets(place.share)})"
            for number, place in enumerate(CARE_FACILITIES)
        )
        db.execute(
            f"""
            create temp table case_tickets as
            select row_number() over (order by place, ticket) - 1 as ticket, name
            from (
                select place, name, unnest(range(tickets)) as ticket
                from (values {names}) as t(place, name, tickets)
            )
            """
        )
        self._load("arrivals", "day date, first bigint, count bigint", arrivals(world))

    def _load(self, table: str, columns: str, values: list) -> None:
        self.db.execute(f"create temp table {table} ({columns})")
        # many rows at once: one statement for each thousand
        for start in range(0, len(values), 1000):
            some = values[start : start + 1000]
            text = ", ".join(
                "(" + ", ".join(_literal(value) for value in row) + ")" for row in some
            )
            self.db.execute(f"insert into {table} values {text}")

    def write(self, system: str, table: str, name: str, query: str) -> int:
        """Write one file; gives its rows."""
        if self.world.day is not None and name != self.delivery:
            return self._gather(system, table, query)
        path = self.folder / system / table / f"{name}.{self.form}"
        path.parent.mkdir(parents=True, exist_ok=True)
        options = (
            "format parquet, compression snappy"
            if self.form == "parquet"
            else ("format csv, header")
        )
        target = str(path).replace("'", "''")
        rows = self.db.execute(f"copy ({query}) to '{target}' ({options})").fetchone()[0]
        self.add(f"{system}.{table}", "rows", rows)
        self.written += rows
        self.say(f"{system}/{table}/{name}: {rows:,} rows")
        return rows

    @property
    def delivery(self) -> str:
        """How the files of a day's delivery are called: after all those of the history."""
        return f"delivered-{self.world.day}"

    def _gather(self, system: str, table: str, query: str) -> int:
        """Keep rows of a delivery until all of them are there."""
        name = f"{system}__{table}"
        if name in self.gathered:
            found = self.db.execute(f"insert into {name} {query}").fetchone()[0]
        else:
            self.db.execute(f"create temp table {name} as {query}")
            found = self.db.execute(f"select count(*) from {name}").fetchone()[0]
            self.gathered.append(name)
        return found

    def deliver(self) -> None:
        """Write what has been gathered, one file for each table that has rows."""
        for name in self.gathered:
            if self.db.execute(f"select count(*) from {name}").fetchone()[0]:
                system, table = name.split("__")
                self.write(system, table, self.delivery, f"select * from {name}")
            self.db.execute(f"drop table {name}")
        self.gathered.clear()

    def add(self, table: str, what: str, count: int) -> None:
        """Count something of a table."""
        found = self.counts.setdefault(table, {})
        found[what] = found.get(what, 0) + count

    def add_faults(
        self, table: str, faults: Faults, source: str, where: str, flags: Flags | None = None
    ) -> None:
        """Count the faults of a table by kind, and what the models flag because it is so."""
        if self.world.day is None:
            for name, query in (flags or {}).items():
                self.add(table, name, self.db.execute(query).fetchone()[0])
        for number, count in self.db.execute(faults.counts(source, where)).fetchall():
            one = faults.list[number - 1]
            self.add(table, "/".join(one.name), count)

    # --- hospital operations ------------------------------------------------------------------

    def appointments(self, year: int, month: int, part: int = 0) -> None:
        """Write the appointments, treatments and bills of a month, or of a part of a large one."""
        world, db, name = self.world, self.db, f"{year}-{month:02d}"
        begin, before = month_start(year, month), month_start(year, month, 1)
        parts = self.parts(year, month)
        if parts > 1:
            name += f"-part{part + 1}"
            days = (before - begin).days
            ends = [begin + timedelta(days=days * (part + one) // parts) for one in (0, 1)]
            begin, before = ends
        db.execute(appointments.doctor_days(world, begin, before))
        db.execute(f"create or replace temp table core as {appointments.booked(world)}")
        db.execute(f"create or replace temp table seen as {appointments.seen(world)}")
        db.execute("drop table core")
        if not db.execute("select count(*) from seen").fetchone()[0]:
            return
        self.write("hospital_ops", "appointments", name, appointments.rows(world))
        self.add_faults(
            "hospital_ops.appointments",
            appointments.faults(world),
            "seen",
            CHANGED,
            appointments.natural_flags(world),
        )
        db.execute(f"create or replace temp table given as {treatments.given(world)}")
        db.execute(f"create or replace temp table billed as {treatments.billed(world)}")
        if not db.execute("select count(*) from given").fetchone()[0]:
            return
        self.write("hospital_ops", "treatments", name, treatments.treatment_rows(world))
        self.add_faults(
            "hospital_ops.treatments",
            treatments.treatment_faults(world),
            "given",
            NEW,
            treatments.treatment_flags(world),
        )
        if (year, month) in treatments.RELOADED and world.day is None:
            rows = self.write("hospital_ops", "billing", name, treatments.first_bill_rows(world))
            self.add("hospital_ops.billing", "superseded//superseded", rows)
            name += "-reloaded"
        self.write("hospital_ops", "billing", name, treatments.bill_rows(world))
        self.add_faults(
            "hospital_ops.billing",
            treatments.bill_faults(world),
            "billed",
            CHANGED,
            treatments.bill_flags(world),
        )
        self._forget("seen", "given", "billed")

    def parts(self, year: int, month: int) -> int:
        """In how many files a month is written."""
        begin, before = month_start(year, month), month_start(year, month, 1)
        planned = sum(one.count for one in self.world.days if begin <= one.day < before)
        return max(-(-planned // APPOINTMENTS_IN_A_FILE), 1)

    def patients(self, number: int) -> None:
        """Write one file of patients."""
        first = 1 + number * people.CHUNK
        end = min(first + people.CHUNK, self.world.patients)
        self.db.execute(
            f"create or replace temp table known as {people.known(self.world, first, end)}"
        )
        self.write("hospital_ops", "patients", f"{number:04d}", people.patient_rows(self.world))
        self.add_faults(
            "hospital_ops.patients",
            people.patient_faults(self.world),
            "known",
            CHANGED,
            people.natural_flags(),
        )
        self._forget("known")

    def doctors(self) -> None:
        """Write the file of doctors."""
        world = self.world
        self.db.execute(f"create or replace temp table staff as {people.staff(world)}")
        self.write("hospital_ops", "doctors", "0000", people.doctor_rows(world))
        self.add_faults("hospital_ops.doctors", people.doctor_faults(world), "staff", CHANGED)

    # --- care episodes ------------------------------------------------------------------------

    def people_of(self, begin: date, before: date) -> None:
        """Make all episodes of the people who first come between two days."""
        world, db = self.world, self.db
        first, end = db.execute(
            "select min(first), max(first + count) from arrivals"
            f" where day >= date '{begin}' and day < date '{before}'"
        ).fetchone()
        if first is None:
            return
        db.execute(f"create or replace temp table persons as {care.persons(world, first, end)}")
        db.execute(f"create or replace temp table wanted as {care.first_stay(world)}")
        for step in range(care.STEPS):
            db.execute(f"create or replace temp table step as {care.stay(world)}")
            if step == 0:
                db.execute("create or replace temp table stays as from step")
            else:
                db.execute("insert into stays from step")
            db.execute(f"create or replace temp table wanted as {care.next_stay(world)}")
        # whoever would come once more after the last step does not
        db.execute(f"update stays set next = 'none' where step = {care.STEPS - 1}")
        for name, query in care_paths.tables_of_path(world):
            db.execute(f"create or replace temp table {name} as {query}")
        if not self.has_paths:
            db.execute(f"create temp table paths as {care_paths.path(world)}")
            self.has_paths = True
        else:
            db.execute(f"insert into paths {care_paths.path(world)}")

    def episodes(self, year: int, month: int) -> None:
        """Write the episodes that begin in a month; the people until then are made already."""
        world, db, name = self.world, self.db, f"{year}-{month:02d}"
        first, end = month_start(year, month), month_start(year, month, 1)
        db.execute(f"create or replace temp table seen as {care_rows.seen(world, first, end)}")
        db.execute(f"create or replace temp table paths as from paths where day >= date '{end}'")
        if not db.execute("select count(*) from seen").fetchone()[0]:
            return
        self.write("care_episodes", "episodes", name, care_rows.rows(world))
        self.add_faults("care_episodes.episodes", care_rows.faults(world), "seen", CHANGED)
        if (year, month) in care_rows.RELOADED and world.day is None:
            query = care_rows.reloaded_rows(world)
            rows = self.write("care_episodes", "episodes", name + "-reloaded", query)
            self.add("care_episodes.episodes", "superseded//superseded", rows)

    def care(self, months: list[tuple[int, int]]) -> None:
        """Write the episodes of months that follow each other."""
        world = self.world
        self._forget("paths")
        self.has_paths = False
        a_month = max(world.episodes // len(months_of_data()), 1)
        # the people of many months at once where they are few
        size = max(PEOPLE_AT_ONCE // a_month, 1)
        made_until = month_start(*months[0], -care.MONTHS_BEFORE)
        for place, (year, month) in enumerate(months):
            if made_until <= month_start(year, month):
                last = months[min(place + size, len(months)) - 1]
                begin = made_until
                while begin < month_start(*last, 1):
                    # the months before the first ones are made one by one
                    end = min(month_start(begin.year, begin.month, size), month_start(*last, 1))
                    self.people_of(begin, end)
                    begin = end
                made_until = begin
            self.episodes(year, month)
        self._forget("paths")
        self.deliver()

    def bookings(self, months: list[tuple[int, int]]) -> None:
        """Write the appointments, treatments and bills of several months."""
        for year, month in months:
            for part in range(self.parts(year, month)):
                self.appointments(year, month, part)
        self.deliver()

    def beds(self) -> None:
        """Write the open beds of intensive care and surgery of the last year."""
        self.write("care_episodes", "available_beds", "0000", beds.rows(self.world))

    def surveys(self) -> None:
        """Write the demo's own team surveys: a network of any size asks so many."""
        table = team_surveys.build()[0][0]
        answers = [[row.values[name] or None for name in table.columns] for row in table.rows]
        columns = ", ".join(f"{name} varchar" for name in table.columns)
        self._forget("answers")
        self._load("answers", columns, answers)
        for *_, kind, column, reason in table.manifest():
            self.add("team_surveys.responses", f"{kind}/{column}/{reason}", 1)
        self.write("team_surveys", "responses", "0000", "select * from answers")

    # --- the cancer registry ------------------------------------------------------------------

    def cases(self, year: int) -> None:
        """Write the cases that were diagnosed in a year."""
        world, db = self.world, self.db
        first, end = (registry.first_case(world, date(one, 1, 1)) for one in (year, year + 1))
        db.execute(f"create or replace temp table seen as {registry.seen(world, first, end)}")
        if not db.execute("select count(*) from seen").fetchone()[0]:
            return
        self.write("cancer_registry", "cases", str(year), registry.rows(world))
        self.add_faults("cancer_registry.cases", registry.faults(world), "seen", CHANGED)

    def _forget(self, *tables: str) -> None:
        for table in tables:
            self.db.execute(f"drop table if exists {table}")


def _literal(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, date):
        return f"date '{value}'"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return str(value)
