"""One table at the end of a session: what was tried how often, and what was found after it.

Usage: pytest tests/python/test_crashes.py, or make soak
"""

from __future__ import annotations

from collections import Counter

HEAD = ("trial", "times", "found after")

_found: dict[str, Counter] = {}


def count(trial: str, found: str, times: int = 1) -> None:
    """One more trial, and what was found after it."""
    _found.setdefault(trial, Counter())[found] += times


def print_table(terminalreporter) -> None:
    """Print what all trials of this session found."""
    if not _found:
        return
    rows = [
        (trial, f"{found.total():,}", ", ".join(f"{n:,} {what}" for what, n in found.most_common()))
        for trial, found in sorted(_found.items())
    ]
    widths = [max(len(row[i]) for row in [HEAD, *rows]) for i in (0, 1)]
    terminalreporter.section("what the trials found")
    for trial, times, found in [HEAD, *rows]:
        terminalreporter.write_line(f"{trial:<{widths[0]}}  {times:>{widths[1]}}  {found}")
