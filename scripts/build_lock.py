"""One program at a time in a folder: builds and publishes in the build folder, plots in theirs.

Usage: imported by raw_door.py, publish.py and plot_figures.py; nothing to run.

The lock is an advisory one on a hidden file, so the operating system gives it back when the process
ends, whatever ended it: there is no stale lock to remove. The file keeps who holds it, only to
say so to whoever is refused.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path

import settings
from settings import UserError

LOCK_NAME = ".build.lock"
BUILD_REMEDY = "set WARDHOUSE_BUILD_DIR to a folder on a disk of this computer"
# A process that has just taken the lock has not yet written who it is.
LOOKS, PAUSE = 20, 0.01

# The folders (device and inode) that this process keeps until it ends, and the open lock files.
_kept: dict[tuple[int, int], int] = {}


def keep(folder: Path, what: str) -> None:
    """Hold the build folder until this process ends; a second call changes nothing.

    dbt may close and open the database between two nodes, and one process may run several dbt
    commands, one after the other: what is held once stays held.
    """
    if _identity(folder) not in _kept:
        _kept[_identity(folder)] = _take(folder, what, LOCK_NAME, BUILD_REMEDY)


@contextmanager
def held(
    folder: Path, what: str, name: str = LOCK_NAME, remedy: str = BUILD_REMEDY
) -> Iterator[None]:
    """Hold a folder for a while; one that does not exist holds nothing to be kept apart."""
    if not folder.is_dir():
        yield
        return
    descriptor = _take(folder, what, name, remedy)
    try:
        yield
    finally:
        with suppress(OSError):
            os.ftruncate(descriptor, 0)
        os.close(descriptor)


def _identity(folder: Path) -> tuple[int, int]:
    """The same for every way to write a path: relative, or over a symbolic link."""
    status = folder.stat()
    return status.st_dev, status.st_ino


def _take(folder: Path, what: str, name: str, remedy: str) -> int:
    shown = f"{settings.shown(folder)}/"
    try:
        # not inheritable: a program that we start must not hold the lock after our end
        mode = 0o600 if name == LOCK_NAME else 0o666
        descriptor = os.open(folder / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, mode)
    except OSError as error:
        raise UserError(
            f"the folder cannot be locked ({error.strerror}: {name}), {shown}; "
            f"make the folder writable or {remedy}"
        ) from None
    try:
        holder = _lock(descriptor)
    except OSError as error:  # a network file system without locks
        os.close(descriptor)
        raise UserError(
            f"the file system has no locks ({error.strerror}: {name}), {shown}; {remedy}"
        ) from None
    if holder is not None:
        os.close(descriptor)
        if f"(process {os.getpid()}," in holder:
            raise UserError(
                f"this process itself has run dbt or publishes, {shown}; "
                "run one after the other, each in a process of its own"
            )
        raise UserError(f"another {holder}, {shown}; wait until it has ended and run again")
    note = f"{what}\n{os.getpid()}\n{datetime.now():%Y-%m-%d %H:%M:%S}\n"
    with suppress(OSError):  # on a full disk the lock holds all the same
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, note.encode(), 0)
    return descriptor


def _lock(descriptor: int) -> str | None:
    """Take the lock, or say who has it; one who ends while we look is not in the way."""
    for _ in range(LOOKS):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            words = os.pread(descriptor, 200, 0).decode("utf-8", "replace").split("\n")
            # a killed holder's words are not believed
            if len(words) == 4 and words[1].isdigit() and _is_alive(int(words[1])):
                return f"{words[0]} is at work (process {words[1]}, since {words[2]})"
            time.sleep(PAUSE)
        else:
            return None
    return "build or publish is at work"


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:  # somebody else's
        return True
    return True
