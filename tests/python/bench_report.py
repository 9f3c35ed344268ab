"""Measure the report in headless Chromium: size, seconds until usable, milliseconds of a filter.

Usage: python tests/python/bench_report.py [REPORT ...] [--rows N] [--settings N] [--seed N]

Without REPORT it takes the report of the settings (report/index.html). With --rows it also writes
and measures a report of the published database with cubes made as large as N rows, of invented
further facilities and doctors. Budgets: 5 MB, 1 s (2 s at 150,000 rows), 100 ms at the median.
Timing is for a quiet machine, so no test asserts it.
"""

from __future__ import annotations

import argparse
import random
import shutil
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import duckdb

import report_browser
from report_browser import Opened

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"
sys.path.insert(0, str(SCRIPTS))

import build_report  # noqa: E402
import report_cubes  # noqa: E402
import settings  # noqa: E402
from settings import UserError  # noqa: E402

OPENINGS = 5
FILTER_NAMES = ("facility", "department", "doctor", "from", "to", "compare")


def cube_rows(connection: duckdb.DuckDBPyConnection) -> int:
    """How many rows the report's cubes have, before any is made coarser."""
    loaded = report_cubes.load(connection, is_shareable=False, budget=sys.maxsize)
    return sum(cube.rows for cube in loaded.values())


def enlarge(source: Path, target: Path, rows: int) -> None:
    """Copy a published database and add facilities and doctors until its cubes have `rows` rows."""
    shutil.copy(source, target)
    with duckdb.connect(str(target)) as connection:
        tables = [
            name
            for (name,) in connection.execute(
                "select distinct table_name from duckdb_columns() where schema_name = 'marts'"
                " and column_name = 'facility_id' and table_name like 'report_%'"
                " and not table_name in ('report_patients', 'report_cost_medians')"
            ).fetchall()
        ]
        doctors = {
            name
            for (name,) in connection.execute(
                "select table_name from duckdb_columns() where column_name = 'doctor_id'"
            ).fetchall()
        }
        for table in tables:
            connection.execute(f"create temp table first_{table} as from marts.{table}")
        number, missing = 0, rows - cube_rows(connection)
        while tables and missing > 0:
            number += 1
            for table in tables:
                doctor = f", doctor_id || ' {number}' as doctor_id" if table in doctors else ""
                # no more than are missing: above its budget the report makes cubes coarser
                connection.execute(
                    f"insert into marts.{table} select * replace"
                    f" (facility_id || ' {number}' as facility_id{doctor}) from first_{table}"
                    f" where facility_id not in ('all', 'unknown') limit {max(missing, 0)}"
                )
                missing = rows - cube_rows(connection)


def random_settings(opened: Opened, count: int, seed: int) -> list[dict[str, str]]:
    """Filter settings as people make them: each filter set in half of them."""
    chance = random.Random(seed)
    offered = report_browser.choices(opened)
    return [
        {name: chance.choice(offered[name]) for name in FILTER_NAMES if chance.random() < 0.5}
        for _ in range(count)
    ]


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which a share of the others lies."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def measure(path: Path, count: int, seed: int) -> str:
    """One line of results for a report."""
    usable = []
    with (
        tempfile.TemporaryDirectory() as folder,
        report_browser.started(Path(folder)) as browser,
    ):
        for _ in range(OPENINGS):
            opened = report_browser.new_page(browser, path)
            usable.append(report_browser.seconds_to_usable(opened))
            opened.close()
        opened = report_browser.new_page(browser, path)
        cubes = opened.page.evaluate("window.wardhouse.cubes()")
        opened.unpack_all()
        places = random.Random(seed)
        times = []
        for filters in random_settings(opened, count, seed):
            # anywhere on the page: what is in sight is what must be drawn at once
            opened.page.evaluate(
                "share => window.scrollTo(0, share * document.body.scrollHeight)", places.random()
            )
            times.append(report_browser.milliseconds_of_filters(opened, filters))
            opened.unpack_all()
        problems = opened.problems()
        opened.close()
    if problems:
        raise UserError(f"the page complains ({problems[0]}), {path}; open it and look")
    return (
        f"{path.stat().st_size / 1e6:.2f} MB, "
        f"{sum(cube['rows'] for cube in cubes.values()):,} cube rows, "
        f"usable in {statistics.median(usable):.2f} s (worst {max(usable):.2f}), "
        f"a filter in {statistics.median(times):.0f} ms at the median, "
        f"{percentile(times, 0.95):.0f} ms at the 95th percentile, worst {max(times):.0f} ms"
    )


def main(argv: list[str]) -> int:
    """Measure each report and say what was found."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("reports", nargs="*", type=Path, metavar="REPORT", help="a report's file")
    parser.add_argument("--rows", type=int, help="measure a report with as many cube rows too")
    parser.add_argument("--settings", type=int, default=50, help="filter settings for each report")
    parser.add_argument("--seed", type=int, default=1, help="of the settings")
    arguments = parser.parse_args(argv)
    if report_browser.find_browser() is None:
        raise UserError(report_browser.NO_BROWSER)
    for path in arguments.reports or [settings.report_file()]:
        if not path.is_file():
            raise UserError(f"no report, {path}; run `make report`")
        print(f"{path}: {measure(path, arguments.settings, arguments.seed)}", flush=True)
    if arguments.rows:
        with tempfile.TemporaryDirectory() as folder:
            database, page = Path(folder) / "large.duckdb", Path(folder) / "large.html"
            enlarge(settings.published_database(), database, arguments.rows)
            page.write_bytes(build_report.build(database, settings.figures_dir()))
            result = measure(page, arguments.settings, arguments.seed)
            print(f"enlarged to {arguments.rows:,} rows: {result}")
    return 0


if __name__ == "__main__":
    settings.run_main(main)
