"""Kills, full disks, two programs at once and readers: the published file is always one build's.

Usage: pytest tests/python/test_crashes.py; the long trials with -m soak

Every program is a real process. Whole means that definitions, comments, row counts and content
hashes of all tables are those of one build; the builds A and B differ in every table.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import resource
import shutil
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

import build_lock
import plot_figures
import publish
import raw_door
from house import EMPTY, EVENTS, PLACES, RULES, SCRIPTS, House, open_in_another_process
from settings import UserError
from small_project import TABLES, SmallProject, fingerprint
from trial_report import count

# A kill of the whole process group and one of the parent alone leave the same behind.
KILLS = {
    "process group": lambda process: os.killpg(process.pid, signal.SIGKILL),
    "parent": lambda process: process.kill(),
}


def soak(short: int, long: int):
    """Run a test `short` times over in the default run and `long` times in the long trials."""
    return pytest.mark.parametrize("times", [short, pytest.param(long, marks=pytest.mark.soak)])


def kill_at(process: subprocess.Popen, moment: float, which: int) -> bool:
    """Kill a process when so many seconds have passed; False when it ended before."""
    time.sleep(moment)
    if process.poll() is None:
        list(KILLS.values())[which % len(KILLS)](process)
    process.wait(60)
    return process.returncode == -signal.SIGKILL


def one_refusal(text: str) -> str:
    """The one line with which a program refused, taken out of what it printed."""
    assert "Traceback" not in text
    lines = [line.strip() for line in text.splitlines() if "wardhouse: " in line]
    assert len(lines) == 1, text
    return lines[0].partition("wardhouse: ")[2]


def digest(path: Path) -> str:
    """The bytes of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


# --- kills of the publish ------------------------------------------------------------------------

PHASES = {
    "temporary_folder": "before the copy",
    "make_copy": "in the copy",
    "audit": "in the audit",
    "sync": "before the swap",
    "swap": "in the swap",
}
MARK_PHASES = f"""
def marked(name, words):
    real = getattr(publish, name)
    def call(*arguments):
        with open(os.environ["PHASE"], "w") as file:
            file.write(words)
        return real(*arguments)
    setattr(publish, name, call)
for name, words in {PHASES}.items():
    marked(name, words)
"""


@pytest.fixture(scope="module")
def two_builds(tmp_path_factory) -> dict[str, Path]:
    """The private databases of two builds whose every table is another."""
    databases = {}
    for version, name in enumerate("AB", start=1):
        house = House(tmp_path_factory.mktemp(name))
        house.build(version, rows=20_000)
        house.change(
            f"update marts.{RULES} set rationale = 'of {name}';"
            f"insert into marts.{EMPTY} values ({version});"
            f"comment on table marts.{PLACES} is 'of {name}'"
        )
        databases[name] = house.private
    prints = [fingerprint(path) for path in databases.values()]
    assert all(prints[0][table] != prints[1][table] for table in prints[0])
    return databases


@soak(8, 120)
def test_a_killed_publish_leaves_one_build_and_the_next_succeeds(
    two_builds, tmp_path, monkeypatch, times
):
    house = House(tmp_path)
    house.private.parent.mkdir()
    for name in ("WARDHOUSE_BUILD_DIR", "WARDHOUSE_WAREHOUSE"):
        monkeypatch.setenv(name, house.environment[name])
    phase = tmp_path / "phase"
    house.environment["PHASE"] = str(phase)
    whole = {name: fingerprint(path) for name, path in two_builds.items()}

    def start(build: str) -> subprocess.Popen:
        shutil.copyfile(two_builds[build], house.private)
        phase.unlink(missing_ok=True)
        return house.begin(MARK_PHASES)

    def until_it_works(process: subprocess.Popen) -> float:
        while not phase.exists():
            assert process.poll() is None, process.communicate()
            time.sleep(0.002)
        return time.monotonic()

    with start("A") as process:  # how long a publish takes
        begun = time.monotonic()
        at_work = until_it_works(process)
        assert process.wait(60) == 0, process.communicate()
        until_work, work = at_work - begun, time.monotonic() - at_work
    moments = random.Random(5)
    number = kills = 0
    while kills < times and number < 3 * times:
        before, wanted = "AB"[number % 2], "BA"[number % 2]
        assert fingerprint(house.target) == whole[before]
        with start(wanted) as process:
            if number % 4:  # most kills while it reads and writes, some while it starts
                until_it_works(process)
                is_killed = kill_at(process, moments.uniform(0, work), number)
            else:
                is_killed = kill_at(process, moments.uniform(0, until_work), number)
        at = (phase.read_text() or "before the copy") if phase.exists() else "while it starts"
        found = fingerprint(house.target)
        assert found in (whole[before], whole[wanted]), "a mixture"
        if is_killed:
            which = "the new build" if found == whole[wanted] else "the old build"
            count(f"publish killed {at}", f"whole, {which}")
        assert publish.main([]) == 0
        assert fingerprint(house.target) == whole[wanted]
        assert house.leftovers() == []
        number, kills = number + 1, kills + is_killed
    assert kills == times


# --- kills of the build --------------------------------------------------------------------------


IN_ONE_PROCESS = """
import sys
from dbt.cli.main import dbtRunner
sys.path.insert(0, "scripts")
import publish
for command in (["list", "--quiet"], ["build"], ["test"]):
    result = dbtRunner().invoke(command)
    assert result.success, result.exception
try:
    publish.main([])
except publish.UserError as error:
    print("refused:", error)
"""


class SmallBuilds:
    """The small project after two builds, A published and B not, and what they hold."""

    def __init__(self, folder: Path) -> None:
        """Build A with several dbt commands in one process, as a scheduler would; then B."""
        self.project = SmallProject(folder)
        process = self.project.start(sys.executable, "-c", IN_ONE_PROCESS, stderr=subprocess.STDOUT)
        self.output, _ = process.communicate(timeout=300)
        assert process.returncode == 0, self.output
        self.whole = {"A": fingerprint(self.project.private)}
        with self.project.start_script("publish.py") as process:
            output, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
        self.project.use("B")
        begun = time.monotonic()
        with self.project.start_dbt("build") as process:
            at_work = self.wait_for_lock(process)
            assert process.wait(300) == 0, process.communicate()
        # how long a build takes, and how much of it after it has the lock
        self.seconds, self.seconds_of_work = time.monotonic() - begun, time.monotonic() - at_work
        self.whole["B"] = fingerprint(self.project.private)
        assert all(self.whole["A"][table] != self.whole["B"][table] for table in TABLES)

    def wait_for_lock(self, process: subprocess.Popen) -> float:
        """Wait until a command of dbt holds the build folder; the time."""
        lock = self.project.private.parent / build_lock.LOCK_NAME
        while f"\n{process.pid}\n" not in lock.read_text():
            assert process.poll() is None, process.communicate()
            time.sleep(0.005)
        return time.monotonic()

    def build(self) -> str:
        """A build to its end; what it printed."""
        with self.project.start_dbt("build") as process:
            output, errors = process.communicate(timeout=300)
        assert process.returncode == 0, output + errors
        return output

    def last_build(self) -> str:
        """What the private database says of its last build; it opens, whatever was killed."""
        with duckdb.connect(str(self.project.private)) as db:
            return db.execute("select status from private.last_build").fetchone()[0]

    def leftovers(self) -> set[str]:
        """What lies in the build folder besides what a build needs."""
        known = {self.project.private.name, build_lock.LOCK_NAME, ".wardhouse_key"}
        return {path.name for path in self.project.private.parent.iterdir()} - known


@pytest.fixture(scope="module")
def small_builds(tmp_path_factory) -> SmallBuilds:
    return SmallBuilds(tmp_path_factory.mktemp("small"))


@pytest.fixture
def small(small_builds, monkeypatch) -> SmallBuilds:
    """The small project, with its paths in the environment of this process too."""
    for name, value in small_builds.project.environment.items():
        monkeypatch.setenv(name, value)
    return small_builds


def phase_of(output: str) -> str:
    """How far a build came, from what it printed."""
    if "START hook: wardhouse.on-run-end" in output:
        return "at its end"
    if "START sql table" in output:
        return "among the tables"
    return "while it starts"


def publish_refused() -> str | None:
    """Why a publish refuses, or None when it does its work."""
    try:
        assert publish.main([]) == 0
    except UserError as error:
        assert "\n" not in str(error)
        return str(error)
    return None


@soak(3, 60)
def test_a_killed_build_leaves_the_published_file_and_the_next_succeeds(small, times):
    project, moments = small.project, random.Random(11)
    key = (project.private.parent / ".wardhouse_key").read_bytes()
    number = kills = 0
    while kills < times and number < 3 * times:
        wanted = "AB"[number % 2]
        project.use(wanted)
        before = digest(project.target)
        with project.start_dbt("build") as process:
            if number % 3:  # most kills while it writes
                small.wait_for_lock(process)
                is_killed = kill_at(process, moments.uniform(0, small.seconds_of_work), number)
            else:
                is_killed = kill_at(process, moments.uniform(0, small.seconds), number)
            output = process.stdout.read()
        assert digest(project.target) == before
        is_over = small.last_build() == "green"  # killed before its first table or at its very end
        refused = publish_refused()
        assert refused is None if is_over else "the last dbt build did not finish" in refused
        assert fingerprint(project.target) in small.whole.values()
        if is_killed:
            words = "a whole build is there" if is_over else "publish refused"
            count(f"build killed {phase_of(output)}", f"published file whole, {words}")
        number, kills = number + 1, kills + is_killed
        if times > 3 or kills == times:
            small.build()
            assert publish_refused() is None
            assert fingerprint(project.target) == small.whole[wanted]
            assert small.leftovers() == set()
    assert kills == times
    assert (project.private.parent / ".wardhouse_key").read_bytes() == key


def test_a_key_that_was_half_made_stops_no_later_build(tmp_path, monkeypatch):
    def killed(_):
        raise KeyboardInterrupt

    monkeypatch.delenv("WARDHOUSE_KEY", raising=False)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(os, "fsync", killed)
        raw_door.hash_key(Path("raw"), tmp_path)
    assert not (tmp_path / raw_door.KEY_FILE_NAME).exists()
    key = raw_door.hash_key(Path("raw"), tmp_path)
    assert raw_door.hash_key(Path("raw"), tmp_path) == key
    assert [path.name for path in tmp_path.iterdir()] == [raw_door.KEY_FILE_NAME]
    assert stat.S_IMODE((tmp_path / raw_door.KEY_FILE_NAME).stat().st_mode) == 0o600


def test_several_commands_in_one_process_and_no_publish_among_them(small):
    lines = small.output.splitlines()
    assert sum("Completed successfully" in line for line in lines) == 2
    assert lines[-1].startswith("refused: this process itself has run dbt or publishes, ")


# --- kills of the plot ----------------------------------------------------------------------------

SAVE_IN_A_LOOP = """
import itertools, pathlib, sys
import plot_figures, test_crashes
for version in itertools.cycle("AB"):
    plot_figures.save(pathlib.Path(sys.argv[1]), *test_crashes.drawn_figures(version))
    print(version, flush=True)
"""
FIGURES = sorted(plot_figures.REGISTRY)[:5]


def drawn_figures(version: str) -> tuple[list[dict], dict[str, bytes]]:
    """Files as large as those of figures, and their entries of the manifest."""
    files = {
        f"{name}.{end}": f"{name} {version} ".encode() * 9000
        for name in FIGURES
        for end in ("png", "svg")
    }
    entries = [
        {
            "name": name,
            "files": [
                {"file": file, "sha256": hashlib.sha256(content).hexdigest()}
                for file, content in files.items()
                if file.startswith(f"{name}.")
            ],
        }
        for name in FIGURES
    ]
    return entries, files


def check_figures(folder: Path, whole: set[str]) -> str:
    """Every figure is a whole one, and the manifest is right about those that it names."""
    content = json.loads((folder / "manifest.json").read_text())
    hashes = {path.name: digest(path) for path in folder.glob("*.[ps][nv]g")}
    assert set(hashes.values()) <= whole, "half a figure"
    named = {file["file"]: file["sha256"] for e in content["figures"] for file in e["files"]}
    assert named.items() <= hashes.items(), "the manifest is wrong"
    assert hashes.keys() - named.keys() <= set(content.get("unfinished", ()))
    return "manifest complete" if hashes.keys() == named.keys() else "manifest names what waits"


@soak(6, 60)
def test_killed_while_figures_are_put_in_place(tmp_path, times):
    figures = tmp_path / "figures"
    whole = {
        file["sha256"] for v in "AB" for entry in drawn_figures(v)[0] for file in entry["files"]
    }
    plot_figures.save(figures, *drawn_figures("A"))
    assert check_figures(figures, whole) == "manifest complete"
    path = os.pathsep.join([str(SCRIPTS), str(Path(__file__).parent)])
    moments = random.Random(3)
    for number in range(times):
        with subprocess.Popen(
            [sys.executable, "-c", SAVE_IN_A_LOOP, str(figures)],
            env={**os.environ, "PYTHONPATH": path},
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        ) as process:
            assert process.stdout.readline() == "A\n"
            assert kill_at(process, moments.uniform(0, 0.1), number)
        count("plot killed while it writes", f"figures whole, {check_figures(figures, whole)}")
    plot_figures.save(figures, *drawn_figures("B"))
    assert check_figures(figures, whole) == "manifest complete"
    assert not list(figures.glob(".*.part"))


def test_what_a_killed_plot_left_is_kept_until_it_is_drawn_again(tmp_path):
    entries, content = drawn_figures("A")
    plot_figures.save(tmp_path, entries, content)
    waiting = FIGURES[0]
    gone = {"gone.png", f"{waiting}.png", f"{waiting}.svg"}
    (tmp_path / "gone.png").write_bytes(b"of a figure that no longer exists")
    (tmp_path / "manifest.json").write_bytes(plot_figures.manifest(entries[1:], gone))
    some = [entries[1]], {k: v for k, v in content.items() if k.startswith(f"{FIGURES[1]}.")}
    plot_figures.save(tmp_path, *some)
    left = json.loads((tmp_path / "manifest.json").read_text())
    assert left["unfinished"] == sorted(gone - {"gone.png"})
    assert not (tmp_path / "gone.png").exists()
    assert (tmp_path / f"{waiting}.png").exists()
    plot_figures.save(tmp_path, entries, content)
    assert "unfinished" not in json.loads((tmp_path / "manifest.json").read_text())


@pytest.mark.soak
def test_a_killed_plot_script(demo_warehouse, tmp_path):
    figures, name = tmp_path / "figures", "no_shows_monthly"
    databases = {"A": demo_warehouse, "B": tmp_path / "b.duckdb"}
    shutil.copyfile(demo_warehouse, databases["B"])
    with duckdb.connect(str(databases["B"])) as db:
        table = "marts.kpi_appointment_outcomes_monthly"
        db.execute(f"delete from {table} where month > '2024-01-01'")

    def command(version: str) -> list[str]:
        script = str(SCRIPTS / "plot_figures.py")
        arguments = ["--only", name, "--database", str(databases[version])]
        return [sys.executable, script, *arguments, "--output", str(figures)]

    whole: set[str] = set()
    for version in "AB":
        begun = time.monotonic()
        subprocess.run(command(version), check=True, capture_output=True)
        seconds = time.monotonic() - begun
        whole |= {digest(figures / f"{name}.{end}") for end in ("png", "svg")}
    assert len(whole) == 4
    moments = random.Random(9)
    for number in range(15):
        with subprocess.Popen(command("AB"[number % 2]), start_new_session=True) as process:
            is_killed = kill_at(process, moments.uniform(0, seconds), number)
        found = check_figures(figures, whole)
        if is_killed:
            count("plot killed at any moment", f"figures whole, {found}")
    subprocess.run(command("A"), check=True, capture_output=True)
    assert check_figures(figures, whole) == "manifest complete"


# --- two at once ---------------------------------------------------------------------------------


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
        before = fingerprint(small.project.private)
        small.project.use("AB"[number % 2])
        with small.project.start_dbt("build") as process:
            at_work = False
            while process.poll() is None:
                refused = publish_refused()
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
            assert one_refusal(printed).startswith("another publish is at work")
        else:
            assert process.returncode == 0, printed
        assert at_work or process.returncode == 2


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


# --- full disks ----------------------------------------------------------------------------------


def limited(size: int):
    """What a process does first: no file may grow beyond a size, as on a disk without room."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


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
    raw_door.take_build_folder(path, {})
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
        "import sys, plot_figures, settings, test_crashes\n"
        "from pathlib import Path\n"
        "figures = test_crashes.drawn_figures('B')\n"
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
            raw_door.take_build_folder(path, {})
        reader.stdin.close()
    assert str(caught.value) == (
        f"the private database is in use by another program (PID {reader.pid}), {path}; "
        "close it there and run again"
    )
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(UserError, match="the private database cannot be opened ") as caught:
        raw_door.take_build_folder(path, {})
    assert "\n" not in str(caught.value)


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
        one_refusal(printed)
    ballast.unlink()
    with project.start_dbt("build", env=build_dir) as process:
        printed = "".join(process.communicate(timeout=300))
    assert process.returncode == 0, printed
    assert fingerprint(small_disk / "build" / project.private.name) == small.whole["A"]
    count("full disk at build", "refused, then the next succeeded")


# --- readers -------------------------------------------------------------------------------------

READ_IN_A_LOOP = f"""
import duckdb, pathlib, sys, time
stop, each = pathlib.Path(sys.argv[2]), int(sys.argv[3])
seen, opens, reads = [0], 0, 0
while not stop.exists():
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
            time.sleep(0.03)
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
        time.sleep(0.3)
        stop.touch()
        results = [reader.communicate(timeout=60) for reader in readers]
    finally:
        for reader in readers:
            reader.kill()
    assert [errors for _, errors in results] == [""] * 4
    counts = [tuple(map(int, output.split())) for output, _ in results]
    opens, reads = (sum(numbers[i] for numbers in counts) for i in (0, 1))
    assert [last for *_, last in counts[:2]] == [times] * 2
    assert min(versions for _, _, versions, _ in counts[:2]) > times / 5
    assert reads > 4 * times
    count("publishes under four readers", "no error", times)
    count(f"opens by readers of {times} publishes", "no error", opens)
    count(f"reads of all tables in {times} publishes", "no error, no mixture", reads)
