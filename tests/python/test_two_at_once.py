"""Two builds, a build and a publish, two publishes: one works, the other refuses. And readers.

Usage: pytest tests/python/test_two_at_once.py; the long trials with -m soak

Every program is a real process.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time

import build_lock
import publish
from crash_tools import (
    fingerprint,
    one_refusal,
    publish_refused,
    soak,
)
from house import EMPTY, EVENTS, PLACES, RULES, House
from trial_report import count


def test_several_commands_in_one_process_and_no_publish_among_them(small):
    lines = small.output.splitlines()
    assert sum("Completed successfully" in line for line in lines) == 2
    assert lines[-1].startswith("refused: this process itself has run dbt or publishes, ")


@soak(2, 20)
def test_of_two_builds_at_once_one_refuses(small, times):
    refusals = 0
    for number in range(times):
        wanted = "AB"[number % 2]
        small.project.use(wanted)
        pair = [small.project.start_dbt("build") for _ in range(2)]
        printed = ["".join(process.communicate(timeout=300)) for process in pair]
        codes = [process.returncode for process in pair]
        assert sorted(codes) in ([0, 2], [0, 0]), printed
        if sorted(codes) == [0, 2]:
            line = one_refusal(printed[codes.index(2)])
            winner = pair[codes.index(0)].pid
            assert line.startswith(f"another build is at work (process {winner}, since 20")
            assert line.endswith("; wait until it has ended and run again")
            assert "START" not in printed[codes.index(2)]
            refusals += 1
        count("two builds at once", "one refused" if 2 in codes else "one after the other")
        assert publish_refused() is None
        assert fingerprint(small.project.target) == small.whole[wanted]
    assert refusals > 0


@soak(1, 20)
def test_a_publish_beside_a_build_refuses_or_takes_the_build_before(small, times):
    if small.last_build() != "green":
        small.build()
    for number in range(times):
        assert publish_refused() is None
        before = fingerprint(small.project.private)
        # every second build is of the same raw data, which a publish that is first may take
        if number % 2 == 0:
            small.project.use("BA"[number // 2 % 2])
        with small.project.start_dbt("build") as process:
            at_work = False
            if number % 2 == 0:  # otherwise the publish may be first
                small.wait_for_lock(process)
                at_work = True
            while process.poll() is None:
                refused = publish_refused()
                if process.poll() is not None:  # who was first cannot be known
                    break
                if refused is None:
                    assert not at_work, "published in the middle of a build"
                else:
                    at_work = True
                    assert refused.startswith(f"another build is at work (process {process.pid},")
                count("publish beside a build", "refused" if refused else "took the build before")
                assert fingerprint(small.project.target) == before
                time.sleep(0.05)
            printed = "".join(process.communicate())
        if process.returncode == 2:  # it met a publish
            assert number % 2 == 1
            assert one_refusal(printed).startswith("another publish is at work")
            count("build beside a publish", "refused")
        else:
            assert process.returncode == 0, printed
            assert at_work


def test_commands_that_only_read_the_project_work_beside_a_build(small):
    with (
        build_lock.held(small.project.private.parent, "build"),
        small.project.start_dbt("list", "--quiet") as listing,
        small.project.start_dbt("compile", "--quiet") as compiling,
    ):
        output, errors = listing.communicate(timeout=120)
        assert (listing.returncode, errors) == (0, "")
        assert "wardhouse.marts.fct_bills" in output
        output, errors = compiling.communicate(timeout=120)
        assert compiling.returncode == 2
        assert one_refusal(output + errors).startswith("another build is at work")


SLOW = "real = publish.audit\npublish.audit = lambda *a: (time.sleep(0.7), real(*a))[1]"


@soak(2, 20)
def test_of_two_publishes_at_once_one_refuses(two_builds, tmp_path, times):
    house = House(tmp_path)
    house.private.parent.mkdir()
    for number in range(times):
        wanted = "AB"[number % 2]
        shutil.copyfile(two_builds[wanted], house.private)
        pair = [house.begin(SLOW) for _ in range(2)]
        printed = ["".join(process.communicate(timeout=60)) for process in pair]
        codes = [process.returncode for process in pair]
        assert sorted(codes) == [0, 2], printed
        assert one_refusal(printed[codes.index(2)]).startswith("another publish is at work")
        count("two publishes at once", "one refused")
        assert fingerprint(house.target) == fingerprint(two_builds[wanted])
        assert house.leftovers() == []


# --- readers -------------------------------------------------------------------------------------

READ_IN_A_LOOP = f"""
import duckdb, pathlib, sys, time
stop, each = pathlib.Path(sys.argv[2]), int(sys.argv[3])
seen, opens, reads, is_last = [0], 0, 0, False
while not is_last:
    is_last = stop.exists()  # one more look after the last publish
    with duckdb.connect(sys.argv[1], read_only=True) as db:
        opens += 1
        first = None
        for _ in range(each):
            low, high, amount, rows = db.execute(
                "select min(version), max(version), sum(amount) / sum(row_number), count(*) "
                "from marts.{EVENTS}"
            ).fetchone()
            rest = db.execute(
                "select min(version), max(version) from marts.{PLACES} "
                "union all select min(bill_key), max(bill_key) from marts.{EMPTY} "
                "union all select min(tolerated_rows), max(tolerated_rows) from marts.{RULES}"
            ).fetchall()
            assert (high, amount, rows) == (low, low, 3000), (low, high, amount, rows)
            assert rest == [(low, low)] * 3, (low, rest)
            assert first in (None, low), "another state in one connection"
            first, reads = low, reads + 1
            time.sleep(0.05)
    assert low >= seen[-1], "back to an older state"
    seen.append(low)
print(opens, reads, len(set(seen)), seen[-1])
"""


@soak(50, 200)
def test_readers_see_no_error_and_no_mixture(tmp_path, monkeypatch, times):
    house = House(tmp_path)
    house.build()
    for name in ("WARDHOUSE_BUILD_DIR", "WARDHOUSE_WAREHOUSE"):
        monkeypatch.setenv(name, house.environment[name])
    house.change(f"insert into marts.{EMPTY} values (0)")

    def publish_version(version: int) -> None:
        house.change(
            f"update marts.{EVENTS} set version = {version}, amount = row_number * {version};"
            f"update marts.{PLACES} set version = {version};"
            f"update marts.{EMPTY} set bill_key = {version};"
            f"update marts.{RULES} set tolerated_rows = {version}"
        )
        assert publish.main([]) == 0

    publish_version(1)
    stop = tmp_path / "stop"
    readers = [
        subprocess.Popen(
            [sys.executable, "-c", READ_IN_A_LOOP, str(house.target), str(stop), str(each)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for each in (1, 1, 5, 40)  # how often each connection asks before it is opened anew
    ]
    try:
        for version in range(2, times + 1):
            publish_version(version)
        stop.touch()
        results = [reader.communicate(timeout=60) for reader in readers]
    finally:
        for reader in readers:
            reader.kill()
    assert [errors for _, errors in results] == [""] * 4
    counts = [tuple(map(int, output.split())) for output, _ in results]
    opens, reads = (sum(numbers[i] for numbers in counts) for i in (0, 1))
    assert [last for *_, last in counts] == [times] * 4
    assert min(versions for _, _, versions, _ in counts[:2]) > times / 5
    assert reads > 4 * times
    count("publishes under four readers", "no error", times)
    count(f"opens by readers of {times} publishes", "no error", opens)
    count(f"reads of all tables in {times} publishes", "no error, no mixture", reads)
