"""Publish the marts: an audited copy of the last green build, swapped in atomically.

Usage: python scripts/publish.py [--accept-loss] (or --restore, --list, --changes, --verify)

Takes only a complete, green `dbt build` of the private database, copies its schema `marts` with
constraints and comments to a new file, compares the copy with the original and then replaces the
published file in one step. Beside it goes the shareable edition: no people, no small cells.
Readers keep what they have open; nobody sees half a publish.
"""

from __future__ import annotations

import argparse
import errno
import fcntl
import os
import secrets
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

import build_lock
import freshness
import publish_drift as drift
import publish_history as history
import publish_ledger as ledger
import settings
import shareable
from disclosure import NotProtected
from publish_copy import (
    AGAIN,
    BEFORE,
    COPY,
    DUCKDB_CONFIG,
    SCHEMA,
    SOURCE,
    Content,
    Table,
    audit,
    contents,
    inventory,
    listed,
    literal,
    make_copy,
    one_line,
    tables_to_publish,
)
from publish_gate import attach_private, check_last_build
from publish_identifiers import refuse_identifying_values
from publish_ledger import Publish
from publish_signals import Signals, steps
from raw_changes import refuse_changed_files
from settings import UserError, shown

TEMPORARY_PREFIX = ".publish-"
LOCK_NAME = ".publish.lock"
# The write-ahead logs that DuckDB keeps beside a file.
LOG_SUFFIXES = (".wal", ".wal.checkpoint", ".wal.recovery")
NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# What DuckDB says of a file whose blocks do not hold what their checksums promise.
DAMAGE = (duckdb.IOException, duckdb.SerializationException, duckdb.InternalException)
MOST_WARNINGS = 20  # lines; all are in ledger.drift


# --- files ---------------------------------------------------------------------------------------


def refuse_bad_target(private: Path, target: Path) -> None:
    """Never replace what is not a published database."""
    if target == private.resolve():
        raise UserError(
            f"the published file is the private database, {shown(target)}; "
            "set WARDHOUSE_WAREHOUSE to another file"
        )
    if target.exists() and not target.is_file():
        raise UserError(f"not a file, {shown(target)}; set WARDHOUSE_WAREHOUSE to a file")
    if target.exists() and target.stat().st_size > 0:
        with target.open("rb") as stream:
            if stream.read(12)[8:] != b"DUCK":
                raise UserError(
                    f"not a DuckDB database and not replaced, {shown(target)}; "
                    "move it away or set WARDHOUSE_WAREHOUSE to another file"
                )


@contextmanager
def publish_lock(folder: Path) -> Iterator[None]:
    """One publish at a time per folder. The lock ends with the process, whatever kills it."""
    descriptor = os.open(folder / LOCK_NAME, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise UserError(
                f"another publish is at work, {shown(folder)}; wait until it has ended and {AGAIN}"
            ) from error
        yield
    finally:
        os.close(descriptor)


@contextmanager
def writers_kept_out(target: Path) -> Iterator[None]:
    """Hold the lock that a DuckDB reader holds; refuse when a writer has the file open.

    A writer would put a write-ahead log beside the new file, and DuckDB would replay those
    changes of the old file into the new one (seen with duckdb 1.5.5). Readers may stay.
    """
    if not target.exists():
        yield
        return
    descriptor = os.open(target, os.O_RDONLY)
    try:
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError) as error:
            raise UserError(
                f"another program has the published file open for writing, {shown(target)}; "
                f"close it there (to read, open it read-only) and {AGAIN}"
            ) from error
        yield
    finally:
        os.close(descriptor)


def remove_leftovers(folder: Path) -> None:
    """Remove the temporary folders of publishes that were killed; the lock proves they are dead."""
    for path in folder.glob(f"{TEMPORARY_PREFIX}*"):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)


@contextmanager
def temporary_folder(parent: Path, signals: Signals) -> Iterator[Path]:
    """A private folder beside the target: the same file system, so the swap is one rename."""
    # The name is known before the folder exists, so a signal can leave nothing behind.
    folder = parent / f"{TEMPORARY_PREFIX}{secrets.token_hex(4)}"
    try:
        folder.mkdir(mode=0o700)
        yield folder
    finally:
        signals.ignore()
        shutil.rmtree(folder, ignore_errors=True)


def sync(path: Path) -> None:
    """Have the disk hold what was written to a file or folder."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def swap(copy: Path, target: Path) -> None:
    """Put the copy in the place of the published file, in one step."""
    with writers_kept_out(target):
        # A log left by a killed writer belongs to the old file and would be replayed into the new.
        for suffix in LOG_SUFFIXES:
            Path(f"{target}{suffix}").unlink(missing_ok=True)
        copy.replace(target)
    sync(target.parent)


# --- the publish ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Request:
    """What the command line asks for."""

    is_restore: bool = False
    number: int | None = None  # of the publish to restore; None for the one before
    accept_loss: bool = False


@dataclass(frozen=True)
class Source:
    """The side that is published, attached as SOURCE: a green build, or a kept publish."""

    tables: dict[str, Table]
    build_id: str
    data_set: str
    code_version: str
    restored_from: int | None = None


@dataclass
class Outcome:
    """What was published, and what is to be said of it."""

    entry: Publish
    notes: list[str]  # for standard error
    changes: dict[str, int]  # changed KPI values by kind of change
    edition: shareable.Edition | None  # None when it could not be proven safe


def build_to_publish(db: duckdb.DuckDBPyConnection, notes: list[str]) -> Source:
    """The last build, once it has passed the gate."""
    private = settings.private_database()
    attach_private(db, private)
    build_id, data_set = check_last_build(db, private)
    refuse_changed_files(db, SOURCE)
    ages = freshness.feeds(db, SOURCE)
    freshness.refuse_too_old(ages)
    notes += freshness.warnings_of(ages)
    drift.check_limits(db)
    tables, without_model = tables_to_publish(db, private)
    refuse_identifying_values(db, SOURCE, SCHEMA, tables)
    if without_model:
        names = listed([f"{SCHEMA}.{name}" for name in without_model])
        notes.append(f"left out, because no model makes it: {names}")
    return Source(tables, build_id, data_set, ledger.code_version())


def kept_to_restore(
    db: duckdb.DuckDBPyConnection, past: history.Past, target: Path, number: int | None
) -> Source:
    """A kept publish, once it is proven whole."""
    chosen, path = history.choose(past, target, number)
    row = history.attach_kept(db, path, chosen)
    tables = inventory(db, SOURCE)
    return Source(tables, row.build_id, row.data_set, row.code_version, chosen)


def compare(
    db: duckdb.DuckDBPyConnection,
    past: history.Past,
    source: Source,
    found: dict[str, Content],
    request: Request,
    notes: list[str],
) -> tuple[int | None, str | None, dict[str, str], dict[str, int]]:
    """Compare with the publish before: its number, a remark, what to put into the ledger.

    A newcomer's own data after the demo have nothing in common with it. A damaged file must not
    keep a good one from being published; it is said, and nothing is compared.
    """
    before = past.current
    if before is None or before.data_set != source.data_set:
        remark = past.remark
        if before:
            remark = f"not compared: the data set is {source.data_set} and was {before.data_set}"
        if remark:
            notes.append(remark)
        return None, remark, {}, {}
    try:
        tables = ledger.read_tables(db, BEFORE)
        lost = [] if request.is_restore else drift.losses(db, tables, found)
        if not request.accept_loss:
            where = shown(settings.published_database())
            drift.refuse_losses(lost, before.publish_number, where)
        warnings = drift.measure_drift(db, tables, found)
        queries = {"drift": "select * from temp.drift"}
        if (query := ledger.kpi_changes_sql(db)) is not None:
            db.execute(f"create or replace temporary table kpi_changes as {query}")
            queries["kpi_changes"] = "select * from temp.kpi_changes"
            rows = db.execute("select change, count(*) from temp.kpi_changes group by 1").fetchall()
        changes = dict(rows) if query else {}
    except DAMAGE as error:
        remark = f"not compared: the file before could not be read ({one_line(error)})"
        notes.append(remark)
        return None, remark, {}, {}
    remark = f"loss accepted: {'; '.join(lost)}" if lost else None
    notes += [str(warning) for warning in warnings[:MOST_WARNINGS]]
    if len(warnings) > MOST_WARNINGS:
        notes.append(f"drift: {len(warnings) - MOST_WARNINGS} more warnings, in ledger.drift")
    return before.publish_number, remark, queries, changes


def make_shareable(
    db: duckdb.DuckDBPyConnection, copy: Path, path: Path, target: Path, notes: list[str]
) -> shareable.Edition | None:
    """Write the shareable edition of the audited copy; without proof that it is safe, none.

    The internal edition does not wait for it: its readers need their numbers all the same.
    """
    db.execute(f"attach {literal(str(copy))} as {COPY} (type duckdb, read_only)")
    try:
        return shareable.write(db, COPY, path, minimum_cell(db, target))
    except (NotProtected, duckdb.BinderException) as error:
        path.unlink(missing_ok=True)
        there = "the earlier one stays" if target.exists() else "there is none"
        notes.append(
            f"no shareable edition of this publish ({one_line(error)}), {shown(target)}; {there}: "
            f"correct {shareable.SPECIFICATION.name} and {AGAIN}"
        )
        return None
    finally:
        shareable.detach(db)
        db.execute(f"detach {COPY}")


def minimum_cell(db: duckdb.DuckDBPyConnection, target: Path) -> int:
    """The smallest count that is shown: as the build was told, else as in the edition there is."""
    try:
        query = f"select minimum_cell from {SOURCE}.private.last_build"
        return db.execute(query).fetchone()[0]
    except (duckdb.BinderException, duckdb.CatalogException):  # a kept publish has no build
        return shareable.minimum_cell_of(db, target)


def publish(signals: Signals, console: Console, request: Request) -> Outcome:
    """Check, compare, copy, audit and swap; what was published."""
    target = settings.published_database().resolve()  # a link keeps pointing to the new file
    most_kept = settings.kept_publishes()
    refuse_bad_target(settings.private_database(), target)
    target.parent.mkdir(parents=True, exist_ok=True)
    notes: list[str] = []
    with publish_lock(target.parent):
        remove_leftovers(target.parent)
        with (
            # a restore reads no private database, so a build may be at work
            nullcontext()
            if request.is_restore
            else build_lock.held(settings.build_dir(), "publish"),
            temporary_folder(target.parent, signals) as folder,
            duckdb.connect(":memory:", config=DUCKDB_CONFIG) as db,
            Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                TaskProgressColumn(),
                TimeElapsedColumn(),
                console=console,
                transient=True,
                disable=not console.is_terminal,
            ) as progress,
        ):
            db.execute("set enable_progress_bar = false")  # it would write to standard output
            db.execute(f"set temp_directory = {literal(str(folder / 'spill'))}")
            # Better told before the copy than after it; and before DuckDB opens the file, whose
            # lock would end with any other descriptor of it that this process closes.
            shareable_target = shareable.beside(target)
            for path in (target, shareable_target):
                with writers_kept_out(path):
                    pass
            past = history.open_past(db, target)
            if request.is_restore:
                source = kept_to_restore(db, past, target, request.number)
            else:
                source = build_to_publish(db, notes)
            tables = source.tables
            step = steps(progress, signals, len(tables))
            found = contents(db, SOURCE, tables, step)
            compared_with, remark, queries, changes = compare(
                db, past, source, found, request, notes
            )
            entry = Publish(
                publish_number=past.next_number(target),
                published_at=datetime.now(UTC).replace(tzinfo=None),
                data_set=source.data_set,
                kind="restore" if request.is_restore else "publish",
                restored_from=source.restored_from,
                build_id=source.build_id,
                code_version=source.code_version,
                table_count=len(tables),
                row_count=sum(one.rows for one in found.values()),
                content_hash=ledger.overall_hash(found),
                duckdb_version=duckdb.__version__,
                compared_with=compared_with,
                remark=remark,
            )
            copy = folder / target.name  # DuckDB names the catalog after the file
            make_copy(db, copy, tables, step)
            ledger.write_ledger(db, copy, [*past.publishes, entry], found, queries)
            audit(db, copy, tables, found, step)
            shareable_copy = folder / shareable_target.name
            edition = make_shareable(db, copy, shareable_copy, shareable_target, notes)
            for path in (copy, shareable_copy) if edition else (copy,):
                sync(path)
            history.close_past(db)
            before = past.current
            if before and most_kept and before.content_hash != entry.content_hash:
                history.keep(target, before.publish_number, folder)
            signals.ignore()
            signals.check()
            swap(copy, target)
            if edition:
                swap(shareable_copy, shareable_target)
            history.forget(target, most_kept)
    return Outcome(entry, notes, changes, edition)


def user_error(error: OSError | duckdb.Error) -> UserError:
    """What a failing disk or database means to the user."""
    target = shown(settings.published_database())
    reason = (isinstance(error, OSError) and error.strerror) or one_line(error)
    is_full = isinstance(error, OSError) and error.errno in NO_SPACE
    if is_full or any(os.strerror(number) in reason for number in NO_SPACE):
        return UserError(
            f"no room for the copy ({reason}), {target}; nothing was published, free some space "
            f"on that disk and {AGAIN}"
        )
    if isinstance(error, OSError):
        return UserError(
            f"cannot write ({reason}), {target}; make the folder writable or set "
            "WARDHOUSE_WAREHOUSE to another file"
        )
    return UserError(
        f"the copy failed ({reason}), {target}; nothing was published, run dbt build and {AGAIN}"
    )


def arguments(argv: list[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="publish.py", description=(__doc__ or "").split("\n\nUsage")[0]
    )
    action = parser.add_mutually_exclusive_group()
    action.add_argument("--list", action="store_true", help="print every publish there was")
    action.add_argument(
        "--changes", action="store_true", help="print the KPI values that the last publish changed"
    )
    action.add_argument(
        "--verify",
        nargs="?",
        type=Path,
        const=Path(),
        metavar="FILE",
        help="prove that a file (default: the published one) holds one publish, whole",
    )
    action.add_argument(
        "--restore",
        nargs="?",
        type=int,
        const=0,
        metavar="NUMBER",
        help="publish a kept publish again (default: the one before)",
    )
    action.add_argument(
        "--accept-loss", action="store_true", help="publish although rows would be lost"
    )
    parser.add_argument("--kpi", metavar="ID", help="with --changes: this KPI only")
    parser.add_argument(
        "--limit", type=int, default=40, metavar="N", help="with --changes: so many rows"
    )
    return parser.parse_args(argv)


def look(options: argparse.Namespace) -> bool:
    """Print what was asked for and changes nothing; False when a publish was asked for."""
    target = settings.published_database().resolve()
    console = Console() if sys.stdout.isatty() else Console(width=160)  # lines whole in a file
    if options.list:
        history.print_publishes(target, console)
    elif options.changes:
        history.print_changes(target, options.kpi, max(options.limit, 0), console)
    elif options.verify is not None:
        path = target if options.verify == Path() else options.verify
        number = ledger.whole(path)
        print(f"publish {number} is whole: every hash is that of the ledger, {shown(path)}")
    else:
        return False
    return True


def main(argv: list[str]) -> int:
    """Publish, or go back to a kept publish, and say what was published."""
    options = arguments(argv)
    if look(options):
        return 0
    is_restore = options.restore is not None
    request = Request(is_restore, options.restore or None, options.accept_loss)
    signals = Signals()
    console = Console(stderr=True)
    try:
        with signals:
            outcome = publish(signals, console, request)
    except BaseException as error:
        # DuckDB turns what a signal handler raises into its own error, so ask the signals.
        if signals.received:
            print(
                f"wardhouse: stopped by {signals.received.name}, "
                f"{shown(settings.published_database())}; nothing was published, {AGAIN}",
                file=sys.stderr,
            )
            return 128 + signals.received
        if isinstance(error, (OSError, duckdb.Error)):
            raise user_error(error) from error
        raise
    for note in outcome.notes:
        console.print(f"wardhouse: {note}", markup=False, highlight=False, soft_wrap=True)
    entry, target = outcome.entry, settings.published_database()
    what = f" (publish {entry.restored_from} again)" if is_restore else ""
    print(
        f"published {entry.table_count:,} tables, {entry.row_count:,} rows to "
        f"{shown(target)} as publish {entry.publish_number}{what}"
    )
    if outcome.edition:
        print(f"shareable edition: {outcome.edition}, {shown(shareable.beside(target))}")
    if outcome.changes:
        print(history.changes_line(entry, outcome.changes) + " (make history)")
    return 0


if __name__ == "__main__":
    settings.run_main(main)
