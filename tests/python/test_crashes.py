"""Kills of the publish, the build and the plot: the published file is always one whole build's.

Usage: pytest tests/python/test_crashes.py; the long trials with -m soak

Every program is a real process. Whole means that definitions, comments, row counts and content
hashes of all tables are those of one build; the builds A and B differ in every table.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import stat
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

import plot_figures
import private_side
import publish
from conftest import DBT, ROOT, WITHOUT_UNIT_TESTS, Build, environment_of, run_dbt
from conftest import publish as run_publish
from crash_tools import (
    FIGURES,
    digest,
    drawn_figures,
    fingerprint,
    kill_at,
    one_refusal,
    publish_refused,
    soak,
)
from house import SCRIPTS, House
from trial_report import count

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


@soak(10, 120)
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
                is_killed = kill_at(process, moments.uniform(0, work), number // 2)
            else:
                is_killed = kill_at(process, moments.uniform(0, until_work), number // 4)
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


def phase_of(output: str) -> str:
    """How far a build came, from what it printed."""
    if "START hook: wardhouse.on-run-end" in output:
        return "at its end"
    if "START sql table" in output:
        return "among the tables"
    return "while it starts"


@soak(2, 60)
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
                is_killed = kill_at(process, moments.uniform(0, small.seconds_of_work), number // 2)
            else:
                is_killed = kill_at(process, moments.uniform(0, small.seconds), number)
            output = process.stdout.read()
        assert digest(project.target) == before
        is_over = small.last_build() == "green"  # killed before its first table or at its very end
        refused = publish_refused()
        if is_over:  # killed before it began, the extract is another than the last build read
            assert refused is None or "changed after the build counted them" in refused
        else:
            assert "the last dbt build did not finish" in refused
        assert fingerprint(project.target) in small.whole.values()
        if is_killed:
            words = "a whole build is there" if is_over else "publish refused"
            count(f"build killed {phase_of(output)}", f"published file whole, {words}")
        number, kills = number + 1, kills + is_killed
        if times > 2 or kills == times:
            small.build()
            assert publish_refused() is None
            assert fingerprint(project.target) == small.whole[wanted]
            assert small.leftovers() == set()
    assert kills == times
    assert (project.private.parent / ".wardhouse_key").read_bytes() == key


@pytest.mark.soak
def test_a_killed_build_of_the_demo(demo_build, tmp_path):
    """The whole project, killed at any moment of its minutes, and a whole build after each kill."""
    folder = tmp_path / "demo"
    for name in ("build", "target"):
        shutil.copytree(demo_build.folder / name, folder / name)
    build = Build(folder, environment_of(folder), "", 0)
    assert run_publish(build).returncode == 0
    before, whole = digest(build.published), fingerprint(build.published)
    command = [str(DBT), "--no-use-colors", "build", *WITHOUT_UNIT_TESTS]
    begun = time.monotonic()
    run_dbt(folder, "build", *WITHOUT_UNIT_TESTS)
    seconds = time.monotonic() - begun
    moments = random.Random(13)
    for number in range(4):
        with (
            (tmp_path / "printed").open("w") as printed,
            subprocess.Popen(
                command, cwd=ROOT, env=build.environment, stdout=printed, start_new_session=True
            ) as process,
        ):
            is_killed = kill_at(process, moments.uniform(0.1, 0.95) * seconds, number)
        output = (tmp_path / "printed").read_text()
        assert digest(build.published) == before
        refused = run_publish(build)
        if is_killed and "START sql" in output:
            assert refused.returncode == 2
            assert "did not finish" in one_refusal(refused.stderr)
            assert digest(build.published) == before
        if is_killed:
            count(f"demo build killed {phase_of(output)}", "published file whole")
        done = run_dbt(folder, "build", *WITHOUT_UNIT_TESTS)
        assert done.returncode == 0, done.output[-3000:]
        assert run_publish(build).returncode == 0
        assert fingerprint(build.published) == whole
        before = digest(build.published)


def test_a_key_that_was_half_made_stops_no_later_build(tmp_path, monkeypatch):
    def killed(_):
        raise KeyboardInterrupt

    monkeypatch.delenv("WARDHOUSE_KEY", raising=False)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(os, "fsync", killed)
        private_side.hash_key(Path("raw"), tmp_path)
    assert not (tmp_path / private_side.KEY_FILE_NAME).exists()
    key = private_side.hash_key(Path("raw"), tmp_path)
    assert private_side.hash_key(Path("raw"), tmp_path) == key
    assert [path.name for path in tmp_path.iterdir()] == [private_side.KEY_FILE_NAME]
    assert stat.S_IMODE((tmp_path / private_side.KEY_FILE_NAME).stat().st_mode) == 0o600


# --- kills of the plot ----------------------------------------------------------------------------

SAVE_IN_A_LOOP = """
import itertools, pathlib, sys
import crash_tools, plot_figures
for version in itertools.cycle("AB"):
    plot_figures.save(pathlib.Path(sys.argv[1]), *crash_tools.drawn_figures(version))
    print(version, flush=True)
"""


def check_figures(folder: Path, whole: set[str]) -> str:
    """Every figure is a whole one, and the manifest is right about those that it names."""
    content = json.loads((folder / "manifest.json").read_text())
    hashes = {path.name: digest(path) for path in folder.glob("*.[ps][nv]g")}
    assert set(hashes.values()) <= whole, "half a figure"
    named = {file["file"]: file["sha256"] for e in content["figures"] for file in e["files"]}
    assert named.items() <= hashes.items(), "the manifest is wrong"
    assert hashes.keys() - named.keys() <= set(content.get("unfinished", ()))
    return "manifest complete" if hashes.keys() == named.keys() else "manifest names what waits"


@soak(8, 60)
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
    number = kills = 0
    while kills < 20 and number < 60:
        with subprocess.Popen(command("AB"[number % 2]), start_new_session=True) as process:
            is_killed = kill_at(process, moments.uniform(0, seconds), number)
        found = check_figures(figures, whole)
        if is_killed:
            count("plot killed at any moment", f"figures whole, {found}")
        number, kills = number + 1, kills + is_killed
    assert kills == 20
    subprocess.run(command("A"), check=True, capture_output=True)
    assert check_figures(figures, whole) == "manifest complete"
