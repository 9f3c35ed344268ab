"""A disk without room: one line, the published file untouched, and the next run succeeds.

Usage: pytest tests/python/test_full_disks.py; disks that are really full with -m soak
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

import plot_figures
import private_side
import publish
from crash_tools import (
    digest,
    drawn_figures,
    fingerprint,
    limited,
    one_refusal,
    publish_refused,
)
from house import SCRIPTS, House, open_in_another_process
from settings import UserError
from trial_report import count

SPILL = "create table t as select md5(cast(range as varchar)) as a from range(3000000) order by a"


def test_no_room_to_spill_is_one_line_and_a_killed_spill_is_removed(two_builds, tmp_path):
    house = House(tmp_path)
    house.private.parent.mkdir()
    shutil.copyfile(two_builds["A"], house.private)
    assert house.run().returncode == 0
    before = house.state()
    code = (
        "publish.make_copy = lambda db, *_: "
        f"(db.execute(\"set memory_limit = '40MB'\"), db.execute('{SPILL}'))"
    )
    done = house.run(code, preexec_fn=limited(1_000_000))
    assert done.returncode == 2
    assert one_refusal(done.stderr).startswith("no room for the copy (")
    assert (house.state(), house.leftovers()) == (before, [])
    with house.start(code) as process:
        while not any(house.target.parent.glob(".publish-*/spill/*")):
            assert process.poll() is None, process.communicate()
            time.sleep(0.002)
        process.kill()
    assert house.leftovers() != []
    assert house.run().returncode == 0
    assert house.leftovers() == []


def test_the_spill_of_a_killed_build_is_removed_by_the_next(tmp_path):
    path = tmp_path / "wardhouse_private.duckdb"
    code = (
        "import duckdb, sys\n"
        "db = duckdb.connect(sys.argv[1], config={'memory_limit': '40MB'})\n"
        f"db.execute('{SPILL}')"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(path)]) as process:
        while not any(tmp_path.glob("*.tmp/*")):
            assert process.poll() is None
            time.sleep(0.002)
        process.kill()
    assert any(tmp_path.glob("*.tmp/*"))
    private_side.take_build_folder(path, {}, "build")
    assert not any(tmp_path.glob("*.tmp/*"))


def test_a_build_without_room_is_refused_and_the_next_succeeds(small):
    before = digest(small.project.target)
    small.project.use("A")
    with small.project.start_dbt("build", preexec_fn=limited(2_000_000)) as process:
        output, errors = process.communicate(timeout=300)
    assert process.returncode == 1
    assert "Traceback" not in output + errors
    assert output.count("File too large") == 1
    refused = publish_refused()
    assert refused.startswith("the last dbt build failed: fct_")
    assert digest(small.project.target) == before
    count("no room for the build", "published file untouched, publish refused")
    small.build()
    assert publish_refused() is None
    assert fingerprint(small.project.target) == small.whole["A"]


def test_figures_without_room_are_one_line(tmp_path):
    plot_figures.save(tmp_path, *drawn_figures("A"))
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    code = (
        "import sys, crash_tools, plot_figures, settings\n"
        "from pathlib import Path\n"
        "figures = crash_tools.drawn_figures('B')\n"
        "plot_figures.draw = lambda _, output, __: plot_figures.save(output, *figures)\n"
        "settings.run_main(plot_figures.main)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "--output", str(tmp_path)],
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(SCRIPTS), str(Path(__file__).parent)]),
        },
        preexec_fn=limited(150_000),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert one_refusal(done.stderr).startswith("the figures cannot be written (File too large), ")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_private_database_that_cannot_be_opened_is_one_line(tmp_path):
    path = tmp_path / "wardhouse_private.duckdb"
    duckdb.connect(str(path)).close()
    with open_in_another_process(path, read_only=True) as reader:
        with pytest.raises(UserError) as caught:
            private_side.take_build_folder(path, {}, "build")
        reader.stdin.close()
    assert str(caught.value) == (
        f"the private database is in use by another program (PID {reader.pid}), {path}; "
        "close it there and run again"
    )
    path.write_bytes(b"no database" * 2000)
    with pytest.raises(UserError, match="the private database is damaged, ") as caught:
        private_side.take_build_folder(path, {}, "build")
    assert "\n" not in str(caught.value)


def test_writes_of_a_killed_build_that_cannot_be_read_back_are_discarded(tmp_path, capsys):
    path = tmp_path / "wardhouse_private.duckdb"
    log = Path(f"{path}.wal")
    duckdb.connect(str(path)).execute("create table kept as select 1 as n").close()
    connection = duckdb.connect(str(path))
    connection.execute("create table lost as select range as n from range(1000)")
    noted = bytearray(log.read_bytes())
    connection.close()
    noted[len(noted) // 2] ^= 0xFF
    log.write_bytes(noted)
    path.chmod(0o600)
    with pytest.raises(duckdb.Error, match="replaying WAL"):
        duckdb.connect(str(path))
    private_side.take_build_folder(path, {}, "build")
    (line,) = [x for x in capsys.readouterr().err.splitlines() if "cannot be read" in x]
    assert str(log) in line and "this build makes them anew" in line
    with duckdb.connect(str(path), read_only=True) as database:
        assert ("kept",) in database.execute("show tables").fetchall()


@pytest.mark.parametrize("size", [1, 4096, 8192, 12287])
def test_a_private_database_that_was_hardly_begun_is_begun_again(tmp_path, size):
    path = tmp_path / "wardhouse_private.duckdb"
    duckdb.connect(str(path)).close()
    path.write_bytes(path.read_bytes()[:size] if size % 2 == 0 else bytes(size))
    private_side.take_build_folder(path, {}, "build")
    with duckdb.connect(str(path)) as db:
        assert db.execute("from duckdb_tables()").fetchall() == []


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 12 MB; skipped where nobody may mount one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(disk)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no disk can be mounted here: {done.stderr.strip()}")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def fill(disk: Path, free: int) -> Path:
    """A file that leaves so many bytes of a disk."""
    ballast = disk / "ballast"
    status = os.statvfs(disk)
    ballast.write_bytes(b"x" * max(0, status.f_bavail * status.f_frsize - free))
    return ballast


@pytest.mark.soak
@pytest.mark.parametrize("free", [0, 40_000, 400_000, 1_500_000])
def test_a_disk_that_is_really_full(small, small_disk, free, monkeypatch):
    project = small.project
    project.use("A")
    small.build()
    assert publish_refused() is None
    # the publish
    target = small_disk / "warehouse" / "wardhouse.duckdb"
    monkeypatch.setenv("WARDHOUSE_WAREHOUSE", str(target))
    assert publish.main([]) == 0
    before = digest(target)
    ballast = fill(small_disk, free)
    with pytest.raises(UserError, match="no room for the copy") as caught:
        publish.main([])
    assert "\n" not in str(caught.value)
    assert digest(target) == before
    ballast.unlink()
    assert publish.main([]) == 0
    assert fingerprint(target) == small.whole["A"]
    count("full disk at publish", "published file untouched, then the next succeeded")
    # the build
    shutil.rmtree(small_disk / "warehouse")
    ballast = fill(small_disk, free)
    build_dir = {**project.environment, "WARDHOUSE_BUILD_DIR": str(small_disk / "build")}
    with project.start_dbt("build", env=build_dir) as process:
        printed = "".join(process.communicate(timeout=300))
    assert process.returncode in (1, 2), printed
    assert "Traceback" not in printed
    assert "No space left on device" in printed
    if process.returncode == 2:
        # that a key was made is news of its own
        one_refusal(
            "\n".join(x for x in printed.splitlines() if "a key for the hashed ids" not in x)
        )
    ballast.unlink()
    with project.start_dbt("build", env=build_dir) as process:
        printed = "".join(process.communicate(timeout=300))
    assert process.returncode == 0, printed
    assert fingerprint(small_disk / "build" / project.private.name) == small.whole["A"]
    count("full disk at build", "refused, then the next succeeded")
