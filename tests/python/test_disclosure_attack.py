"""An attack on the shareable edition: what can be worked out from everything that it shows.

It does not read the specification. Which columns are the same number, which tables add up to
which, and which columns of a row add up is found by trying everything on the exact marts, so the
attacker knows more than a reader of the file ever would. Then come subtraction, linear algebra
and, for the counts, linear programming with the bounds that rounded numbers set.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import numpy as np
import pytest
from scipy.optimize import linprog

import shareable

Key = frozenset[tuple[str, str]]
Variable = tuple[int, Key]  # a class of columns that are the same number, and a cell


def records(db: duckdb.DuckDBPyConnection, table: str) -> list[dict]:
    result = db.execute(f"from {table}")
    names = [column[0] for column in result.description]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def keys_and_measures(db: duckdb.DuckDBPyConnection, table: str) -> tuple[list[str], list[str]]:
    types = {name: kind for name, kind, *_ in db.execute(f"describe {table}").fetchall()}
    keys = [c for c, kind in types.items() if kind in ("VARCHAR", "DATE")]
    return keys, [c for c, kind in types.items() if kind == "BIGINT" or kind.startswith("DECIMAL")]


def cell_of(row: dict, keys: list[str]) -> Key:
    """Dimension and value, without totals; a pair of columns may hold the dimension's name."""
    pairs = {key.removesuffix("_id"): str(row[key]) for key in keys}
    for name, value in (("dimension", "value"), ("group_by", "group_value")):
        if name in pairs:
            pairs[pairs.pop(name)] = pairs.pop(value)
    pairs = {"treatment_type" if k == "treatment" else k: v for k, v in pairs.items()}
    return frozenset((k, v) for k, v in pairs.items() if v != "all")


@dataclass
class Evidence:
    """All that the attacker has: values, bounds and equations over variables, and what is true."""

    truth: dict[Variable, float] = field(default_factory=dict)
    known: dict[Variable, float] = field(default_factory=dict)
    bounds: dict[Variable, tuple[float, float]] = field(default_factory=dict)
    hidden: set[Variable] = field(default_factory=set)
    equations: list[dict[Variable, int]] = field(default_factory=list)

    def holds(self, equation: dict[Variable, int]) -> bool:
        """Whether an equation is true."""
        return abs(sum(sign * self.truth[v] for v, sign in equation.items())) < 1e-6


def evidence(edition: Path, internal: Path) -> Evidence:
    """Read the edition and find its columns, classes and equations with the exact marts' help."""
    shown: dict[tuple[str, str], dict[Key, float | None]] = {}
    exact: dict[tuple[str, str], dict[Key, float]] = {}
    with duckdb.connect() as db:
        db.execute(f"attach '{edition}' as edition (read_only)")
        db.execute(f"attach '{internal}' as internal (read_only)")
        tables = db.execute(
            "select table_name from duckdb_columns() where column_name = 'is_suppressed' order by 1"
        ).fetchall()
        for (table,) in tables:
            read_table(db, table, shown, exact)
    found = Evidence()
    number = classes(exact)
    for column, values in shown.items():
        is_rounded = any(v is not None and v != exact[column][c] for c, v in values.items())
        for cell, value in values.items():
            variable = number[column], cell
            found.truth[variable] = exact[column][cell]
            if value is None:
                found.hidden.add(variable)
            elif is_rounded:
                low, high = found.bounds.get(variable, (0.0, np.inf))
                step = max(5, abs(value) / 200)  # tens, or three significant digits
                found.bounds[variable] = max(low, value - step), min(high, value + step)
            else:
                found.known[variable] = value
    add_sums(found)
    add_rows(found, exact, number)
    return found


def read_table(db: duckdb.DuckDBPyConnection, table: str, shown: dict, exact: dict) -> None:
    """What a table shows of each cell (None where hidden), and what is true."""
    keys, measures = keys_and_measures(db, f"edition.marts.{table}")
    rows = records(db, f"edition.marts.{table}")
    keys = [k for k in keys if all(row[k] is not None for row in rows)]
    original = {
        tuple(str(row[k]) for k in keys): row for row in records(db, f"internal.marts.{table}")
    }
    # a key with a single value names no cell; a column that is nowhere shown was left out
    naming = [k for k in keys if k == "source_system" or len({row[k] for row in rows}) > 1]
    naming = naming if len(naming) <= 4 else naming[:1]  # the rest describes, as in the claims
    for measure in measures:
        if measure in keys or all(row[measure] is None for row in rows):
            continue
        for row in rows:
            cell = cell_of(row, naming)
            true = original[tuple(str(row[k]) for k in keys)][measure]
            if true is not None:
                value = None if row[measure] is None else float(row[measure])
                shown.setdefault((table, measure), {})[cell] = value
                exact.setdefault((table, measure), {})[cell] = float(true)


def classes(exact: dict[tuple[str, str], dict[Key, float]]) -> dict[tuple[str, str], int]:
    """Columns that are equal wherever both have a cell are one number; the attacker is told so."""
    number = {column: i for i, column in enumerate(sorted(exact))}
    for one, other in itertools.combinations(sorted(exact), 2):
        common = exact[one].keys() & exact[other].keys()
        values = {exact[one][cell] for cell in common}
        if len(values) > 1 and all(exact[one][c] == exact[other][c] for c in common):
            old, new = number[other], number[one]
            number = {column: new if n == old else n for column, n in number.items()}
    return number


def add_sums(found: Evidence) -> None:
    """A cell is the sum of the cells with one more dimension, where that is so."""
    while True:
        parts: dict[tuple[Variable, str], list[Variable]] = defaultdict(list)
        for number, cell in found.truth:
            for pair in cell:
                parts[(number, cell - {pair}), pair[0]].append((number, cell))
        missing = {total: members for (total, _), members in parts.items()}
        missing = {t: m for t, m in missing.items() if t not in found.truth}
        if not missing:
            break
        for total, members in missing.items():
            found.truth[total] = sum(found.truth[member] for member in members)
    for (total, _), members in parts.items():
        equation = {total: -1} | dict.fromkeys(members, 1)
        if found.holds(equation):
            found.equations.append(equation)


def add_rows(found: Evidence, exact: dict, number: dict) -> None:
    """Columns of a table of which one is the sum of two others, in every row."""
    for table in {table for table, _ in exact}:
        columns = [column for column in exact if column[0] == table]
        for total, (b, c) in itertools.product(columns, itertools.combinations(columns, 2)):
            cells = exact[total].keys() & exact[b].keys() & exact[c].keys()
            if len({number[total], number[b], number[c]}) == 3 and all(
                abs(exact[total][x] - exact[b][x] - exact[c][x]) < 1e-6 for x in cells
            ):
                found.equations += [
                    {(number[total], x): -1, (number[b], x): 1, (number[c], x): 1} for x in cells
                ]


def subtract(found: Evidence) -> dict[Variable, float]:
    """What follows from equations with a single unknown, again and again."""
    known = dict(found.known)
    while True:
        before = len(known)
        for equation in found.equations:
            unknown = [variable for variable in equation if variable not in known]
            if len(unknown) == 1:
                rest = sum(sign * known[v] for v, sign in equation.items() if v in known)
                known[unknown[0]] = -rest / equation[unknown[0]]
        if len(known) == before:
            return known


def systems(found: Evidence, known: dict[Variable, float]) -> list[tuple]:
    """What is left, in parts that share no unknown: variables, matrix, right-hand side."""
    open_ones = [{v: s for v, s in e.items() if v not in known} for e in found.equations]
    group: dict[Variable, Variable] = {}

    def root(variable: Variable) -> Variable:
        while group.setdefault(variable, variable) != variable:
            variable = group[variable]
        return variable

    for equation in open_ones:
        for variable in list(equation)[1:]:
            group[root(variable)] = root(next(iter(equation)))
    members: dict[Variable, list[int]] = defaultdict(list)
    for i, equation in enumerate(open_ones):
        if equation:
            members[root(next(iter(equation)))].append(i)
    result = []
    for rows in members.values():
        variables = sorted({v for i in rows for v in open_ones[i]}, key=str)
        place = {variable: i for i, variable in enumerate(variables)}
        matrix, right = np.zeros((len(rows), len(variables))), np.zeros(len(rows))
        for r, i in enumerate(rows):
            for variable, sign in found.equations[i].items():
                if variable in known:
                    right[r] -= sign * known[variable]
                else:
                    matrix[r, place[variable]] = sign
        result.append((variables, matrix, right))
    return result


def attack(edition: Path, internal: Path, programs: int | None = 0) -> tuple[int, dict]:
    """Hidden numbers (variables above 0), and those recovered with the means that did it.

    `programs` is how many hidden counts are tried by linear programming; None is all.
    """
    found = evidence(edition, internal)
    targets = {variable for variable in found.hidden if found.truth[variable] > 0}
    recovered = {v: "shown in another table" for v in targets if v in found.known}
    known = subtract(found)
    recovered |= {v: "subtraction" for v in targets if v in known and v not in recovered}
    with_zeros = {variable[0] for variable in found.hidden if found.truth[variable] == 0}
    tried = 0
    for variables, matrix, right in systems(found, known):
        _, singular, rows = np.linalg.svd(matrix, full_matrices=False)
        rows = rows[singular > 1e-8]
        fixed = 1 - (rows**2).sum(axis=0) < 1e-8
        recovered |= {
            v: "linear algebra" for v, x in zip(variables, fixed, strict=True) if x and v in targets
        }
        bounds = [found.bounds.get(v, (0.0, None)) for v in variables]
        # who hides no 0 of a measure tells that the hidden ones are 1 at least
        bounds = [
            (max(low, 1.0) if v in targets and v[0] not in with_zeros else low, high)
            for v, (low, high) in zip(variables, bounds, strict=True)
        ]
        bounds = [(low, None if high == np.inf else high) for low, high in bounds]
        for place, variable in enumerate(variables):
            if variable not in targets or (programs is not None and tried >= programs):
                continue
            tried += 1
            ends = []
            for sign in (1, -1):
                aim = np.zeros(len(variables))
                aim[place] = sign
                solved = linprog(aim, A_eq=matrix, b_eq=right, bounds=bounds, method="highs")
                assert solved.status in (0, 3), solved.message
                ends.append(solved.fun * sign if solved.status == 0 else np.inf)
            is_one_whole = np.ceil(ends[0] - 1e-5) == np.floor(ends[1] + 1e-5)
            if is_one_whole or ends[1] - ends[0] < 0.005:  # amounts have cents
                recovered.setdefault(variable, "linear programming")
    wrong = [v for v, how in recovered.items() if how == "subtraction"]
    assert all(abs(known[v] - found.truth[v]) < 1e-5 for v in wrong), "the attack is sound"
    return len(targets), recovered


def edition_of(internal: Path, folder: Path, **options) -> Path:
    """A shareable edition of a published file."""
    path = folder / "shareable.duckdb"
    with duckdb.connect() as db:
        db.execute(f"attach '{internal}' as internal_side (read_only)")
        shareable.write(db, "internal_side", path, **options)
    return path


def test_nothing_comes_back(demo_warehouse: Path) -> None:
    """The published edition of the demo data."""
    attacked, recovered = attack(shareable.beside(demo_warehouse), demo_warehouse, programs=40)
    assert attacked > 500
    assert recovered == {}


def test_a_cell_without_the_count_protects_nobody(demo_warehouse: Path, tmp_path: Path) -> None:
    """With 5 as the minimum a single department's deaths were hidden beside one without stays."""
    path = edition_of(demo_warehouse, tmp_path, minimum_cell=5)
    attacked, recovered = attack(path, demo_warehouse)
    assert attacked > 500
    assert recovered == {}


def test_the_attack_bites(demo_warehouse: Path, tmp_path: Path) -> None:
    """With small cells hidden and nothing beside them, they come back by the dozen."""
    path = edition_of(demo_warehouse, tmp_path, complementary=False)
    attacked, recovered = attack(path, demo_warehouse)
    assert len(recovered) > 50
    print(f"without complementary cells: {attacked} attacked, {len(recovered)} recovered")


def test_the_edition_holds_no_people(demo_warehouse: Path) -> None:
    """No fact, no patient, no doctor; the zeros and the columns of every mart are as they were."""
    with duckdb.connect() as db:
        db.execute(f"attach '{shareable.beside(demo_warehouse)}' as edition (read_only)")
        db.execute(f"attach '{demo_warehouse}' as internal (read_only)")
        tables = {
            t
            for (t,) in db.execute(
                "select table_name from duckdb_tables() where database_name = 'edition'"
            ).fetchall()
        }
        assert not {t for t in tables if t.startswith(("fct_", "dim_patients", "dim_doctors"))}
        for table in tables - {shareable.EDITION_TABLE}:
            before, after = (
                [row[:2] for row in db.execute(f"describe {side}.marts.{table}").fetchall()]
                for side in ("internal", "edition")
            )
            assert after in (before, [*before, ("is_suppressed", "BOOLEAN")]), table
        assert db.execute(f"from edition.marts.{shareable.EDITION_TABLE}").fetchone()[:2] == (
            "shareable",
            11,
        )
        assert db.execute(
            "select sum(bills) from edition.marts.kpi_payment_mix where bills between 1 and 10"
        ).fetchone() == (None,)
        assert (
            db.execute(
                "select count(*) from edition.marts.kpi_appointment_outcomes_monthly where due = 0"
            ).fetchone()
            == db.execute(
                "select count(*) from internal.marts.kpi_appointment_outcomes_monthly where due = 0"
            ).fetchone()
        )


def test_every_mart_is_decided(demo_warehouse: Path) -> None:
    """Each mart is in the specification: shared, with columns that exist, or out, with a reason."""
    with duckdb.connect(str(demo_warehouse), read_only=True) as db:
        columns = defaultdict(set)
        for table, column in db.execute(
            "select table_name, column_name from duckdb_columns() where schema_name = 'marts'"
        ).fetchall():
            columns[table].add(column)
    parts = shareable.specification()
    assert {part.mart for part in parts} == columns.keys()
    assert [p.mart for p in parts if not p.keys and not p.reason] == []
    for part in parts:
        named = {*part.keys, *part.exact, *part.rounded} - {"*"}
        assert named <= columns[part.mart], part.mart
        assert bool(part.counts) == bool(part.exact or part.rounded), part.mart
        # with the counts that hide it, so that a zero is a zero
        assert part.counts or part.is_whole_table or not part.keys, part.mart


@pytest.mark.soak
@pytest.mark.parametrize("minimum_cell", [5, 11, 30])
def test_nothing_comes_back_by_programming(
    demo_warehouse: Path, tmp_path: Path, minimum_cell: int
) -> None:
    """Every hidden number of the demo data by linear programming, for three minimum sizes."""
    path = edition_of(demo_warehouse, tmp_path, minimum_cell=minimum_cell)
    attacked, recovered = attack(path, demo_warehouse, programs=None)
    print(f"minimum {minimum_cell}: {attacked} attacked, {len(recovered)} recovered")
    assert recovered == {}
