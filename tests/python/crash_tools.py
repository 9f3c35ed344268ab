"""What the tests of crashes share: kills, the one line of a refusal, made-up figures, fingerprints.

Usage: imported by test_crashes.py, test_full_disks.py and test_two_at_once.py
"""

from __future__ import annotations

import hashlib
import os
import resource
import signal
import subprocess
import time
from pathlib import Path

import duckdb
import pytest

import plot_figures
import publish
from settings import UserError

FIGURES = sorted(plot_figures.REGISTRY)[:5]
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


def publish_refused() -> str | None:
    """Why a publish refuses, or None when it does its work."""
    try:
        assert publish.main([]) == 0
    except UserError as error:
        assert "\n" not in str(error)
        return str(error)
    return None


def limited(size: int):
    """What a process does first: no file may grow beyond a size, as on a disk without room."""
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


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


def fingerprint(path: Path) -> dict[str, tuple]:
    """Definition, comment, row count and content hash of every table of the marts."""
    with duckdb.connect(str(path), read_only=True) as db:
        tables = db.execute(
            "select table_name, sql, comment from duckdb_tables() where schema_name = 'marts'"
        ).fetchall()
        return {
            name: (
                sql,
                comment,
                *db.execute(f'select count(*), sum(hash("{name}")) from marts."{name}"').fetchone(),
            )
            for name, sql, comment in tables
        }
