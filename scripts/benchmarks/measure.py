"""Run a program and measure all its processes: seconds, CPU seconds, peak memory, bytes written.

Usage: imported by scripts/benchmark.py; nothing to run.

A program that uses more memory or time than it may is ended, and its result says so: no number is
made up for it. Memory is what its processes hold in RAM at one time; pages that they share (a
database server's buffers) count once. Linux only: all of it is read from /proc.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

LOOK_EVERY = 0.1  # seconds
PAGE = 1024  # /proc/<pid>/status counts in units of 1,024 bytes


@dataclass
class Limits:
    """What a program may use."""

    seconds: float
    memory_bytes: int


@dataclass
class Measured:
    """What a program used, and how it ended: ok, out of memory, timeout or error."""

    ending: str
    seconds: float
    cpu_seconds: float
    peak_memory_bytes: int
    written_bytes: int
    output: str
    message: str = ""
    load_before: list[float] = field(default_factory=list)


@dataclass
class _Tree:
    """What is known of the processes, living and ended."""

    peak: int = 0
    written: dict[tuple[int, str], int] = field(default_factory=dict)

    def look(self, pids: list[int]) -> int:
        """Note memory and bytes written now; the memory held at this moment."""
        own, shared = 0, [0]
        for pid in pids:
            with contextlib.suppress(OSError, ValueError, IndexError):
                status = dict(line.split(":", 1) for line in _lines(pid, "status") if ":" in line)
                own += _bytes(status.get("RssAnon"))
                shared.append(_bytes(status.get("RssShmem")) + _bytes(status.get("RssFile")))
                begun = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[19]
                numbers = dict(line.split(": ") for line in _lines(pid, "io"))
                self.written[pid, begun] = int(numbers["write_bytes"])
        now = own + max(shared)
        self.peak = max(self.peak, now)
        return now


def _lines(pid: int, name: str) -> list[str]:
    return Path(f"/proc/{pid}/{name}").read_text().splitlines()


def _bytes(text: str | None) -> int:
    return int(text.split()[0]) * PAGE if text else 0


def _descendants(root: int) -> list[int]:
    """The process and all below it."""
    below: dict[int, list[int]] = {}
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            with contextlib.suppress(OSError, IndexError):
                parent = Path(f"/proc/{entry.name}/stat").read_text().rsplit(")", 1)[1].split()[1]
                below.setdefault(int(parent), []).append(int(entry.name))
    found = [root]
    for pid in found:  # grows while it is read
        found.extend(below.get(pid, ()))
    return found


def _end(pids: list[int]) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


def run(
    command: list[str], limits: Limits, cwd: Path, environment: dict[str, str] | None = None
) -> Measured:
    """Run a program to its end, or to the first limit that it meets."""
    load = list(os.getloadavg())
    with tempfile.TemporaryFile("w+", errors="replace") as said:
        begun = time.monotonic()
        process = subprocess.Popen(
            command, cwd=cwd, env=environment, stdout=said, stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL, text=True, start_new_session=True,
        )  # fmt: skip
        tree, ending, usage = _Tree(), "", None
        try:
            while usage is None:
                pids = _descendants(process.pid)
                held = tree.look(pids)
                if held > limits.memory_bytes:
                    ending = "out of memory"
                elif time.monotonic() - begun > limits.seconds:
                    ending = "timeout"
                if ending:
                    _end(pids)
                    _, status, usage = os.wait4(process.pid, 0)
                    break
                deadline = time.monotonic() + LOOK_EVERY
                while usage is None and time.monotonic() < deadline:
                    pid, status, found = os.wait4(process.pid, os.WNOHANG)
                    if pid:
                        usage = found
                    else:
                        time.sleep(0.01)
        except BaseException:
            _end(_descendants(process.pid))
            raise
        seconds = time.monotonic() - begun
        process.returncode = os.waitstatus_to_exitcode(status)
        said.seek(0)
        output = said.read()
    message = ""
    if not ending:
        ending, message = _ended(process.returncode, output)
    elif ending == "out of memory":
        message = f"more than the limit of {limits.memory_bytes / 1e9:.1f} GB"
    else:
        message = f"more than the limit of {limits.seconds:,.0f} s"
    return Measured(
        ending, seconds, usage.ru_utime + usage.ru_stime,
        max(tree.peak, usage.ru_maxrss * PAGE), sum(tree.written.values()), output, message, load,
    )  # fmt: skip


def _ended(code: int, output: str) -> tuple[str, str]:
    """How a program ended that met no limit of ours."""
    if code == 0:
        return "ok", ""
    last = next((line.strip() for line in reversed(output.splitlines()) if line.strip()), "")
    signs = ("MemoryError", "OutOfMemory", "Out of Memory", "out of memory", "Unable to allocate")
    if code == -signal.SIGKILL or any(sign in output for sign in signs):
        return "out of memory", last[:200]
    return "error", f"exit code {code}: {last[:200]}"


def stored_bytes(folder: Path) -> int:
    """The size of the files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
