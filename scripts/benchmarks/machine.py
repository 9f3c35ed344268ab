"""Describe the machine and the versions that a benchmark ran with.

Usage: imported by scripts/benchmark.py; nothing to run.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path


def describe(work: Path, python: Path | None, postgres: Path | None) -> dict:
    """What decides how fast anything runs here; nothing that names the machine."""
    return {
        "cpu": _first(r"model name\s*:\s*(.+)", Path("/proc/cpuinfo")) or platform.processor(),
        "cores": len(os.sched_getaffinity(0)),
        "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "disk": _disk(work),
        "disk_free_gb": round(shutil.disk_usage(work).free / 1e9),
        "system": f"{platform.system()} {platform.release()}",
        "versions": _versions(python, postgres),
    }


def _first(pattern: str, path: Path) -> str | None:
    try:
        found = re.search(pattern, path.read_text())
    except OSError:
        return None
    return found.group(1).strip() if found else None


def _disk(folder: Path) -> str:
    """The kind of file system and of disk below a folder."""
    kind = "unknown file system"
    device = folder.stat().st_dev
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        parts = line.split()
        if parts[2] == f"{os.major(device)}:{os.minor(device)}":
            kind = parts[parts.index("-") + 1]
    place = Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}")
    for candidate in (place, place.parent):
        turning = candidate.resolve() / "queue" / "rotational"
        if turning.exists():
            return f"{kind} on {'a turning disk' if turning.read_text()[0] == '1' else 'flash'}"
    return kind


def _versions(python: Path | None, postgres: Path | None) -> dict[str, str]:
    found = {"python": platform.python_version()}
    for name in ("duckdb", "dbt-core", "dbt-duckdb"):
        found[name] = metadata.version(name)
    if python:
        asked = (
            "from importlib.metadata import version\n"
            "for name in ('pandas', 'pyarrow', 'polars'):\n    print(name, version(name))"
        )
        done = subprocess.run([python, "-c", asked], capture_output=True, text=True, check=False)
        found |= dict(line.split() for line in done.stdout.splitlines())
    if postgres:
        done = subprocess.run(
            [postgres / "postgres", "--version"], capture_output=True, text=True, check=False
        )
        found["postgresql"] = done.stdout.strip().rpartition(") ")[2].split()[0]
    return found


if __name__ == "__main__":
    sys.exit("imported by scripts/benchmark.py; nothing to run")
