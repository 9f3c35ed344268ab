"""Measure the warehouse against a floor, pandas, Polars and PostgreSQL; write results and a page.

Usage: python scripts/benchmark.py [--sizes 1 10] [--repeats 3] [--work bench]
       [--data 'bench/data/network_{size}m'] [--output docs/benchmarks.json]
       [--page MARKDOWN] [--contestants NAME ...] [--up-to NAME=SIZE ...]
       [--without PART ...] [--threads 2] [--memory 12GB] [--timeout 7200] [--python PYTHON]
       python scripts/benchmark.py --page-only [--output JSON] [--page MARKDOWN]

Sizes are millions of appointments. Data that are not there yet are made by generate_network.py, as
is the next day (`_day` behind the folder's name). Contestants run one after the other, round by
round; a round may be repeated. One that meets a limit, or fails, is not run again at that size or
at a larger one, and the page says so. Parts: increment, analyses, demo. After every run the results
so far are in the JSON file.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from benchmarks import check, extras, machine, page, postgres
from benchmarks.contestants import EVERYONE, Contestant, Setting, details, floor_rows
from benchmarks.measure import Limits, run
from settings import PROJECT_ROOT, UserError, run_main, shown

BENCH_PYTHON = PROJECT_ROOT / ".venv-bench" / "bin" / "python"
PARTS = ("increment", "analyses", "demo")
SCALE = 1_000_000
# what the others are held against, and what a day is put to; the rest makes room on the disk
KEPT = ("floor", "wardhouse")


def size_text(size: float) -> str:
    """As people write it: 1, 10, 0.06."""
    return f"{size:g}"


def bytes_of(text: str) -> int:
    """A size such as 12GB."""
    found = re.fullmatch(r"([1-9][0-9]*)(MB|GB)", text)
    if not found:
        raise UserError(f"--memory {text} is no size; write it as 800MB or 12GB")
    return int(found[1]) * 10 ** (6 if found[2] == "MB" else 9)


def data_of(template: str, size: float) -> Path:
    """The folder of a size."""
    return (PROJECT_ROOT / template.replace("{size}", size_text(size))).resolve()


def made(folder: Path, size: float, *more: str) -> Path:
    """The folder, made if it is not there; its truths are written last, so they say that it is."""
    truths = folder.parent / f"{folder.name}_truths.json"
    if folder.is_dir() and truths.is_file():
        asked = json.loads(truths.read_text())["asked"]["appointments"]
        if asked != round(size * SCALE):
            raise UserError(
                f"{asked:,} appointments were asked for in that folder, {folder}; "
                "name another with --data, with {size} in it"
            )
        return folder
    if folder.exists():
        raise UserError(f"the data are not complete, {folder}; remove the folder")
    print(f"making {size_text(size)} million appointments, {folder}", flush=True)
    subprocess.run(
        [sys.executable, PROJECT_ROOT / "scripts" / "generate_network.py", "--output", folder,
         "--appointments", str(round(size * SCALE)), *more],
        check=True, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    return folder


def last_day(history: Path) -> list[str]:
    """What the generator needs to be told for the day that follows a history."""
    truths = json.loads((history.parent / f"{history.name}_truths.json").read_text())
    return ["--day", truths["as_of_date"]]


class Benchmark:
    """The results so far, and who is out."""

    def __init__(self, options: argparse.Namespace, setting: Setting) -> None:
        """An empty record."""
        self.options, self.setting = options, setting
        self.work = (PROJECT_ROOT / options.work).resolve()
        self.limits = Limits(options.timeout, bytes_of(options.memory))
        self.out: set[str] = set()
        self.results: dict = {
            "begun_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": machine.describe(
                self.work if self.work.exists() else PROJECT_ROOT,
                setting.python,
                postgres.programs(),
            ),
            "settings": {
                "threads": setting.threads,
                "memory_limit_bytes": self.limits.memory_bytes,
                "floor_memory": setting.floor_memory,
                "timeout_seconds": options.timeout,
                "repeats": options.repeats,
                "sizes": options.sizes,
            },
            "contestants": {name: EVERYONE[name].what for name in options.contestants},
            "absent": {},
            "data": [],
            "runs": [],
            "increments": [],
            "analyses": [],
            "demo": [],
        }
        for name in options.contestants:
            why = EVERYONE[name].absent(setting)
            if why:
                self.results["absent"][name] = why
                self.out.add(name)

    def save(self) -> None:
        """Write what is known so far."""
        path = PROJECT_ROOT / self.options.output
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".part")
        unfinished.write_text(json.dumps(self.results, indent=1) + "\n")
        unfinished.replace(path)

    def folder(self, *names: str) -> Path:
        """An empty folder to work in, open to a database server's own user."""
        path = self.work.joinpath(*names)
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(parents=True, mode=0o755)
        return path

    def size(self, size: float) -> None:
        """All rounds of one size, then the day after it."""
        history = made(data_of(self.options.data, size), size, "--history-until", "2026-06-30")
        self.results["data"].append(extras.describe_data(history, size))
        linked = extras.linked(history, self.folder(f"raw_{size_text(size)}"))
        for repeat in range(self.options.repeats):
            for name in self.options.contestants:
                if name not in self.out and size <= self.options.up_to.get(name, size):
                    self.one(EVERYONE[name], size, repeat, linked)
        kept = self.work / f"wardhouse_{size_text(size)}" / "run"
        ended = [
            run["ending"] for run in self.results["runs"]
            if run["contestant"] == "wardhouse" and run["size"] == size
        ]  # fmt: skip
        if ended and ended[-1] == "ok":
            self.afterwards(size, history, linked, kept)
        shutil.rmtree(linked)
        for name in self.options.contestants:
            shutil.rmtree(self.work / f"{name}_{size_text(size)}", ignore_errors=True)

    def one(self, contestant: Contestant, size: float, repeat: int, data: Path) -> None:
        """One run of one contestant."""
        output = self.folder(f"{contestant.name}_{size_text(size)}", "run")
        entry = {"contestant": contestant.name, "size": size, "repeat": repeat}
        try:
            contestant.prepare(self.setting, data, output)
        except (subprocess.CalledProcessError, OSError, duckdb.Error) as error:
            entry |= {"ending": "error", "message": f"could not be prepared: {error}"[:200]}
        else:
            measured = run(
                contestant.command(self.setting, data, output), self.limits, PROJECT_ROOT,
                contestant.environment(self.setting, data, output),
            )  # fmt: skip
            entry |= {key: value for key, value in asdict(measured).items() if key != "output"}
            if measured.ending == "ok":
                entry |= details(contestant, output, measured.output)
                entry["differences"] = self.differences(contestant, size, output)
        if entry["ending"] != "ok":
            self.out.add(contestant.name)
        if contestant.name not in KEPT:
            shutil.rmtree(output, ignore_errors=True)
        self.results["runs"].append(entry)
        self.save()
        said = f"{entry['seconds']:.1f} s" if entry["ending"] == "ok" else entry["message"]
        print(
            f"{size_text(size)} million, round {repeat + 1}, {contestant.name}: "
            f"{entry['ending']}, {said}",
            flush=True,
        )

    def differences(self, contestant: Contestant, size: float, output: Path) -> list[str] | None:
        """Where the results are not the floor's; None where there is no floor to ask."""
        floor = self.work / f"floor_{size_text(size)}" / "run"
        if contestant.name == "floor":
            return []
        if not (floor / "floor.duckdb").is_file():
            return None
        is_ours = contestant.name.startswith("wardhouse")
        bar = floor_rows(floor) if is_ours else check.of_database(floor / "floor.duckdb")
        return check.differences(bar, contestant.summary(output))

    def afterwards(self, size: float, history: Path, linked: Path, kept: Path) -> None:
        """Publish, ask the analysts' questions, add a day, build and publish again."""
        parts = {part for part in PARTS if part not in self.options.without}
        if not parts & {"increment", "analyses"}:
            return
        entry = {"size": size, "publish": extras.publish(self.setting, linked, kept, self.limits)}
        if "analyses" in parts and entry["publish"]["ending"] == "ok":
            self.results["analyses"].append(
                {"size": size, "queries": extras.analyses(kept / "warehouse" / "wardhouse.duckdb")}
            )
        if "increment" in parts:
            day = history.parent / f"{history.name}_day"
            made(day, size, *last_day(history))
            entry |= extras.increment(self.setting, day, linked, kept, self.limits)
        self.results["increments"].append(entry)
        self.save()


def largest(text: str) -> tuple[str, float]:
    """The largest size of a contestant: postgres=10."""
    name, _, size = text.partition("=")
    try:
        if name in EVERYONE:
            return name, float(size)
    except ValueError:
        pass
    raise UserError(f"--up-to {text} is not understood; write it as postgres=10")


def parsed(argv: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sizes", type=float, nargs="+", default=[1.0], metavar="MILLIONS")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--data", default="bench/data/network_{size}m", help="{size}: in millions")
    parser.add_argument("--work", default="bench", help="a folder on the disk that is measured")
    parser.add_argument("--output", default="docs/benchmarks.json")
    parser.add_argument("--page", help="default: beside the results")
    parser.add_argument("--page-only", action="store_true", help="write the page from the results")
    parser.add_argument(
        "--contestants", nargs="+", choices=list(EVERYONE), default=list(EVERYONE), metavar="NAME"
    )
    parser.add_argument("--up-to", nargs="+", type=largest, default=[], metavar="NAME=SIZE")
    parser.add_argument("--without", nargs="+", choices=PARTS, default=[], metavar="PART")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--memory", default="12GB", help="above it a contestant is ended")
    parser.add_argument("--floor-memory", default="6GB", help="above it the floor spills")
    parser.add_argument("--timeout", type=float, default=7200, help="seconds of one run")
    parser.add_argument("--python", type=Path, help="one that has pandas and Polars")
    options = parser.parse_args(argv)
    if options.repeats < 1 or options.threads < 1 or min(options.sizes) <= 0:
        raise UserError("--repeats, --threads and --sizes must be above 0; choose other numbers")
    if len(options.sizes) > 1 and "{size}" not in options.data:
        raise UserError(f"--data {options.data} is one folder for several sizes; put {{size}} in")
    options.sizes.sort()
    options.up_to = dict(options.up_to)
    return options


def main(argv: list[str] | None = None) -> int:
    """Measure, and write the page."""
    options = parsed(argv)
    results = PROJECT_ROOT / options.output
    # asked to end, as by Ctrl-C: what is running is ended too
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if not options.page_only:
        asked = options.python or os.environ.get("WARDHOUSE_BENCH_PYTHON")
        python = Path(asked) if asked else (BENCH_PYTHON if BENCH_PYTHON.exists() else None)
        bench = Benchmark(options, Setting(options.threads, options.floor_memory, python))
        bench.work.mkdir(parents=True, exist_ok=True)
        for name, why in bench.results["absent"].items():
            print(f"{name} takes no part: {why}", flush=True)
        bench.save()
        for size in options.sizes:
            bench.size(size)
        if "demo" not in options.without:
            bench.results["demo"] = extras.demo(
                bench.setting, bench.folder, options.repeats, bench.limits
            )
        bench.results["ended_at"] = datetime.now(UTC).isoformat(timespec="seconds")
        bench.save()
    if not results.is_file():
        raise UserError(f"no results, {results}; run `make bench`")
    path = PROJECT_ROOT / options.page if options.page else results.with_suffix(".md")
    path.write_text(page.render(json.loads(results.read_text())))
    print(f"{shown(results)} and {shown(path)} were written")
    return 0


if __name__ == "__main__":
    run_main(main)
