"""Hold the contestants' results against each other: nobody may win by doing less.

Usage: imported by scripts/benchmark.py and its tests; nothing to run.

The floor's facts are the warehouse's, row by row; the cubes of all others are the floor's, by their
number of rows and the sums of their measures.
"""

from __future__ import annotations

import math
from pathlib import Path

import duckdb

FACTS = (
    "fct_appointments", "fct_treatments", "fct_bills", "fct_episodes", "fct_cancer_cases",
    "dim_patients", "dim_doctors",
)  # fmt: skip
# the measures of each cube; its other columns say what each row is of
CUBES = {
    "cube_appointments": [
        "due", "attended", "no_shows", "cancelled", "unresolved", "late_cancellations",
        "lead_known", "lead_days",
    ],
    "cube_demand": ["due", "attended", "no_shows"],
    "cube_treatments": ["treatments", "costs_known", "total_cost"],
    "cube_doctors": [
        "due", "attended", "no_shows", "cancelled", "distinct_days", "total_cost",
    ],
    "cube_medians": ["costs_known", "p25_cost", "median_cost", "p75_cost", "p90_cost"],
    "cube_bills": [
        "bills", "bills_with_amount", "billed_amount", "paid_amount", "open_amount",
    ],
    "cube_episodes": [
        "episodes", "emergency_visits", "separations", "deaths", "costs_known", "total_cost",
        "stays_measured", "stay_days", "evaluable", "successes", "scores", "score_sum",
        "wait_minutes",
    ],
    "cube_cases": ["cases", "deaths", "survival_months"],
    "cube_patients": ["patients"],
}  # fmt: skip
# sums of decimals that were added as binary numbers differ in the last digits
TOLERANCE = 1e-9


def summary_query(cube: str) -> str:
    """A query of one row: the number of rows, then the sum of each measure."""
    sums = ", ".join(f"cast(sum({name}) as double precision) as {name}" for name in CUBES[cube])
    return f"select count(*) as cube_rows, {sums} from {cube}"


REJECTS_QUERY = (
    "select source_table || ' ' || reason as what, count(*) as number from rejects group by 1"
)


def summarise(connection: duckdb.DuckDBPyConnection) -> dict[str, dict[str, float]]:
    """What the cubes and the rejected rows of a DuckDB connection add up to."""
    found = {}
    for cube in CUBES:
        result = connection.execute(summary_query(cube))
        names = [column[0] for column in result.description]
        found[cube] = dict(zip(names, result.fetchone(), strict=True))
    found["rejects"] = dict(connection.execute(REJECTS_QUERY).fetchall())
    return found


def of_database(path: Path) -> dict[str, dict[str, float]]:
    """The same of a DuckDB file."""
    with duckdb.connect(str(path), read_only=True) as connection:
        return summarise(connection)


def of_parquet(folder: Path) -> dict[str, dict[str, float]]:
    """The same of a folder of Parquet files, one a table."""
    with duckdb.connect() as connection:
        for path in folder.glob("*.parquet"):
            connection.execute(f"create view {path.stem} as from '{path}'")
        return summarise(connection)


def differences(bar: dict, other: dict) -> list[str]:
    """Where two summaries differ, one line each."""
    found = []
    for table in bar.keys() | other.keys():
        mine, its = bar.get(table, {}), other.get(table, {})
        for name in sorted(mine.keys() | its.keys()):
            left, right = mine.get(name) or 0, its.get(name) or 0
            if not math.isclose(left, right, rel_tol=TOLERANCE, abs_tol=1e-6):
                found.append(f"{table}.{name}: {left:,.6f} of the floor, {right:,.6f} here")
    return sorted(found)


def fact_differences(floor: Path, warehouse: Path) -> dict[str, tuple[int, int, list[str]]]:
    """For each fact: rows that only the floor has, rows that only the warehouse has, and where.

    The third part names the columns that differ, with their number, where the keys are the same.
    """
    found = {}
    with duckdb.connect() as connection:
        connection.execute(f"attach '{floor}' as floor (read_only)")
        connection.execute(f"attach '{warehouse}' as warehouse (read_only)")
        for fact in FACTS:
            ours = f"warehouse.marts.{fact}"
            columns = [row[0] for row in connection.execute(f"describe {ours}").fetchall()]
            names = ", ".join(columns)
            left, right = f"select {names} from floor.{fact}", f"select {names} from {ours}"
            counts = [
                connection.execute(f"select count(*) from ({one} except all {two})").fetchone()[0]
                for one, two in ((left, right), (right, left))
            ]
            differing = ", ".join(
                f"count(case when a.{name} is distinct from b.{name} then 1 end)"
                for name in columns[1:]
            )
            numbers = connection.execute(
                f"select {differing} from floor.{fact} as a inner join {ours} as b"
                f" on a.{columns[0]} = b.{columns[0]}"
            ).fetchone()
            where = [
                f"{name} ({number:,})"
                for name, number in zip(columns[1:], numbers, strict=True)
                if number
            ]
            found[fact] = (*counts, where)
        rejects = [
            "select source_table, source_file, row_number, reason from floor.rejects",
            "select source_table, source_file, row_number, reason"
            " from warehouse.marts.dq_rejected_rows"
            " where source_table not in ('responses', 'available_beds', 'slots')",
        ]
        found["rejects"] = (
            *(
                connection.execute(f"select count(*) from ({one} except all {two})").fetchone()[0]
                for one, two in (rejects, rejects[::-1])
            ),
            [],
        )
    return found
