"""Small cells: which cells of linked tables to hide, so that no sum or difference gives them back.

Usage: imported by scripts/shareable.py; nothing to run.

Knows nothing of the warehouse. It begins with the table `observed (name, measure, value, is_whole,
is_primary)` of an open DuckDB connection: the counts of every cell of every table that is
published. A cell's name is a sorted list of dimension and value, without the dimensions over which
it is a total, so the same cell has one name in all tables. `is_whole` marks the count of all that
the cell holds (0 is shown, so hidden it is at least 1); `is_primary` a cell that is too small.

`link` makes of it
  cells   (cell, is_published, is_primary, size, zeros): one row per cell. A total that stands in no
          table, but follows from its parts, is a cell that is not published and needs no shelter.
  counts  (cell, measure, value, least)
  members (equation, cell, is_total): the total of each equation is the sum of the others.

`protect` leaves the table `hidden (cell)`. Primary cells are hidden; then, until nothing changes,
each cell that could be worked out gets another one hidden beside it: the smallest that is not 0.
A cell can be worked out when an equation has no other unknown, when the hidden cells of an
equation add up to their number (each is 1), or when the equations together leave it no freedom,
also not with all counts kept at or above their least (`exposed`). Hidden cells stay hidden in
every table and for every measure, so the relations between measures give nothing back.
"""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import numpy as np

# Below this a number of linear algebra is nothing. Errors only hide more than is needed.
NOTHING = 1e-7
# How near projections must come, and how often they are tried.
MEETING, MOST_PROJECTIONS = 1e-4, 1000
# A component with more equations and more cells than this takes too long to solve.
LARGEST_COMPONENT = 2500


class NotProtected(Exception):
    """Hidden cells that cannot be proven safe: they may not be published."""


def link(db: duckdb.DuckDBPyConnection) -> None:
    """Make `cells`, `counts` and `members` from `observed`.

    Totals are named by taking one dimension out of a cell's name, again and again; the cells of a
    total and one more dimension are its parts.
    """
    db.execute(
        """
        create or replace temp table names as
        select name, true as is_published from observed group by name
        """
    )
    while db.execute(
        """
        insert into names
        select distinct list_filter(n.name, lambda pair, i: i != p.place), false
        from names as n, unnest(range(1, len(n.name) + 1)) as p (place)
        where list_filter(n.name, lambda pair, i: i != p.place) not in (select name from names)
        returning 1
        """
    ).fetchall():
        pass
    db.execute(
        """
        create or replace temp table cells as
        select
            row_number() over (order by n.name) as cell,
            n.name,
            n.is_published,
            coalesce(bool_or(o.is_primary), false) as is_primary,
            coalesce(max(o.value) filter (o.is_whole), max(o.value)) as size,
            count(*) filter (o.value = 0) as zeros
        from names as n
        left join observed as o on n.name = o.name
        group by n.name, n.is_published;

        create or replace temp table counts as
        select c.cell, o.measure, max(o.value) as value, min(cast(o.is_whole as bigint)) as least
        from observed as o
        join cells as c using (name)
        group by c.cell, o.measure;

        create or replace temp table members as
        with parts as (
            select c.cell, list_filter(c.name, lambda pair, i: i != p.place) as total,
                c.name[p.place].dimension as dimension
            from cells as c, unnest(range(1, len(c.name) + 1)) as p (place)
        ),

        numbered as (
            select p.cell, t.cell as total, dense_rank() over (order by t.cell, p.dimension)
                as equation
            from parts as p
            join cells as t on p.total = t.name
        )

        select equation, cell, false as is_total from numbered
        union all
        select distinct equation, total, true from numbered
        """
    )


def protect(db: duckdb.DuckDBPyConnection, *, complementary: bool = True) -> int:
    """Make the table `hidden`; returns its number of cells. Deterministic."""
    db.execute("create or replace temp table hidden as select cell from cells where is_primary")
    if complementary:
        while hide_beside(db, single_unknowns(db)) or hide_beside(db, exposed_cells(db)):
            pass
    return db.execute("select count(*) from hidden").fetchone()[0]


def single_unknowns(db: duckdb.DuckDBPyConnection) -> str:
    """A table of the hidden cells that one equation alone gives back."""
    db.execute(
        """
        create or replace temp table unknown as
        select cell from hidden union select cell from cells where not is_published
        """
    )
    # Totals that are not published follow from any equation without another unknown.
    while db.execute(
        """
        delete from unknown where cell in (
            select min(m.cell)
            from members as m semi join unknown using (cell)
            group by m.equation
            having count(*) = 1
        ) and cell not in (from hidden) returning cell
        """
    ).fetchall():
        pass
    db.execute(
        """
        create or replace temp table recovered as
        select distinct m.cell, cast(null as varchar) as measure
        from members as m semi join hidden using (cell)
        semi join (
            select u.equation
            from members as u semi join unknown using (cell)
            join cells as c on u.cell = c.cell
            group by u.equation
            having count(*) = 1
                or (not bool_or(u.is_total) and bool_and(c.is_published)
                    and sum(c.size) = count(*))
        ) as lone using (equation)
        """
    )
    return "recovered"


def exposed_cells(db: duckdb.DuckDBPyConnection) -> str:
    """A table of the hidden cells that all equations together give back."""
    db.execute("create or replace temp table recovered (cell bigint, measure varchar)")
    for cells, matrix, targets, measures in components(db):
        for measure, found in exposed(matrix, targets, measures):
            for cell in cells[found]:
                db.execute("insert into recovered values ($1, $2)", [int(cell), measure])
    return "recovered"


def hide_beside(db: duckdb.DuckDBPyConnection, recovered: str) -> bool:
    """Hide one more cell beside each recovered one; False when there was nothing to hide.

    Within an equation come first cells with the count that gave it back, parts before the total,
    then a cell without a zero count, the smallest, the first by name. An equation that holds
    nothing but hidden cells, zeros and totals that are not published hands the search on to the
    equations of those unknowns. Where nothing at all is left to hide, a reader knows only that
    some sums are equal.
    """
    db.execute(
        f"""
        create or replace temp table unknown as
        select cell from hidden union select cell from cells where not is_published;
        create or replace temp table reached as
        select distinct cell as sheltered, measure, cell from {recovered}
        """
    )
    while db.execute("select count(*) from reached").fetchone()[0]:
        added = db.execute(
            """
            insert into hidden
            with candidates as (
                select r.sheltered, c.cell,
                    row_number() over (
                        partition by r.sheltered, r.measure
                        order by r.measure is not null and k.cell is null, o.is_total,
                            coalesce(k.value, 1) = 0, c.zeros, c.size, c.cell
                    ) as choice
                from reached as r
                join members as m on r.cell = m.cell
                join members as o on m.equation = o.equation and o.cell != r.cell
                join cells as c on o.cell = c.cell
                left join counts as k on o.cell = k.cell and r.measure = k.measure
                where c.is_published and c.size > 0 and c.cell not in (from hidden)
            )
            select distinct cell from candidates where choice = 1
            returning cell
            """
        ).fetchall()
        if added:
            return True
        before = db.execute("select count(*) from reached").fetchone()[0]
        db.execute(
            """
            create or replace temp table reached as
            select sheltered, measure, cell from reached
            union
            select r.sheltered, r.measure, o.cell
            from reached as r
            join members as m on r.cell = m.cell
            join members as o on m.equation = o.equation
            semi join unknown as u on o.cell = u.cell
            """
        )
        if db.execute("select count(*) from reached").fetchone()[0] == before:
            return False
    return False


# --- linear algebra ------------------------------------------------------------------------------


def components(db: duckdb.DuckDBPyConnection) -> Iterator[tuple]:
    """The parts of the equations that share unknown cells: each is a system of its own.

    Cells, matrix (equations by cells), which cells are targets, and for each measure that all
    cells of an equation have its values and least values (nan where a cell lacks it).
    """
    table = db.execute(
        """
        select m.equation, m.cell, m.is_total, c.is_published
        from members as m
        join cells as c using (cell)
        where c.cell in (from hidden) or not c.is_published
        order by m.equation, m.cell
        """
    ).fetchnumpy()
    if not len(table["cell"]):
        return
    cells, column = np.unique(table["cell"], return_inverse=True)
    equations, row = np.unique(table["equation"], return_inverse=True)
    summed: dict[str, list[int]] = {}  # equations of which both the total and a part have the count
    for name, equation in db.execute(
        """
        with told as (
            select m.equation, k.measure
            from members as m
            join counts as k using (cell)
            where not m.is_total
            group by all
        )

        select t.measure, t.equation
        from told as t
        join members as m on t.equation = m.equation and m.is_total
        join cells as c using (cell)
        left join counts as k on c.cell = k.cell and t.measure = k.measure
        where k.cell is not null or not c.is_published
        """
    ).fetchall():
        summed.setdefault(name, []).append(equation)
    published = np.zeros(len(cells), dtype=bool)
    published[column] = np.asarray(table["is_published"], dtype=bool)
    sign = np.where(np.asarray(table["is_total"], dtype=bool), -1.0, 1.0)
    measures = measures_of(db, cells)
    group = labels(row, column, len(cells))
    for label in np.unique(group[published]):
        within = np.flatnonzero(group == label)
        mine = group[column] == label
        rows, r = np.unique(row[mine], return_inverse=True)
        if min(len(rows), len(within)) > LARGEST_COMPONENT:
            raise NotProtected(
                f"{len(within):,} small cells hang together, more than can be proven safe"
            )
        matrix = np.zeros((len(rows), len(within)))
        matrix[r, np.searchsorted(within, column[mine])] = sign[mine]
        yield (
            cells[within],
            matrix,
            published[within],
            [
                (name, value[within], least[within], np.isin(equations[rows], summed.get(name, [])))
                for name, value, least in measures
            ],
        )


def measures_of(db: duckdb.DuckDBPyConnection, cells: np.ndarray) -> list[tuple]:
    """Values and least values of each measure over the cells, nan where there is none."""
    found = db.execute(
        """
        select measure, cell, value, least from counts
        where cell in (from hidden) order by measure, cell
        """
    ).fetchnumpy()
    result = []
    for measure in np.unique(np.asarray(found["measure"], dtype=str)):
        mine = np.asarray(found["measure"], dtype=str) == measure
        place = np.searchsorted(cells, found["cell"][mine])
        known = place < len(cells)
        known[known] = cells[place[known]] == found["cell"][mine][known]
        value, least = np.full(len(cells), np.nan), np.full(len(cells), np.nan)
        value[place[known]] = np.asarray(found["value"], dtype=float)[mine][known]
        least[place[known]] = np.asarray(found["least"], dtype=float)[mine][known]
        result.append((str(measure), value, least))
    return result


def labels(row: np.ndarray, column: np.ndarray, cells: int) -> np.ndarray:
    """For each cell the smallest cell that it hangs together with over equations."""
    label = np.arange(cells)
    least = np.empty(row.max() + 1, dtype=label.dtype)
    while True:
        least.fill(cells)
        np.minimum.at(least, row, label[column])
        after = label.copy()
        np.minimum.at(after, column, least[row])
        after = after[after]  # jump along the chain
        if np.array_equal(after, label):
            return label
        label = after


def exposed(
    matrix: np.ndarray, targets: np.ndarray, measures: list[tuple]
) -> Iterator[tuple[str | None, np.ndarray]]:
    """Which hidden cells a reader could work out from the equations, by the count that tells."""
    yield None, targets & ~free(matrix)
    for name, value, least, is_summed in measures:
        if (targets & ~np.isnan(value)).any():
            yield name, pinned(matrix[is_summed], targets, value, least)


def free(matrix: np.ndarray) -> np.ndarray:
    """Which unknowns the equations leave open: their unit vector is not in the row space."""
    if not matrix.size:
        return np.ones(matrix.shape[1], dtype=bool)
    _, singular, right = np.linalg.svd(matrix, full_matrices=False)
    right = right[singular > NOTHING * max(1.0, singular.max())]
    return 1.0 - np.einsum("ij,ij->j", right, right) > NOTHING


def pinned(
    matrix: np.ndarray, targets: np.ndarray, value: np.ndarray, least: np.ndarray
) -> np.ndarray:
    """Which counts above 0 have no other possible value when none may fall below its least.

    A count at its least can only rise, and rises when those above their least can make up for it;
    then it is itself above its least, and the search begins anew. What is left is tried with
    several rises at once (`movable`). This finds every count that is pinned; it may name one more
    where the search ends early.
    """
    # a hidden cell without this count protects no other's: no row stands for it where it is counted
    rows = np.where(targets & np.isnan(value), 0.0, matrix)
    tight = value <= least  # false for totals that are not published: nothing more is known of them
    while True:
        moves = ~tight
        moves[moves] = free(rows[:, ~tight])
        at_least, rest = rows[:, tight], rows[:, ~tight]
        if not at_least.shape[1]:
            break
        answer = np.linalg.lstsq(rest, at_least, rcond=None)[0] if rest.size else np.zeros((0, 1))
        off = np.abs(rest @ answer - at_least) if rest.size else np.abs(at_least)
        rises = off.max(axis=0, initial=0.0) < NOTHING
        if not rises.any():
            break
        tight[np.flatnonzero(tight)[rises]] = False
    stuck = targets & ~moves & (value > 0)
    if stuck.any() and tight.any():
        stuck[np.flatnonzero(stuck)] = ~movable(rows, tight, np.flatnonzero(stuck))
    return stuck


def movable(rows: np.ndarray, tight: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """Which of the cells can change by 1 when the tight ones may rise but not fall.

    Projections in turn on what the equations allow and on what the bounds allow; where both meet
    there is a change that nobody can rule out.
    """
    _, singular, right = np.linalg.svd(rows, full_matrices=False)
    right = right[singular > NOTHING * max(1.0, singular.max(initial=0.0))]
    found = np.zeros(len(cells), dtype=bool)
    for step in (1.0, -1.0):
        columns = np.arange(len(cells))
        change = np.zeros((rows.shape[1], len(cells)))
        change[cells, columns] = step
        for _ in range(MOST_PROJECTIONS):
            change -= right.T @ (right @ change)
            off = np.maximum(-change[tight], 0).max(axis=0, initial=0.0)
            off = np.maximum(off, np.abs(change[cells, columns] - step))
            if (off < MEETING).all():
                break
            change[tight] = np.maximum(change[tight], 0)
            change[cells, columns] = step
        found |= (off < MEETING) & ~(tight[cells] & (step < 0))
    return found
