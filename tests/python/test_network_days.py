"""Networks of any size: what one day brings, and what is known on the morning after it.

Usage: pytest tests/python/test_network_days.py
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest

from network_data import making
from network_data.world import World
from network_fixtures import SIZE

DAY = date(2026, 6, 30)
KEYS = {
    "hospital_ops/appointments": "appointment_id",
    "hospital_ops/treatments": "treatment_id",
    "hospital_ops/billing": "bill_id",
    "hospital_ops/patients": "patient_id",
    "hospital_ops/doctors": "doctor_id",
    "care_episodes/episodes": "episode_id",
    "care_episodes/available_beds": "facility || department || date",
    "cancer_registry/cases": "patient_id",
}


def make(folder: Path, **world) -> None:
    """What the systems know of the last months."""
    as_of, day = world.get("as_of", DAY), world.get("day")
    one = World(SIZE, SIZE // 5, SIZE // 50, as_of=as_of, day=day)
    maker = making.Maker(one, folder, "parquet")
    maker.bookings([(2025, 8), (2026, 2), (2026, 6), (2026, 7), (2026, 8), (2026, 9)])
    maker.care([(2026, 5), (2026, 6)])
    maker.patients(0)
    maker.doctors()
    maker.cases(2025)
    maker.cases(2026)
    maker.beds()
    maker.deliver()


@pytest.fixture(scope="module")
def mornings(tmp_path_factory) -> tuple[Path, Path, Path]:
    """What is known on one morning, what that day brings, and what is known on the next."""
    folder = tmp_path_factory.mktemp("mornings")
    before, day, after = folder / "before", folder / "day", folder / "after"
    make(before)
    make(day, day=DAY, as_of=DAY + timedelta(days=1))
    make(after, as_of=DAY + timedelta(days=1))
    return before, day, after


@pytest.mark.parametrize("table", KEYS)
def test_a_morning_and_its_day_are_the_next_morning(mornings, table):
    before, day, after = mornings
    key = KEYS[table]
    names = [one[0] for one in duckdb.sql(f"from '{before}/{table}/*.parquet' limit 0").description]
    columns = ", ".join(names)

    def newest(*folders: Path) -> str:
        """Rows by the rule of versions: the later file by name, else the later row."""
        found = " union all by name ".join(
            f"select * from read_parquet('{folder}/{table}/*.parquet', filename = true,"
            " file_row_number = true, union_by_name = true)"
            for folder in folders
        )
        # the name of the file alone decides, as if all were in one folder
        status = "record_status is distinct from 'deleted'" if len(folders) > 1 else "true"
        return f"""
            select {columns} from (
                select *, row_number() over (partition by {key} order by
                    split_part(parse_filename(filename), '.', 1) desc, file_row_number desc
                ) as place
                from ({found})
                where coalesce({key}, '') != '' and {key} not ilike '%total%'
            ) where place = 1 and {status}
        """

    brought = duckdb.sql(f"select count(*) from '{day}/{table}/*.parquet'").fetchone()[0]
    assert brought > 0
    difference = duckdb.sql(
        f"(({newest(before, day)}) except all ({newest(after)})) union all"
        f" (({newest(after)}) except all ({newest(before, day)}))"
    ).fetchall()
    assert difference == []
    assert (
        duckdb.sql(
            f"({newest(after)}) except all ({newest(before)})",
        ).fetchall()
        != []
    )


def test_a_day_brings_late_rows_corrections_and_deletions(tmp_path):
    world = World(300_000, 0, 0, day=DAY, as_of=DAY + timedelta(days=1))
    maker = making.Maker(world, tmp_path, "parquet")
    maker.bookings([(2025, 8), (2025, 9), (2025, 10), (2025, 12), (2026, 2), (2026, 3), (2026, 6)])
    files = f"'{tmp_path}/hospital_ops/appointments/delivered-2026-06-30.parquet'"
    found = duckdb.sql(
        f"""
        select
            count(*) filter (appointment_date between '2026-05-31' and '2026-06-29'),
            count(*) filter (appointment_date < '2026-05-31' and record_status is null
                and status = 'Completed' and reason_for_visit is not null),
            count(*) filter (record_status = 'deleted'),
            count(*) filter (appointment_date = '2026-06-30')
        from {files}
        """
    ).fetchone()
    late, corrected, deleted, that_day = found
    # of the appointments of six months two in a hundred are corrected, on one day in 335
    assert late > 0 and 1 < corrected < 12 and deleted > 0
    assert that_day > 20 * late
