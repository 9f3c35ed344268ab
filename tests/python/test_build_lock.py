"""One build or publish at a time in a build folder, and no lock that outlives its process."""

from __future__ import annotations

import errno
import fcntl
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

import build_lock
from settings import UserError

SCRIPTS = Path(build_lock.__file__).parent
HOLD = """
import sys
from pathlib import Path
import build_lock
try:
    build_lock.keep(Path(sys.argv[1]), "build")
except build_lock.UserError as error:
    sys.exit(str(error))
if len(sys.argv) > 2:  # a child that outlives its parent
    import subprocess
    print(subprocess.Popen(["sleep", "60"], close_fds=False).pid, flush=True)
print("held", flush=True)
sys.stdin.read()
"""


def holder(folder: Path, *arguments: str) -> subprocess.Popen:
    """A process that holds the lock of a folder until it is told to end."""
    pipe = subprocess.PIPE
    return subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder), *arguments],
        env={**os.environ, "PYTHONPATH": str(SCRIPTS)},
        stdin=pipe,
        stdout=pipe,
        stderr=pipe,
        text=True,
    )


def refusal(folder: Path) -> str:
    with (
        pytest.raises(UserError) as caught,
        build_lock.held(folder, "publish"),
    ):
        pass
    text = str(caught.value)
    assert "\n" not in text
    return text


def test_the_second_is_told_who_is_first_and_a_kill_frees_the_lock(tmp_path):
    folder = tmp_path / "build"
    folder.mkdir()
    with holder(folder) as first:
        assert first.stdout.readline() == "held\n"
        assert refusal(folder).startswith(
            f"another build is at work (process {first.pid}, since 20"
        )
        assert refusal(folder).endswith(f"), {folder}/; wait until it has ended and run again")
        assert stat.S_IMODE((folder / build_lock.LOCK_NAME).stat().st_mode) == 0o600
        with holder(folder) as second:
            assert second.wait(20) == 1
        first.send_signal(signal.SIGKILL)
        first.wait(20)
        with build_lock.held(folder, "publish"):
            # what the killed one wrote is gone
            assert str(first.pid) not in (folder / build_lock.LOCK_NAME).read_text()
    with build_lock.held(folder, "publish"):
        pass


def test_a_child_of_a_killed_build_holds_nothing(tmp_path):
    with holder(tmp_path, "with a child") as parent:
        child = int(parent.stdout.readline())
        assert parent.stdout.readline() == "held\n"
        parent.send_signal(signal.SIGKILL)
        parent.wait(20)
        try:
            os.kill(child, 0)
            with build_lock.held(tmp_path, "publish"):
                pass
        finally:
            os.kill(child, signal.SIGKILL)


@pytest.mark.parametrize("way", ["link", "relative", "dots"])
def test_every_way_to_write_the_folder_is_the_same_lock(tmp_path, monkeypatch, way):
    folder = tmp_path / "build"
    folder.mkdir()
    (tmp_path / "link").symlink_to(folder)
    monkeypatch.chdir(tmp_path)
    other = {"link": tmp_path / "link", "relative": Path("build"), "dots": folder / ".." / "build"}
    with build_lock.held(folder, "publish"):
        assert "this process itself has run dbt or publishes" in refusal(other[way])


def test_a_process_keeps_what_it_has_and_is_told_so(tmp_path):
    code = HOLD.split("if len")[0] + (
        "build_lock.keep(Path(sys.argv[1]), 'dbt docs')\n"
        "with build_lock.held(Path(sys.argv[1]), 'publish'): pass\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(SCRIPTS)}
    command = [sys.executable, "-c", code, str(tmp_path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"UserError: this process itself has run dbt or publishes, {tmp_path}/; " in done.stderr
    assert done.stderr.count("run one after the other, each in a process of its own") == 1


def test_a_folder_that_is_not_there_needs_no_lock(tmp_path):
    with build_lock.held(tmp_path / "none", "publish"):
        assert not (tmp_path / "none").exists()


def test_words_of_the_dead_are_not_believed(tmp_path, monkeypatch):
    monkeypatch.setattr(build_lock, "LOOKS", 2)
    with subprocess.Popen(["true"]) as gone:
        gone.wait()
    path = tmp_path / build_lock.LOCK_NAME
    path.write_text(f"build\n{gone.pid}\n2026-01-01 00:00:00\n")
    with path.open() as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert refusal(tmp_path).startswith("another build or publish is at work, ")


def test_a_holder_that_ends_while_we_look_is_not_in_the_way(tmp_path, monkeypatch):
    path = tmp_path / build_lock.LOCK_NAME
    path.touch()
    file = path.open()
    fcntl.flock(file, fcntl.LOCK_EX)
    monkeypatch.setattr(build_lock.time, "sleep", lambda _: file.close())
    with build_lock.held(tmp_path, "publish"):
        assert path.read_text().startswith(f"publish\n{os.getpid()}\n")


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP])
def test_a_file_system_without_locks_is_one_line(tmp_path, monkeypatch, number):
    def no_locks(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", no_locks)
    text = refusal(tmp_path)
    assert text.startswith(f"the file system has no locks ({os.strerror(number)}: .build.lock), ")
    assert "set WARDHOUSE_BUILD_DIR to a folder on a disk of this computer" in text


def test_a_folder_that_cannot_be_locked_is_one_line(tmp_path):
    (tmp_path / build_lock.LOCK_NAME).mkdir()
    text = refusal(tmp_path)
    assert text.startswith("the folder cannot be locked (Is a directory: .build.lock), ")


def test_the_lock_holds_on_a_full_disk(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(build_lock, "LOOKS", 2)
    monkeypatch.setattr(os, "pwrite", full)
    with build_lock.held(tmp_path, "publish"):
        assert "another build or publish is at work" in refusal(tmp_path)
