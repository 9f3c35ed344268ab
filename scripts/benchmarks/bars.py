"""What the benchmark has to reach, and whether it does.

Usage: imported by page.py; nothing to run.
"""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass


@dataclass(frozen=True)
class Bar:
    """One bar: measured is empty where it could not be judged."""

    what: str
    limit: str
    measured: str = ""
    is_met: bool | None = None

    @property
    def verdict(self) -> str:
        """For the page."""
        return {True: "yes", False: "**no**", None: ""}[self.is_met]


def finished(results: dict, name: str, size: float) -> list[dict]:
    """The runs of a contestant that ended well."""
    return [
        run
        for run in results["runs"]
        if run["contestant"] == name and run["size"] == size and run["ending"] == "ok"
    ]


def seconds_of(run: dict) -> float:
    """A run's seconds; PostgreSQL's without the start of its server."""
    return run.get("work_seconds", run["seconds"])


def seconds(results: dict, name: str, size: float) -> float | None:
    """The median of a contestant's seconds."""
    found = [seconds_of(run) for run in finished(results, name, size)]
    return statistics.median(found) if found else None


def memory(results: dict, name: str, size: float) -> float | None:
    """The median of a contestant's peak memory."""
    found = [run["peak_memory_bytes"] for run in finished(results, name, size)]
    return statistics.median(found) if found else None


def judge(results: dict) -> list[Bar]:
    """Every bar."""
    found = []

    def add(what: str, limit: float, value: float | None, form: str = "{:.2f}") -> None:
        if value is None:
            found.append(Bar(what, form.format(limit)))
        else:
            found.append(Bar(what, form.format(limit), form.format(value), value <= limit))

    def ratio(of: float | None, to: float | None) -> float | None:
        return of / to if of and to else None

    ours = {size: seconds(results, "wardhouse", size) for size in (1, 10, 100)}
    for size in (10, 100):
        add(
            f"full build, {size} million: times the floor",
            1.5, ratio(ours[size], seconds(results, "floor", size)),
        )  # fmt: skip
    growth = ratio(ours[100], ours[10])
    add("growth from 10 to 100 million: exponent", 1.05, math.log10(growth) if growth else None)
    held = memory(results, "wardhouse", 100)
    add("peak memory at 100 million: GB", 8, held / 1e9 if held else None)
    for name in ("pandas", "pandas-keyed"):
        add(
            f"full build, 10 million: share of the seconds of {name}",
            1 / 3, ratio(ours[10], seconds(results, name, 10)),
        )  # fmt: skip
        add(
            f"full build, 10 million: share of the memory of {name}",
            1 / 3, ratio(memory(results, "wardhouse", 10), memory(results, name, 10)),
        )  # fmt: skip
    for name in ("polars", "polars-keyed"):
        add(
            f"full build, 10 million: times {name}",
            1, ratio(ours[10], seconds(results, name, 10)),
        )  # fmt: skip
    add(
        "full build, 10 million: share of the seconds of PostgreSQL",
        1 / 5, ratio(ours[10], seconds(results, "postgres", 10)),
    )  # fmt: skip
    add(
        "one day on 100 million, less dbt's own start: share of the full build",
        0.02, _day(results, ours[100]), "{:.3f}",
    )  # fmt: skip
    slowest = [
        row["milliseconds"]
        for one in results["analyses"]
        if one["size"] == 100
        for row in one["queries"]
    ]
    add("slowest analyst's query at 100 million: ms", 100, max(slowest, default=None), "{:.0f}")
    demo = {
        what: [run["seconds"] for run in results["demo"]
               if run["what"] == what and run["ending"] == "ok"]
        for what in ("without unit tests", "bare SQL")
    }  # fmt: skip
    times = (
        statistics.median(demo["without unit tests"]) / statistics.median(demo["bare SQL"])
        if all(demo.values())
        else None
    )
    add("demo without unit tests: times its bare SQL", 20, times, "{:.1f}")
    return found


def _day(results: dict, full: float | None) -> float | None:
    for one in results["increments"]:
        if one["size"] == 100 and one.get("build", {}).get("ending") == "ok" and full:
            return max(one["build"]["seconds"] - one["dbt_start_seconds"], 0) / full
    return None
