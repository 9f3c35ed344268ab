"""One table at the end of a session: how far each statistic is from the trusted tools' numbers.

Usage: pytest tests/python -k "statistics or funnels"
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from functools import cache
from pathlib import Path

HEAD = ("statistic", "vector", "cases", "absolute", "relative", "flags", "differ")


def record_vector(
    record_property,
    statistic: str,
    vector: str,
    pairs: Iterable[tuple[float, float | str]],
    flags: Iterable[tuple[object, object]] = (),
) -> tuple[float, float]:
    """Note (ours, theirs) for the table; the largest absolute and the largest relative difference.

    The relative difference from 0 is the absolute one. Flags are what must be equal: the number of
    those that differ is noted and must be asserted by the test.
    """
    numbers = [(float(ours), float(theirs)) for ours, theirs in pairs]
    flags = list(flags)
    absolute = max((abs(ours - theirs) for ours, theirs in numbers), default=0.0)
    relative = max(
        (abs(ours - theirs) / (abs(theirs) or 1.0) for ours, theirs in numbers), default=0.0
    )
    differ = sum(ours != theirs for ours, theirs in flags)
    record_property(
        "vector",
        (
            statistic,
            vector,
            str(len(numbers)),
            f"{absolute:.2g}",
            f"{relative:.2g}",
            str(len(flags)),
            str(differ) if flags else "",
        ),
    )
    print(
        f"{statistic} ({vector}): {len(numbers)} numbers, largest absolute difference "
        f"{absolute:.3g}, relative {relative:.3g}; {differ} of {len(flags)} flags differ"
    )
    return absolute, relative


class Apart(float):
    """A difference that still knows its two numbers."""

    pair: tuple[float, float]


def apart(ours: float, theirs: float | str, difference: float) -> Apart:
    """A difference, absolute or relative as a test asserts it, for report()."""
    found = Apart(difference)
    found.pair = (float(ours), float(theirs))
    return found


def report(record_property, name: str, differences: list[float]) -> float:
    """Note differences made by apart() for the table; the largest of them.

    The table finds the vector in the text of the test.
    """
    pairs = [found.pair for found in differences if isinstance(found, Apart)]
    if len(pairs) == len(differences):
        record_vector(record_property, name, "", pairs)
    largest = max(differences)
    record_property("largest_difference", float(largest))
    print(f"{name}: {len(differences)} numbers, largest difference {largest:.3g}")
    return largest


@cache
def vectors_of(path: str) -> dict[str, list[str]]:
    """The vector files that each test of a file names, or one of its fixtures."""
    functions = {
        node.name: node
        for node in ast.walk(ast.parse(Path(path).read_text()))
        if isinstance(node, ast.FunctionDef)
    }

    def named(function: ast.FunctionDef) -> list[str]:
        return [
            call.args[0].value
            for call in ast.walk(function)
            if isinstance(call, ast.Call)
            and isinstance(call.func, ast.Name)
            and call.func.id in ("vector_rows", "vector_cases")
            and isinstance(call.args[0], ast.Constant)
        ]

    found = {}
    for name, function in functions.items():
        names = named(function)
        for argument in function.args.args:
            names += named(functions[argument.arg]) if argument.arg in functions else []
        # what was computed is the proof, what it was computed from is not
        found[name] = [n for n in dict.fromkeys(names) if "_input" not in n]
    return found


def rows_of(report, root: Path) -> list[tuple[str, ...]]:
    """The rows of the table that a test's report gives; what has no vector gives none."""
    path, _, test = report.nodeid.partition("::")
    rows = []
    for name, row in report.user_properties:
        if name == "vector":
            statistic, vector, *numbers = row
            if not vector:
                named = vectors_of(str(root / path)).get(test.partition("[")[0], [])
                # of several the one that the statistic is called after
                after = [n for n in named if statistic.startswith(n)]
                vector = max(after, key=len) if after else ", ".join(named)
            if vector:
                rows.append((statistic, vector, *numbers))
    return rows


def print_table(terminalreporter, root: Path) -> None:
    """Print the table of all comparisons with vectors that ran in this session."""
    rows = [
        row
        for outcome in ("passed", "failed")
        for report in terminalreporter.getreports(outcome)
        if report.when == "call"
        for row in rows_of(report, root)
    ]
    if not rows:
        return
    widths = [max(len(row[i]) for row in [HEAD, *rows]) for i in range(len(HEAD))]
    terminalreporter.section("largest differences from the vectors")
    for row in [HEAD, *sorted(rows, key=lambda row: (row[1], row[0]))]:
        cells = [
            cell.ljust(width) if i < 2 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        terminalreporter.write_line("  ".join(cells).rstrip())
