"""Hidden small cells: the expected vectors, and random tables under an independent attack."""

from __future__ import annotations

import itertools

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

import disclosure
from conftest import vector_rows

MINIMUM = 11
WORKSHOP = duckdb.connect(
    config={"threads": 1}
)  # one for all examples: to open one takes longer than to use it
Name = tuple[tuple[str, str], ...]


def name_of(values: dict[str, str]) -> Name:
    return tuple(sorted(values.items()))


def table_of(array: np.ndarray, dimensions: list[str]) -> dict[Name, int]:
    """A table with all its totals, from its inner cells."""
    cells = {}
    for kept in itertools.product([True, False], repeat=array.ndim):
        totals = array.sum(axis=tuple(i for i, keep in enumerate(kept) if not keep))
        names = [d for d, keep in zip(dimensions, kept, strict=True) if keep]
        for place in np.ndindex(totals.shape):
            key = name_of({d: f"{i:02}" for d, i in zip(names, place, strict=True)})
            cells[key] = int(totals[place])
    return cells


def hidden_of(cells: dict[Name, int], minimum: int = MINIMUM, **options) -> set[Name]:
    """What the code under test hides of the cells."""
    with WORKSHOP.cursor() as db:
        db.execute(
            "create or replace temp table observed ("
            "name struct(dimension varchar, value varchar)[], measure varchar, "
            "value bigint, is_whole boolean, is_primary boolean)"
        )
        db.executemany(
            "insert into observed values (?, 'n', ?, true, ?)",
            [
                ([{"dimension": d, "value": v} for d, v in name], n, 0 < n < minimum)
                for name, n in cells.items()
            ],
        )
        disclosure.link(db)
        disclosure.protect(db, **options)
        rows = db.execute("select name from cells semi join hidden using (cell)").fetchall()
    return {tuple((pair["dimension"], pair["value"]) for pair in name) for (name,) in rows}


def equations_of(cells: dict[Name, int]) -> list[tuple[Name, list[Name]]]:
    """The sums that a reader knows: a total, and the cells with one more dimension."""
    sums: dict[tuple[Name, str], list[Name]] = {}
    for name in cells:
        for pair in name:
            total = tuple(p for p in name if p != pair)
            sums.setdefault((total, pair[0]), []).append(name)
    return [(total, parts) for (total, _), parts in sums.items()]


def attack(cells: dict[Name, int], hidden: set[Name]) -> dict[Name, tuple[int, int]]:
    """The whole numbers that each hidden cell may be, for who knows that none is 0.

    Linear programming with the values that are published, and nothing of the code under test.
    """
    names = sorted(hidden | {total for total, _ in equations_of(cells)} - cells.keys())
    place = {name: i for i, name in enumerate(names)}
    rows, sums = [], []
    for total, parts in equations_of(cells):
        row, known = np.zeros(len(names)), 0
        for name, sign in [(total, -1), *((part, 1) for part in parts)]:
            if name in place:
                row[place[name]] += sign
            else:
                known += sign * cells[name]
        if row.any():
            rows.append(row)
            sums.append(-known)
    if not rows:
        return {}
    bounds = [(1 if name in cells else 0, None) for name in names]
    ranges = {}
    for name in hidden:
        ends = []
        for sign in (1, -1):
            aim = np.zeros(len(names))
            aim[place[name]] = sign
            found = linprog(aim, A_eq=np.array(rows), b_eq=sums, bounds=bounds, method="highs")
            ends.append(found.fun * sign if found.status == 0 else np.inf)
        ranges[name] = (np.ceil(ends[0] - 1e-6), np.floor(ends[1] + 1e-6))
    return ranges


def recovered(cells: dict[Name, int], hidden: set[Name]) -> list[Name]:
    return [name for name, (low, high) in attack(cells, hidden).items() if low == high]


def sound(cells: dict[Name, int], hidden: set[Name]) -> None:
    """What holds for every protected table."""
    small = {name for name, n in cells.items() if 0 < n < MINIMUM}
    assert small <= hidden
    assert not any(cells[name] == 0 for name in hidden), "0 is shown"
    assert recovered(cells, hidden) == []


counts = st.one_of(st.integers(0, 14), st.integers(0, 60), st.sampled_from([0, 1, 1, 40]))


def arrays(shape: tuple[int, ...]):
    size = int(np.prod(shape))
    return st.lists(counts, min_size=size, max_size=size).map(
        lambda values: np.array(values).reshape(shape)
    )


def expected_vectors() -> tuple[dict[Name, int], list[dict[str, str]]]:
    rows = vector_rows("cases_suppression")
    hospitals = sorted({row["hospital"] for row in rows})
    departments = sorted({row["department"] for row in rows})
    array = np.zeros((len(hospitals), len(departments)), dtype=int)
    for row in rows:
        place = hospitals.index(row["hospital"]), departments.index(row["department"])
        array[place] = int(row["n"])
        row["name"] = name_of({"h": f"{place[0]:02}", "d": f"{place[1]:02}"})
    return table_of(array, ["h", "d"]), rows


def test_cases_of_suppression() -> None:
    cells, rows = expected_vectors()
    hidden = hidden_of(cells)
    for row in rows:
        small = 0 < int(row["n"]) < MINIMUM
        assert small == (row["cms_primary"] == "1"), row
        assert (row["name"] in hidden and not small) == (row["cms_secondary"] == "1"), row
        shown = "" if row["name"] in hidden else f"{int(row['n'])}.0"
        assert shown == row["cms_display"], row
    assert hidden == {row["name"] for row in rows if not row["cms_display"]}, "no total is hidden"
    assert recovered(cells, hidden) == []
    assert recovered(cells, hidden_of(cells, complementary=False)), "the attack bites"


@settings(max_examples=20, deadline=None, derandomize=True)
@given(st.integers(1, 7).flatmap(lambda n: arrays((n,))))
def test_one_dimension(array: np.ndarray) -> None:
    cells = table_of(array, ["a"])
    sound(cells, hidden_of(cells))


@settings(max_examples=20, deadline=None, derandomize=True)
@given(st.tuples(st.integers(2, 5), st.integers(2, 5)).flatmap(arrays))
def test_two_dimensions(array: np.ndarray) -> None:
    cells = table_of(array, ["a", "b"])
    sound(cells, hidden_of(cells))


@settings(max_examples=12, deadline=None, derandomize=True)
@given(st.tuples(*[st.integers(2, 3)] * 3).flatmap(arrays))
def test_three_dimensions(array: np.ndarray) -> None:
    cells = table_of(array, ["a", "b", "c"])
    sound(cells, hidden_of(cells))


@settings(max_examples=20, deadline=None, derandomize=True)
@given(arrays((3, 3, 2)), st.booleans())
def test_linked_tables(array: np.ndarray, with_total: bool) -> None:
    """Two tables of the same events share one dimension; what both add up to may be in neither."""
    cells = table_of(array.sum(axis=2), ["a", "b"]) | table_of(array.sum(axis=1), ["a", "c"])
    if not with_total:
        cells = {name: n for name, n in cells.items() if len(name) != 1 or name[0][0] != "a"}
    sound(cells, hidden_of(cells))


@settings(max_examples=6, deadline=None, derandomize=True)
@given(arrays((3, 4)), st.randoms())
def test_the_order_of_rows_changes_nothing(array: np.ndarray, random) -> None:
    cells = table_of(array, ["a", "b"])
    shuffled = list(cells.items())
    random.shuffle(shuffled)
    assert hidden_of(cells) == hidden_of(dict(shuffled))


@settings(max_examples=6, deadline=None, derandomize=True)
@given(arrays((3, 4)))
def test_nothing_is_hidden_without_a_small_cell(array: np.ndarray) -> None:
    cells = table_of(array + MINIMUM, ["a", "b"])
    assert hidden_of(cells) == set()
    assert hidden_of(table_of(array, ["a", "b"]), minimum=1) == set()


@pytest.mark.parametrize("complementary", [False, True])
def test_the_attack_bites(complementary: bool) -> None:
    """Without complementary cells most of the small cells of random tables come back."""
    random = np.random.default_rng(5)
    found = 0
    for _ in range(10):
        cells = table_of(random.integers(0, 40, (4, 4)), ["a", "b"])
        found += len(recovered(cells, hidden_of(cells, complementary=complementary)))
    assert (found == 0) if complementary else (found > 15)


def test_bridge_between_two_cycles() -> None:
    """No row and no column has a single hidden cell, and yet rows less columns give one back."""
    array = np.full((5, 5), 30)
    cells = table_of(array, ["a", "b"])
    blocks = [(0, 0), (0, 1), (1, 0), (1, 1), (2, 2), (2, 3), (3, 2), (3, 3), (1, 2)]
    bridge = {name_of({"a": f"{i:02}", "b": f"{j:02}"}) for i, j in blocks}
    assert len(recovered(cells, bridge)) == 1
    for i, j in blocks:
        array[i, j] = 5
    cells = table_of(array, ["a", "b"])
    sound(cells, hidden_of(cells))


def test_ring_that_cannot_turn() -> None:
    """Six hidden cells in a ring could all shift by 1, were two of them not already 1."""
    array = np.array([[1, 5, 40], [40, 5, 1], [5, 40, 5]])
    cells = table_of(array, ["a", "b"])
    ring = hidden_of(cells, complementary=False)
    assert len(ring) == 6
    assert len(recovered(cells, ring)) == 6
    sound(cells, hidden_of(cells))
