"""Write docs/benchmarks.md from the results of a benchmark.

Usage: imported by scripts/benchmark.py; nothing to run.

Every number of the page comes from the JSON file; what was not measured is said, not guessed.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable

from benchmarks import bars

NOT_MEASURED = "not measured"


def render(results: dict) -> str:
    """The page."""
    parts = [
        head(results),
        against_bars(results),
        by_size(results),
        failures(results),
        layers(results),
        floor_stages(results),
        increments(results),
        demo(results),
        analyses(results),
        COMPARED,
    ]
    return "\n\n".join(part.strip() for part in parts if part) + "\n"


def table(names: list[str], rows: Iterable[Iterable[object]]) -> str:
    """A table whose first column is text and the others numbers."""
    lines = [f"| {' | '.join(names)} |", "|---|" + "--:|" * (len(names) - 1)]
    lines += [f"| {' | '.join(str(cell) for cell in row)} |" for row in rows]
    return "\n".join(lines)


def spread(values: list[float], digits: int = 1) -> str:
    """A median, and the range where there are several values."""
    if not values:
        return ""
    middle = f"{statistics.median(values):,.{digits}f}"
    if len(values) == 1:
        return middle
    return f"{middle} ({min(values):,.{digits}f} to {max(values):,.{digits}f})"


def gigabytes(values: list[float]) -> str:
    """The same of bytes."""
    return spread([value / 1e9 for value in values], 2)


def head(results: dict) -> str:
    """Where and how it was measured."""
    at, settings = results["machine"], results["settings"]
    versions = ", ".join(f"{name} {version}" for name, version in at["versions"].items())
    loads = [run["load_before"][0] for run in results["runs"] if run.get("load_before")]
    busy = ""
    if loads:
        busy = f"Before a run the load average of the last minute was {spread(loads)}. "
        if statistics.median(loads) > 0.7 * at["cores"]:
            busy += (
                "**The machine was busy with other work: seconds are longer than on a quiet one, "
                "and ratios are rough.** "
            )
    data = table(
        ["million appointments", "files", "GB", "rows of all tables"],
        (
            [
                f"{one['size']:g}", f"{one['files']:,}", f"{one['bytes'] / 1e9:.2f}",
                f"{sum(one['rows'].values()):,}",
            ]
            for one in results["data"]
        ),
    )  # fmt: skip
    limits = (
        f"Limits of a run: {settings['threads']} threads, "
        f"{settings['memory_limit_bytes'] / 1e9:g} GB of memory, "
        f"{settings['timeout_seconds']:,.0f} s."
    )
    return f"""
# Benchmarks

`make bench` wrote this page, and the numbers behind it to `benchmarks.json`, on
{results["begun_at"][:10]}: the warehouse beside a floor (one hand-written DuckDB script), pandas,
Polars and PostgreSQL, on the same files, which `scripts/generate_network.py` makes. Contestants
took turns, {settings["repeats"]} round(s) a size; a cell holds the median, and the range in
parentheses. {busy.strip()}

Machine: {at["cpu"]}, {at["cores"]} cores, {at["memory_gb"]} GB of memory, {at["disk"]},
{at["system"]}; {versions}.
{limits}

{data}
"""


def against_bars(results: dict) -> str:
    """What had to be reached, and what was."""
    rows = [
        [bar.what, bar.limit, bar.measured or NOT_MEASURED, bar.verdict]
        for bar in bars.judge(results)
    ]
    return "## Against the bars\n\n" + table(["bar", "at most", "measured", "met"], rows)


def finished(results: dict, name: str, size: float) -> list[dict]:
    """The runs of a contestant that ended well."""
    return bars.finished(results, name, size)


def cpu(runs: list[dict]) -> float:
    """The median of the CPU seconds, which other work on the machine lengthens less."""
    return statistics.median(run["cpu_seconds"] for run in runs)


def by_size(results: dict) -> str:
    """All contestants at each size."""
    parts = ["## By size"]
    for size in results["settings"]["sizes"]:
        rows = []
        for name, what in results["contestants"].items():
            runs = finished(results, name, size)
            if not runs:
                tried = [
                    run["ending"] for run in results["runs"]
                    if run["contestant"] == name and run["size"] == size
                ]  # fmt: skip
                rows.append([f"{what} (`{name}`)", tried[0] if tried else "not run", *[""] * 6])
                continue
            floor, bar = bars.seconds(results, "floor", size), finished(results, "floor", size)
            mine = bars.seconds(results, name, size)
            rows.append(
                [
                    f"{what} (`{name}`)",
                    spread([bars.seconds_of(run) for run in runs]),
                    f"{mine / floor:.2f}" if floor else "",
                    spread([run["cpu_seconds"] for run in runs]),
                    f"{cpu(runs) / cpu(bar):.2f}" if bar else "",
                    gigabytes([run["peak_memory_bytes"] for run in runs]),
                    gigabytes([run["written_bytes"] for run in runs]),
                    gigabytes([run["stored_bytes"] for run in runs]),
                ]
            )
        names = [
            "contestant",
            "seconds",
            "times the floor",
            "CPU seconds",
            "times the floor",
            "peak GB",
        ]
        parts.append(f"### {size:g} million appointments")
        parts.append(table([*names, "GB written to disk", "GB kept"], rows))
    return "\n\n".join(parts)


def failures(results: dict) -> str:
    """Who took no part, who failed, and whose results are not the floor's."""
    lines = [f"- `{name}` took no part: {why}." for name, why in results["absent"].items()]
    for run in results["runs"]:
        if run["ending"] != "ok":
            lines.append(
                f"- `{run['contestant']}` failed at {run['size']:g} million: {run['ending']}"
                f" ({run['message']})."
            )
        elif run["differences"]:
            lines.append(
                f"- `{run['contestant']}` at {run['size']:g} million differs from the floor: "
                + "; ".join(run["differences"][:5])
            )
    if not lines:
        lines = ["- Nobody failed at these sizes, and all results are the floor's."]
    return "## Who failed, and how\n\n" + "\n".join(dict.fromkeys(lines))


def layers(results: dict) -> str:
    """The warehouse's profile."""
    parts = ["## Where the warehouse's time goes"]
    for size in results["settings"]["sizes"]:
        runs = finished(results, "wardhouse", size)
        if not runs:
            continue
        names = list(dict.fromkeys(row["layer"] for run in runs for row in run["layers"]))
        rows = [
            [
                name,
                next(row["nodes"] for row in runs[0]["layers"] if row["layer"] == name),
                spread(
                    [row["seconds"] for run in runs for row in run["layers"]
                     if row["layer"] == name]
                ),
            ]
            for name in names
        ]  # fmt: skip
        middle = sorted(runs, key=lambda run: run["seconds"])[len(runs) // 2]
        total = sum(row["seconds"] for row in middle["layers"])
        dearest = [
            [row["node"], row["layer"], f"{row['seconds']:.2f}",
             f"{100 * row['seconds'] / total:.1f} %"]
            for row in middle["dearest"][:15]
        ]  # fmt: skip
        parts += [
            f"### {size:g} million appointments",
            "Seconds are those of the nodes; several run at a time, so they add up to more than "
            "the wall clock.",
            table(["layer", "nodes", "seconds"], rows),
            table(["dearest node", "layer", "seconds", "of all"], dearest),
        ]
    return "\n\n".join(parts) if len(parts) > 1 else ""


def floor_stages(results: dict) -> str:
    """The floor's profile."""
    sizes = [size for size in results["settings"]["sizes"] if finished(results, "floor", size)]
    if not sizes:
        return ""
    names = [entry["stage"] for entry in finished(results, "floor", sizes[0])[0]["stages"]]
    rows = []
    for name in names:
        row = [name]
        for size in sizes:
            found = [
                entry for run in finished(results, "floor", size) for entry in run["stages"]
                if entry["stage"] == name
            ]  # fmt: skip
            row += [
                spread([entry["seconds"] for entry in found]),
                spread([entry["cpu_seconds"] for entry in found]),
            ]
        rows.append(row)
    titles = [text for size in sizes for text in (f"seconds, {size:g} million", "CPU seconds")]
    return "## Where the floor's time goes\n\n" + table(["stage", *titles], rows)


def increments(results: dict) -> str:
    """The next day, and the publish."""
    rows = []
    for one in results["increments"]:
        build, again = one.get("build"), one.get("publish_again", {})
        full = bars.seconds(results, "wardhouse", one["size"])
        good = build and build["ending"] == "ok"
        rows.append(
            [
                f"{one['size']:g}",
                f"{full:,.1f}" if full else NOT_MEASURED,
                _ended(build, lambda run: f"{run['seconds']:,.1f}"),
                f"{100 * build['seconds'] / full:.1f} %" if good and full else "",
                f"{one['dbt_start_seconds']:.1f}" if "dbt_start_seconds" in one else "",
                _ended(one["publish"], lambda run: f"{run['seconds']:,.1f}"),
                _ended(again, lambda run: f"{run['seconds']:,.1f}") if again else NOT_MEASURED,
            ]
        )
    if not rows:
        return ""
    return (
        "## One day more\n\nThe files that the next day brings are put to the history, and "
        "`dbt build` runs again; the publish copies the marts and is timed apart.\n\n"
        + table(
            ["million appointments", "full build, s", "the day's build, s", "of the full build",
             "dbt's own start, s", "publish, s", "publish of the day, s"],
            rows,
        )
    )  # fmt: skip


def _ended(run: dict | None, text: Callable[[dict], str]) -> str:
    if not run:
        return NOT_MEASURED
    return text(run) if run["ending"] == "ok" else f"{run['ending']}: {run['message'][:120]}"


def demo(results: dict) -> str:
    """The demo against its bare SQL."""
    rows = []
    for what in dict.fromkeys(run["what"] for run in results["demo"]):
        runs = [run for run in results["demo"] if run["what"] == what]
        good = [run for run in runs if run["ending"] == "ok"]
        rows.append(
            [
                what,
                spread([run["seconds"] for run in good]) or runs[0]["message"],
                spread([run["cpu_seconds"] for run in good]),
                gigabytes([run["peak_memory_bytes"] for run in good]),
            ]
        )
    if not rows:
        return ""
    return (
        "## The demo\n\n`dbt build` of the demo data with dbt's own start, and the same statements "
        "(models and data tests, seeds from their files) in one bare DuckDB connection.\n\n"
        + table(["what", "seconds", "CPU seconds", "peak GB"], rows)
    )


def analyses(results: dict) -> str:
    """Analysts' queries."""
    if not results["analyses"]:
        return ""
    sizes = [one["size"] for one in results["analyses"]]
    names = [row["query"] for row in results["analyses"][0]["queries"]]
    found = {
        (one["size"], row["query"]): row for one in results["analyses"] for row in one["queries"]
    }
    rows = [
        [f"`{name}`", *(f"{found[size, name]['milliseconds']:,.1f}" for size in sizes)]
        for name in names
    ]
    titles = [f"ms, {size:g} million" for size in sizes]
    return (
        "## Analysts' queries\n\nEach file of `analyses/` on the published file, median of several "
        "runs in one connection.\n\n" + table(["query", *titles], rows)
    )


COMPARED = """
## What is compared

- **The work of everybody but the warehouse**: from the raw Parquet files, all text, to seven
  typed facts and dimensions (appointments, treatments, bills, episodes, cancer cases, patients,
  doctors), one version of each record, rejected rows with their reason, and nine KPI cubes; all
  of it stored. The floor's facts are the warehouse's, row by row and column by column, and its
  rejected rows too (`tests/python/test_benchmark.py`); cubes and rejects of the others are the
  floor's, checked in every run.
- **The warehouse** does more: all its KPI marts with intervals, control charts, funnels,
  survival, the ledger of repairs and the reconciliation of every raw row, and the data tests.
  `wardhouse-models` leaves out the tests.
- **The floor** trusts that this data's texts have no white space and its dates are ISO, and
  keeps no ledger of repairs.
- **pandas and Polars** store Parquet. Without `-keyed` they keep the source's ids, as notebooks
  do; with it they work out the same keyed SHA-256 that stands for every record's number in the
  warehouse, the floor and PostgreSQL.
- **PostgreSQL** gets the files as CSV, written before the clock starts, with fsync off and
  unlogged tables; its seconds are those of copy and work, without the server's start. It runs
  the floor's SQL, adapted where it has no cast that gives null. The warehouse's own compiled
  SQL does not run on it: it uses casts and functions that PostgreSQL has not.
- **Memory** is what all processes of a run hold at one time, looked at ten times a second,
  shared pages once; **written** is what they wrote to the disk, temporary files too; **kept**
  is the size of the files left. dbt had read the project once before (`dbt parse`), as wherever
  `make` ran before; the build folder was empty.
"""
