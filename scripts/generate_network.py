"""Write the raw extracts of a hospital network of any size: the demo's world, larger.

Usage: python scripts/generate_network.py --output FOLDER [--appointments 1000000]
       [--episodes N] [--cases N] [--format parquet|csv] [--history-until DATE | --day DATE]
       [--seed TEXT] [--workers 2] [--memory 1500MB]

FOLDER becomes a raw folder (WARDHOUSE_RAW_DIR) with the truths planted in the demo data, and the
same rates of each kind of dirt; beside it, FOLDER_truths.json states the truths and counts the
dirt. With --history-until it is what the systems know on the morning of that day; with --day only
what they deliver of that day: new records, newer versions of older ones, and deletions, in files
that come after those of the history. Every run writes the same rows. The data are fictional.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import date, timedelta
from pathlib import Path

import duckdb

from demo_data.cancer_registry import FIRST_DAY as REGISTRY_FROM
from demo_data.hospital_appointments import FIRST_DAY
from demo_data.hospital_people import AS_OF
from network_data import people, truths
from network_data.making import PEOPLE_AT_ONCE, Maker
from network_data.world import SEED, World, months_of_data
from settings import UserError, run_main

SMALLEST, LARGEST = 10_000, 1_000_000_000
# Bytes of the files for each appointment with all that belongs to it (measured).
BYTES = {"parquet": 70, "csv": 260}
Job = Callable[[Maker], None]


def sizes(options: argparse.Namespace) -> tuple[int, int, int]:
    """The numbers of appointments, episodes and cases that were asked for."""
    appointments = options.appointments
    if not SMALLEST <= appointments <= LARGEST:
        raise UserError(
            f"--appointments {appointments:,} is outside {SMALLEST:,} to {LARGEST:,}; "
            "choose another number"
        )
    episodes = appointments // 5 if options.episodes is None else options.episodes
    cases = appointments // 50 if options.cases is None else options.cases
    for name, number, least in (("--episodes", episodes, 0), ("--cases", cases, 0)):
        if not least <= number <= LARGEST:
            raise UserError(
                f"{name} {number:,} is outside {least:,} to {LARGEST:,}; choose another"
            )
    if not re.fullmatch(r"[1-9][0-9]*(MB|GB)", options.memory):
        raise UserError(f"--memory {options.memory} is no size; write it as 1500MB or 2GB")
    if not 1 <= options.workers <= 64:
        raise UserError(f"--workers {options.workers} is outside 1 to 64; choose another number")
    return appointments, episodes, cases


def day_asked(text: str) -> date:
    """A day of the data."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise UserError(f"{text} is no day; write it as 2026-06-30") from None
    if not FIRST_DAY < day <= AS_OF:
        raise UserError(f"{text} is outside the data; choose a day from {FIRST_DAY} to {AS_OF}")
    return day


def prepare(output: Path, needed: int) -> Path:
    """The folder to write in until everything is there."""
    if output.is_file() or (output.is_dir() and any(output.iterdir())):
        raise UserError(f"the folder is not empty, {output}; choose a new one with --output")
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(output.parent).free
        if free < needed:
            raise UserError(
                f"about {needed / 1e9:,.1f} GB are needed and {free / 1e9:,.1f} GB are free, "
                f"{output.parent}; choose another disk or fewer appointments"
            )
        unfinished = output.parent / f".{output.name}.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir()
    except OSError as error:
        raise UserError(
            f"the folder cannot be written ({error.strerror}), {output}; "
            "choose another with --output"
        ) from None
    return unfinished


def jobs(world: World, maker: Maker) -> Iterator[tuple[str, Job]]:
    """Everything that is to be made, each with its name; the long ones first."""
    months = months_of_data()
    if world.day is not None:
        yield from jobs_of_day(world, months)
        return
    if world.episodes:
        half = len(months) // 2
        parts = [months[:half], months[half:]] if world.episodes > PEOPLE_AT_ONCE else [months]
        for part in parts:
            name = f"episodes {part[0][0]}-{part[0][1]:02d} to {part[-1][0]}-{part[-1][1]:02d}"
            yield name, lambda maker, part=part: maker.care(part)
    for year, month in months:
        for part in range(maker.parts(year, month)):
            yield (
                f"appointments, treatments, bills {year}-{month:02d}",
                lambda maker, at=(year, month, part): maker.appointments(*at),
            )
    for number in patient_files(world):
        yield f"patients {number}", lambda maker, number=number: maker.patients(number)
    yield "doctors", lambda maker: maker.doctors()
    if world.episodes:
        yield "available beds", lambda maker: maker.beds()
    if world.cases:
        for year in case_years():
            yield f"cancer cases {year}", lambda maker, year=year: maker.cases(year)
    yield "team surveys", lambda maker: maker.surveys()


def jobs_of_day(world: World, months: list[tuple[int, int]]) -> Iterator[tuple[str, Job]]:
    """What one day brings; corrections reach back a year, bills are settled after half a one."""
    place = world.day.year * 12 + world.day.month - 1
    near = [one for one in months if place - 14 <= one[0] * 12 + one[1] - 1 <= place + 4]
    yield "appointments, treatments, bills", lambda maker: maker.bookings(near)
    if world.episodes:
        past = [one for one in near if one[0] * 12 + one[1] - 1 <= place]
        yield "episodes", lambda maker: maker.care(past)

    def others(maker: Maker) -> None:
        for number in patient_files(world):
            maker.patients(number)
        maker.doctors()
        if world.episodes:
            maker.beds()
        for year in case_years() if world.cases else ():
            maker.cases(year)
        maker.deliver()

    yield "patients, doctors, available beds, cancer cases", others


def patient_files(world: World) -> range:
    """The numbers of the files of patients."""
    return range(-(-(world.patients - 1) // people.CHUNK))


def case_years() -> range:
    """The years of the registry."""
    return range(REGISTRY_FROM.year, AS_OF.year + 1)


def make(world: World, folder: Path, options: argparse.Namespace) -> list[Maker]:
    """Make everything, in several workers; says each file when it is written."""
    spill = folder / ".spill"
    begun, done = time.monotonic(), 0

    def say(text: str) -> None:
        print(f"{time.monotonic() - begun:7.1f} s  {text}", flush=True)

    makers = [
        Maker(world, folder, options.format, options.memory, spill / str(number), say=say)
        for number in range(options.workers)
    ]
    free, everything = list(makers), list(jobs(world, makers[0]))

    def work(job: Job) -> None:
        maker = free.pop()
        try:
            job(maker)
        finally:
            free.append(maker)

    with ThreadPoolExecutor(options.workers) as pool:
        running = {pool.submit(work, job): name for name, job in everything}
        try:
            for one in as_completed(running):
                one.result()
                done += 1
                say(f"{running[one]} done, {done} of {len(everything)}")
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for maker in makers:
                maker.db.interrupt()
            raise
    shutil.rmtree(spill, ignore_errors=True)
    return makers


def main(argv: list[str] | None = None) -> int:
    """Write the folder and the truths beside it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--appointments", type=int, default=1_000_000)
    parser.add_argument("--episodes", type=int, help="default: a fifth of the appointments")
    parser.add_argument("--cases", type=int, help="default: a fiftieth of the appointments")
    parser.add_argument("--format", choices=("parquet", "csv"), default="parquet")
    days = parser.add_mutually_exclusive_group()
    days.add_argument("--history-until", metavar="DATE", help="what is known on that morning")
    days.add_argument("--day", metavar="DATE", help="only what that day brings")
    parser.add_argument("--seed", default=SEED, help="another seed draws another network")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--memory", default="1500MB", help="of each worker, before it spills")
    options = parser.parse_args(argv)
    appointments, episodes, cases = sizes(options)
    world = World(appointments, episodes, cases, seed=options.seed)
    if options.history_until:
        world.as_of = day_asked(options.history_until)
    if options.day:
        world.day = day_asked(options.day)
        world.as_of = world.day + timedelta(days=1)
    output = options.output.resolve()
    folder = prepare(output, appointments * BYTES[options.format])
    begun = time.monotonic()
    try:
        makers = make(world, folder, options)
        if output.is_dir():
            output.rmdir()
        folder.rename(output)
        found = truths.record(world, makers)
        beside = output.parent / f"{output.name}_truths.json"
        beside.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n")
    except duckdb.OutOfMemoryException:
        raise UserError(
            f"the memory of a worker is used up, {options.memory}; give it more with --memory"
        ) from None
    except (OSError, duckdb.IOException) as error:
        raise UserError(
            f"the files cannot be written ({error}), {output}; make room or choose another folder"
        ) from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    size = sum(path.stat().st_size for path in output.rglob("*") if path.is_file())
    print(
        f"{sum(maker.written for maker in makers):,} rows, {size:,} bytes, "
        f"{time.monotonic() - begun:.1f} s, {output}"
    )
    return 0


if __name__ == "__main__":
    run_main(main)
