"""What every contestant reports of itself: seconds and CPU seconds of each of its stages.

Usage: imported by the contestants; nothing to run.
"""

from __future__ import annotations

import json
import re
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
MARK = "benchmark-stage "


def cpu_seconds() -> float:
    """CPU seconds, user and system, of this process and of its ended children."""
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in usage)


@contextmanager
def stage(name: str) -> Iterator[None]:
    """Measure a stage, and say it on a line that the measuring parent reads."""
    begun, used = time.monotonic(), cpu_seconds()
    yield
    entry = {
        "stage": name,
        "seconds": round(time.monotonic() - begun, 3),
        "cpu_seconds": round(cpu_seconds() - used, 3),
    }
    print(MARK + json.dumps(entry), flush=True)


def said(output: str) -> list[dict]:
    """The stages that a contestant's output tells of."""
    return [
        json.loads(line.removeprefix(MARK)) for line in output.splitlines() if line.startswith(MARK)
    ]


def scripts(name: str) -> list[tuple[str, list[str]]]:
    """The stages of an SQL file of this folder: (name, statements)."""
    parts = re.split(r"^-- stage: (.+)$", (FOLDER / name).read_text(), flags=re.MULTILINE)
    return [
        (stage_name.strip(), [text.strip() for text in body.split(";\n") if text.strip()])
        for stage_name, body in zip(parts[1::2], parts[2::2], strict=True)
    ]
