"""Kept publishes: keep the last few, go back to one, look at what has changed.

Usage: imported by publish.py; nothing to run.

Before the swap the old published file gets a second name, `history/<stem>-<number>.duckdb`: a hard
link, so nothing is copied and no moment is without a whole file.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
from rich import box
from rich.console import Console
from rich.table import Table as Printed

from publish_copy import BEFORE, DUCKDB_CONFIG, LEDGER, SOURCE, attach, literal, one_line, sync
from publish_ledger import (
    Publish,
    attach_published,
    check_whole,
    read_publishes,
    unreadable,
)
from settings import UserError, shown

FOLDER = "history"
COLUMNS = {
    "publish": "right",
    "at (UTC)": "left",
    "what": "left",
    "data": "left",
    "rows": "right",
    "hash": "left",
    "": "left",
}
# Where a file system has no hard links, or none across its parts.
NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EXDEV, errno.EMLINK)


def kept_files(target: Path) -> dict[int, Path]:
    """The kept publishes of a published file by number, the newest first."""
    name = re.compile(rf"{re.escape(target.stem)}-([1-9]\d*){re.escape(target.suffix)}", re.ASCII)
    folder = target.parent / FOLDER
    paths = [path for path in folder.glob("*") if path.is_file() and not path.is_symlink()]
    found = {int(match[1]): path for path in paths if (match := name.fullmatch(path.name))}
    return dict(sorted(found.items(), reverse=True))


def kept_path(target: Path, number: int) -> Path:
    """Where a publish is kept."""
    return target.parent / FOLDER / f"{target.stem}-{number}{target.suffix}"


@dataclass(frozen=True)
class Past:
    """What was published before: rows of the ledger, and what is attached as BEFORE."""

    publishes: list[Publish]
    current: Publish | None  # the published file's own row; it is attached
    remark: str | None = None  # why there is no current one

    def next_number(self, target: Path) -> int:
        """A number that no publish had before."""
        numbers = [publish.publish_number for publish in self.publishes]
        return max([0, *numbers, *kept_files(target)]) + 1

    def by_number(self, number: int) -> Publish | None:
        """The row of a publish."""
        return next((row for row in self.publishes if row.publish_number == number), None)


def open_past(connection: duckdb.DuckDBPyConnection, target: Path) -> Past:
    """Attach the published file and read the ledger: from it, and from the newest kept file."""
    own: list[Publish] = []
    remark = None
    if target.exists() and target.stat().st_size > 0:
        try:
            attach(connection, target, BEFORE)
            own = read_publishes(connection, BEFORE)
            remark = None if own else "not compared: the file before had no ledger"
        except duckdb.Error as error:
            remark = f"not compared: the file before could not be read ({one_line(error)})"
    rows = {row.publish_number: row for row in own}
    for number, path in kept_files(target).items():
        if number not in rows and (older := ledger_of(path)):
            # the published file is gone, or an older one was put in its place by hand
            rows = {row.publish_number: row for row in older} | rows
            break
    current = own[-1] if own else None
    return Past([rows[number] for number in sorted(rows)], current, remark)


def close_past(connection: duckdb.DuckDBPyConnection) -> None:
    """Let go of the published file, so that it can be replaced under no reader of our own."""
    names = "select database_name from duckdb_databases()"
    if (BEFORE,) in connection.execute(names).fetchall():
        connection.execute(f"detach {BEFORE}")


def ledger_of(path: Path) -> list[Publish]:
    """The ledger of a file that nobody has attached; empty when it cannot be read."""
    try:
        with duckdb.connect(":memory:", config=DUCKDB_CONFIG) as connection:
            attach(connection, path, BEFORE)
            return read_publishes(connection, BEFORE)
    except duckdb.Error:
        return []


# --- keep ----------------------------------------------------------------------------------------


def keep(target: Path, number: int) -> None:
    """Give the published file its name in the history; a name that is there is left alone."""
    kept = kept_path(target, number)
    kept.parent.mkdir(exist_ok=True)
    try:
        os.link(target, kept)
    except FileExistsError:
        pass  # by a publish that was killed before its swap
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        copy = kept.with_name(f".{kept.name}.part")  # on the disk where it is to stay
        shutil.copyfile(target, copy)
        sync(copy)
        copy.replace(kept)
    sync(kept.parent)


def forget(target: Path, most: int) -> None:
    """Remove all kept publishes but the newest; nothing else in the folder is touched."""
    for path in list(kept_files(target).values())[most:]:
        path.unlink(missing_ok=True)
    for path in (target.parent / FOLDER).glob(f".{target.stem}-*{target.suffix}.part"):
        path.unlink(missing_ok=True)  # of a publish that was killed while it copied


# --- go back -------------------------------------------------------------------------------------


def choose(
    past: Past, target: Path, number: int | None, damaged: Sequence[int] = ()
) -> tuple[int, Path]:
    """The kept file to restore: the one asked for, or the newest that holds something else."""
    kept = kept_files(target)
    folder = shown(target.parent / FOLDER)
    numbers = ", ".join(str(one) for one in kept) or "none"
    current = past.current
    published = current.content_hash if current else None
    hashes = {row.publish_number: row.content_hash for row in past.publishes}
    if number is None:
        for one, path in kept.items():
            if one not in damaged and (published is None or hashes.get(one) != published):
                return one, path
        raise UserError(
            f"no earlier publish is kept (kept: {numbers}), {folder}; "
            "publish a build with make warehouse"
        )
    if published is not None and hashes.get(number) == published:
        same = "is" if current.publish_number == number else "has the content of"
        raise UserError(
            f"publish {number} {same} what is published now, {shown(target)}; "
            "choose another one from make history"
        )
    # a publish whose content was published again is kept under one number only
    equal = [one for one in kept if one == number or hashes.get(one) == hashes.get(number, "")]
    if number in kept or equal:
        chosen = number if number in kept else equal[0]
        return chosen, kept[chosen]
    known = "is no longer kept" if number in hashes else "was never made"
    raise UserError(
        f"publish {number} {known} (kept: {numbers}), {folder}; choose one from make history"
    )


def attach_kept(connection: duckdb.DuckDBPyConnection, path: Path, number: int) -> Publish:
    """Attach a kept file as the source, once it is proven whole; its row of the ledger."""
    try:
        attach_published(connection, path, SOURCE)
        row = check_whole(connection, SOURCE, path)
    except duckdb.Error as error:
        raise unreadable(path, error) from error
    if row.publish_number != number:
        raise UserError(
            f"the file holds publish {row.publish_number} and not {number}, {shown(path)}; "
            "rename it or choose another one from make history"
        )
    return row


# --- look ----------------------------------------------------------------------------------------


def newest_file(target: Path) -> Path:
    """The published file, or the newest kept one when that is gone."""
    kept = list(kept_files(target).values())
    return target if target.exists() or not kept else kept[0]


def print_publishes(target: Path, console: Console) -> None:
    """Every publish as a table, the newest first."""
    with duckdb.connect(":memory:", config=DUCKDB_CONFIG) as connection:
        attach_published(connection, newest_file(target), BEFORE)
    with duckdb.connect(":memory:", config=DUCKDB_CONFIG) as connection:
        past = open_past(connection, target)
    kept = kept_files(target)
    printed = Printed(box=box.SIMPLE)
    for name, side in COLUMNS.items():
        printed.add_column(name, justify=side, no_wrap=True)
    for row in reversed(past.publishes):
        what = f"restore of {row.restored_from}" if row.restored_from else row.kind
        is_current = past.current and row.publish_number == past.current.publish_number
        state = "published" if is_current else "kept" if row.publish_number in kept else ""
        printed.add_row(
            str(row.publish_number),
            f"{row.published_at:%Y-%m-%d %H:%M}",
            what,
            row.data_set,
            f"{row.row_count:,}",
            row.content_hash[:8],
            state,
        )
    console.print(printed)


def print_changes(target: Path, kpi_id: str | None, limit: int, console: Console) -> None:
    """KPI values that differ from those of the publish before."""
    where = f"where kpi_id = {literal(kpi_id)}" if kpi_id else ""
    path = newest_file(target)
    with duckdb.connect(":memory:", config=DUCKDB_CONFIG) as connection:
        attach_published(connection, path, BEFORE)
        publishes = read_publishes(connection, BEFORE)
        if not publishes:
            raise UserError(f"no ledger, {shown(path)}; publish anew with make warehouse")
        counts = dict(
            connection.execute(
                f"select change, count(*) from {BEFORE}.{LEDGER}.kpi_changes {where} group by 1"
            ).fetchall()
        )
        rows = connection.execute(
            f"""
            select change, kpi_id, source_system, facility_id, department_id, month,
                numerator_before, denominator_before, value_before, is_reportable_before,
                numerator_after, denominator_after, value_after, is_reportable_after
            from {BEFORE}.{LEDGER}.kpi_changes {where}
            order by
                case change when 'changed' then 1 when 'withdrawn' then 2 else 3 end,
                kpi_id, source_system, facility_id, department_id, month
            limit {limit}
            """
        ).fetchall()
    console.print(changes_line(publishes[-1], counts), markup=False, soft_wrap=True)
    if not rows:
        return
    printed = Printed(box=box.SIMPLE)
    for name in ("change", "KPI", "month", "where", "before", "after"):
        printed.add_column(name, justify="right" if name in ("before", "after") else "left")
    for change, kpi, system, facility, department, month, *values in rows:
        units = [unit for unit in (facility, department) if unit != "all"]
        where = ", ".join([system, *units])
        before, after = figure(*values[:4]), figure(*values[4:])
        printed.add_row(change, kpi, f"{month:%Y-%m}", where, before, after)
    console.print(printed)
    if sum(counts.values()) > len(rows):
        console.print(f"{len(rows):,} of {sum(counts.values()):,} shown (--limit)")


def changes_line(current: Publish, counts: dict[str, int]) -> str:
    """How many KPI values have changed, in one line."""
    if current.compared_with is None:
        return f"publish {current.publish_number}: {current.remark or 'the first one'}"
    changes = ", ".join(
        f"{counts.get(change, 0):,} {change}" for change in ("changed", "added", "withdrawn")
    )
    return (
        f"KPI values of publish {current.publish_number} against publish "
        f"{current.compared_with}: {changes}"
    )


def figure(
    numerator: float | None,
    denominator: float | None,
    value: float | None,
    is_reportable: bool | None,
) -> str:
    """A KPI value with its counts."""
    if is_reportable is None:
        return "–"
    counts = [f"{part:,.6g}" for part in (numerator, denominator) if part is not None]
    text = f"{value:,.6g}" if value is not None else "not reportable"
    return f"{text} ({' / '.join(counts)})" if counts else text
