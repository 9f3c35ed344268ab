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
import re
import secrets
import shutil
import stat
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
from numpy.linalg import LinAlgError
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
    sync,
    tables_to_publish,
)
from publish_gate import attach_private, check_last_build
from publish_identifiers import refuse_identifying_values
from publish_ledger import Publish
from publish_signals import Signals, steps
from raw_changes import refuse_changed_files
from settings import UserError, engine_limits, shown

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


def publish_lock(folder: Path) -> AbstractContextManager[None]:
    """One publish at a time per folder. The lock ends with the process, whatever kills it."""
    return build_lock.held(
        folder, "publish", LOCK_NAME, "set WARDHOUSE_WAREHOUSE to a file on a disk of this computer"
    )


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
        is_ours = re.fullmatch(rf"{re.escape(TEMPORARY_PREFIX)}[0-9a-f]{{8}}", path.name)
        if is_ours and path.is_dir() and not path.is_symlink():
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


def swap(copy: Path, target: Path) -> None:
    """Put the copy in the place of the published file, in one step and with the same rights."""
    with writers_kept_out(target):
        # A log left by a killed writer belongs to the old file and would be replayed into the new.
        for suffix in LOG_SUFFIXES:
            Path(f"{target}{suffix}").unlink(missing_ok=True)
        if target.exists():
            copy.chmod(stat.S_IMODE(target.stat().st_mode))
        copy.replace(target)


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
    minimum_cell: int | None  # of the shareable edition
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
    return Source(tables, build_id, data_set, ledger.code_version(), minimum_cell(db))


def kept_to_restore(
    db: duckdb.DuckDBPyConnection,
    past: history.Past,
    target: Path,
    number: int | None,
    notes: list[str],
) -> Source:
    """A kept publish, once it is proven whole; the newest that is, where none was asked for."""
    damaged: list[int] = []
    while True:
        chosen, path = history.choose(past, target, number, damaged)
        try:
            row = history.attach_kept(db, path, chosen)
            break
        except UserError as error:
            if number is not None:
                raise
            notes.append(f"passed over, {error}")
            damaged.append(chosen)
            db.execute(f"detach database if exists {SOURCE}")
    tables = inventory(db, SOURCE)
    return Source(tables, row.build_id, row.data_set, row.code_version, row.minimum_cell, chosen)


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
    is_accepted = request.is_restore or request.accept_loss
    if before and (before.data_set, source.data_set) == ("own", "demo") and not is_accepted:
        raise UserError(
            f"the demo data would replace your own (publish {before.publish_number}), "
            f"{shown(settings.published_database())}; set WARDHOUSE_RAW_DIR, or publish them with "
            "python scripts/publish.py --accept-loss"
        )
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
    db: duckdb.DuckDBPyConnection,
    copy: Path,
    path: Path,
    target: Path,
    entry: Publish,
    notes: list[str],
) -> shareable.Edition | None:
    """Write the shareable edition of the audited copy; without proof that it is safe, none.

    The internal edition does not wait for it: its readers need their numbers all the same.
    """
    db.execute(f"attach {literal(str(copy))} as {COPY} (type duckdb, read_only)")
    try:
        if entry.minimum_cell is None:
            raise NotProtected("its minimum cell is not known")
        return shareable.write(
            db, COPY, path, entry.minimum_cell, entry.publish_number, data_set=entry.data_set
        )
    except (NotProtected, duckdb.Error, LinAlgError, MemoryError) as error:
        if isinstance(error, (duckdb.IOException, duckdb.InterruptException)):
            raise  # a full disk, or a signal: the whole publish ends
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


def minimum_cell(db: duckdb.DuckDBPyConnection) -> int:
    """The smallest count that the shareable edition shows, as the build was told."""
    try:
        query = f"select minimum_cell from {SOURCE}.private.last_build"
        return db.execute(query).fetchone()[0]
    except duckdb.BinderException:
        return shareable.MINIMUM_CELL  # a build of a version that did not record it


def publish(signals: Signals, console: Console, request: Request) -> Outcome:
    """Check, compare, copy, audit and swap; what was published."""
    target = settings.published_database().resolve()  # a link keeps pointing to the new file
    most_kept = settings.kept_publishes()
    shareable_target = shareable.beside(target)
    for path in (target, shareable_target):
        refuse_bad_target(settings.private_database(), path)
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
            duckdb.connect(":memory:", config={**DUCKDB_CONFIG, **engine_limits()}) as db,
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
            for path in (target, shareable_target):
                with writers_kept_out(path):
                    pass
            past = history.open_past(db, target)
            if request.is_restore:
                source = kept_to_restore(db, past, target, request.number, notes)
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
                minimum_cell=source.minimum_cell,
                remark=remark,
            )
            copy = folder / target.name  # DuckDB names the catalog after the file
            make_copy(db, copy, tables, step)
            ledger.write_ledger(db, copy, [*past.publishes, entry], found, queries)
            audit(db, copy, tables, found, step)
            shareable_copy = folder / shareable_target.name
            edition = make_shareable(db, copy, shareable_copy, shareable_target, entry, notes)
            for path in (copy, shareable_copy) if edition else (copy,):
                sync(path)
            history.close_past(db)
            before = past.current
            if before and most_kept and before.content_hash != entry.content_hash:
                history.keep(target, before.publish_number)
            signals.ignore()
            signals.check()
            swap(copy, target)
            # Readers have the new file: what fails from here on is said, but it is published.
            try:
                sync(target.parent)
                if edition:
                    swap(shareable_copy, shareable_target)
                    sync(target.parent)
                history.forget(target, most_kept)
            except (OSError, UserError) as error:
                notes.append(
                    f"published, but not finished ({one_line(error)}), {shown(target.parent)}; put "
                    f"that right and {AGAIN}"
                )
                edition = edition if not shareable_copy.exists() else None
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
        where = shown(Path(error.filename)) if isinstance(error.filename, str) else target
        return UserError(
            f"cannot write ({reason}), {where}; make the folder writable or set "
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
        beside = shareable.publish_number_of(shareable.beside(path))
        if beside not in (None, number):
            print(f"the shareable edition is that of publish {beside}, {shown(path.parent)}")
    else:
        return False
    return True


def say(outcome: Outcome, console: Console) -> None:
    """Say what was published."""
    for note in outcome.notes:
        console.print(f"wardhouse: {note}", markup=False, highlight=False, soft_wrap=True)
    entry, target = outcome.entry, settings.published_database()
    what = f" (publish {entry.restored_from} again)" if entry.restored_from else ""
    print(
        f"published {entry.table_count:,} tables, {entry.row_count:,} rows to "
        f"{shown(target)} as publish {entry.publish_number}{what}"
    )
    if outcome.edition:
        print(f"shareable edition: {outcome.edition}, {shown(shareable.beside(target))}")
    if outcome.changes:
        print(history.changes_line(entry, outcome.changes) + " (make history)")


def main(argv: list[str], signals: Signals | None = None) -> int:
    """Publish, or go back to a kept publish, and say what was published.

    `signals` are the caller's when it listens itself; after the swap they are ignored.
    """
    options = arguments(argv)
    if look(options):
        return 0
    is_restore = options.restore is not None
    request = Request(is_restore, options.restore or None, options.accept_loss)
    listening = nullcontext() if signals else (signals := Signals())
    console = Console(stderr=True)
    try:
        with listening:
            say(publish(signals, console, request), console)
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
    return 0


if __name__ == "__main__":
    settings.run_main(main)
