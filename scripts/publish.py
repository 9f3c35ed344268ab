"""Publish the marts: an audited copy of the last green build, swapped in atomically.

Usage: python scripts/publish.py

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
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import duckdb
import yaml
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

import settings
import shareable
from disclosure import NotProtected
from raw_contract import source_files, squash
from settings import UserError

SCHEMA = "marts"
TEMPORARY_PREFIX = ".publish-"
LOCK_NAME = ".publish.lock"
# The write-ahead logs that DuckDB keeps beside a file.
LOG_SUFFIXES = (".wal", ".wal.checkpoint", ".wal.recovery")
AGAIN = "run python scripts/publish.py again"
# Catalog names for the attached files: fixed, so that no file name can clash with a schema.
PRIVATE, COPY = "private_side", "copy_side"
# Where a user finds the rows behind a breached rule, by the rule's kind.
ROWS_OF_KIND = {
    "rejected": "dq_rejected_rows",
    "repaired": "dq_repairs",
    "flagged": "dq_flagged_rows",
}
# Nothing is fetched from a network, and rows keep their order.
DUCKDB_CONFIG = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "preserve_insertion_order": True,
}
MOST_NAMED = 5  # so that one line stays readable
Step = Callable[[str, str], None]  # verb and table, before each table
NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Stopped(BaseException):
    """A signal asked the publish to stop; BaseException, so that no handler swallows it."""


class Signals:
    """Turns a stop signal into `Stopped`, so that the temporary folder is removed."""

    def __init__(self) -> None:
        """Not yet listening: that begins with the `with` block."""
        self.received: signal.Signals | None = None
        self._armed = True
        self._before: dict[signal.Signals, object] = {}

    def __enter__(self) -> Signals:
        """Listen, except to signals that the caller ignores (nohup)."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._handle)
        return self

    def __exit__(self, *_: object) -> None:
        """Give the signals back."""
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _handle(self, number: int, _frame: object) -> None:
        if self._armed:
            self.received = signal.Signals(number)
            raise Stopped

    def check(self) -> None:
        """Stop here if the exception was lost: C code of a library may drop it."""
        if self.received:
            raise Stopped

    def ignore(self) -> None:
        """From here on nothing is interrupted: the swap and the cleaning up are quick."""
        self._armed = False


@dataclass(frozen=True)
class Table:
    """What the catalog says about one table: all that a copy must keep besides the rows."""

    sql: str
    comment: str | None
    columns: tuple[tuple, ...]  # name, type, nullable, default, comment
    constraints: tuple[tuple, ...]  # type, text

    @property
    def column_names(self) -> list[str]:
        """The names of the columns, in order."""
        return [column[0] for column in self.columns]


def shown(path: Path) -> str:
    """A path as users know it: from the project root when it is inside."""
    root = settings.PROJECT_ROOT
    return str(path.relative_to(root) if path.is_relative_to(root) else path)


def quoted(name: str) -> str:
    """A name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str | None) -> str:
    """A text as an SQL literal."""
    return "null" if text is None else "'" + text.replace("'", "''") + "'"


def in_marts(catalog: str) -> str:
    """The condition for catalog functions. Bound parameters would make DuckDB import numpy."""
    return f"where database_name = {literal(catalog)} and schema_name = {literal(SCHEMA)}"


def listed(names: list[str]) -> str:
    """The first few names, and how many more there are."""
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


# --- the gate: is this a build to publish? -------------------------------------------------------


def attach_private(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Attach the private database read-only: while it is attached no build can change it."""
    if not path.exists():
        raise UserError(f"no private database, {shown(path)}; run dbt build first")
    try:
        connection.execute(f"attach {literal(str(path))} as {PRIVATE} (type duckdb, read_only)")
    except duckdb.Error as error:
        if "lock" in str(error):
            holder = re.search(r"\(PID \d+\)", str(error))
            raise UserError(
                "the private database is in use by another program"
                f"{' ' + holder.group() if holder else ''}, {shown(path)}; "
                f"wait until that has ended (a running dbt build?) and {AGAIN}"
            ) from error
        raise UserError(
            f"the private database cannot be read ({one_line(error)}), {shown(path)}; "
            "delete it and run dbt build"
        ) from error


def check_last_build(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Refuse every build that is not complete and green, and say why."""
    where = shown(path)
    try:
        row = connection.execute(
            f"select command, is_complete, status, failures from {PRIVATE}.private.last_build"
        ).fetchone()
    except (duckdb.CatalogException, duckdb.BinderException):
        row = None
    if row is None:
        raise UserError(f"no build is recorded, {where}; run dbt build first")
    command, is_complete, status, failures = row
    if status == "started":
        raise UserError(
            f"the last dbt {command} did not finish (killed, or stopped by an error), {where}; "
            "run dbt build again"
        )
    if command != "build":
        raise UserError(
            f"the last command was dbt {command}, which runs no tests, {where}; run dbt build"
        )
    if not is_complete:
        raise UserError(
            f"the last dbt build was partial (a selection was given), {where}; "
            "run dbt build without --select and --exclude"
        )
    failed = [name for name in (failures or "").split(", ") if name]
    # The rule results are of this build only when it made them.
    is_stale = any(name.startswith("dq_rule_results (") for name in failed)
    breached = [] if is_stale else breaches(connection)
    if breached:
        refuse_breaches(breached, failed, where)
    if status != "green":
        raise UserError(
            f"the last dbt build failed: {named_failures(failed)}, {where}; "
            "correct the cause and run dbt build again"
        )


def named_failures(failed: list[str]) -> str:
    """The nodes that failed; what was skipped because of them is only counted."""
    own = [name for name in failed if not name.endswith("(skipped)")]
    skipped = len(failed) - len(own)
    text = listed(own) if own else "no test is named"
    return " ".join(text.split()) + (f", {skipped} skipped" if skipped else "")


def breaches(connection: duckdb.DuckDBPyConnection) -> list[dict]:
    """The data-quality rules over their threshold, the worst first."""
    try:
        cursor = connection.execute(
            f"""
            select rule_id, kind, source_system, source_table, rows_failing, rows_tested,
                failing_share, threshold, rationale
            from {PRIVATE}.{SCHEMA}.dq_rule_results
            where status = 'breach'
            order by failing_share desc, rule_id, source_system, source_table
            """
        )
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        # Without this table nothing would stop a bad extract.
        raise UserError(
            f"the data-quality results cannot be read ({one_line(error)}), "
            f"{SCHEMA}.dq_rule_results of the private database; run dbt build"
        ) from error
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def refuse_breaches(breached: list[dict], failed: list[str], where: str) -> None:
    """Name the breached rules with their numbers, and where the rows are."""
    texts = [
        f"{rule['rule_id']} in {rule['source_system']}/{rule['source_table']}: "
        f"{rule['rows_failing']:,} of {rule['rows_tested']:,} rows "
        f"({percentage(rule['failing_share'])}, threshold {percentage(rule['threshold'])})"
        for rule in breached
    ]
    noun = "rule is" if len(breached) == 1 else "rules are"
    tests = f", failed: {named_failures(failed)}" if failed else ""
    rows = ROWS_OF_KIND.get(breached[0]["kind"], "dq_reconciliation")
    raise UserError(
        f"{len(breached)} data-quality {noun} breached, {listed(texts)}{tests}, {where}; "
        f"{breached[0]['rationale']} (rows: {SCHEMA}.{rows} there), then run dbt build again"
    )


def percentage(share: float | None) -> str:
    """A fraction as a short percentage."""
    return "unknown share" if share is None else f"{100 * share:.4g} %"


# --- what is there -------------------------------------------------------------------------------


def mart_models() -> set[str]:
    """The names of the models of the marts: dbt never drops the table of a deleted model."""
    folder = settings.PROJECT_ROOT / "models" / SCHEMA
    return {path.stem for path in folder.rglob("*") if path.suffix in (".sql", ".py")}


@cache
def direct_identifiers() -> frozenset[str]:
    """Columns that identify a person according to the input contract, squashed for comparison."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    documents = [yaml.load(path.read_text("utf-8"), Loader=loader) for path in source_files()]
    return frozenset(
        squash(column["name"])
        for document in documents
        for source in document["sources"]
        for table in source["tables"]
        for column in table["columns"]
        if column.get("config", {}).get("meta", {}).get("pii") == "direct"
    )


def inventory(connection: duckdb.DuckDBPyConnection, catalog: str) -> dict[str, Table]:
    """All tables of the marts in a catalog, in the order of their names."""

    def by_table(query: str) -> dict[str, list[tuple]]:
        rows: dict[str, list[tuple]] = {}
        for table, *row in connection.execute(query).fetchall():
            rows.setdefault(table, []).append(tuple(row))
        return rows

    where = in_marts(catalog)
    columns = by_table(
        f"""
        select table_name, column_name, data_type, is_nullable, column_default, comment
        from duckdb_columns() {where} order by table_name, column_index
        """
    )
    constraints = by_table(
        f"""
        select table_name, constraint_type, constraint_text
        from duckdb_constraints() {where} order by table_name, constraint_index
        """
    )
    tables = by_table(f"select table_name, sql, comment from duckdb_tables() {where} order by 1")
    return {
        name: Table(sql, comment, tuple(columns[name]), tuple(constraints.get(name, ())))
        for name, ((sql, comment),) in tables.items()
    }


def tables_to_publish(
    connection: duckdb.DuckDBPyConnection, path: Path
) -> tuple[dict[str, Table], list[str]]:
    """The marts that a model makes, and the names of tables that no model makes."""
    views = connection.execute(
        f"select view_name from duckdb_views() {in_marts(PRIVATE)}"
    ).fetchall()
    if views:
        raise UserError(
            "views cannot be published (a view breaks when its file is copied): "
            f"{listed([f'{SCHEMA}.{name}' for (name,) in views])}, {shown(path)}; "
            "materialise them as tables and run dbt build"
        )
    found = inventory(connection, PRIVATE)
    models = mart_models()
    tables = {name: table for name, table in found.items() if name in models}
    if not tables:
        raise UserError(f"no tables in schema {SCHEMA}, {shown(path)}; run dbt build")
    refuse_direct_identifiers(tables, "private database")
    return tables, [name for name in found if name not in models]


def refuse_direct_identifiers(tables: dict[str, Table], what: str) -> None:
    """No column of a mart may have the name of a direct identifier."""
    direct = direct_identifiers()
    found = [
        f"{SCHEMA}.{name}.{column}"
        for name, table in tables.items()
        for column in table.column_names
        if squash(column) in direct
    ]
    if found:
        raise UserError(
            f"direct identifiers would be published: {listed(found)}, {what}; "
            "take the columns out of the models and run dbt build"
        )


# --- copy and audit ------------------------------------------------------------------------------


def make_copy(
    connection: duckdb.DuckDBPyConnection, path: Path, tables: dict[str, Table], step: Step
) -> None:
    """Write the tables to a new database file: definitions, rows in order, comments."""
    connection.execute(f"attach {literal(str(path))} as {COPY} (type duckdb)")
    connection.execute(f"create schema {COPY}.{SCHEMA}")
    connection.execute(f"use {COPY}")  # the definitions name the schema, not the catalog
    connection.execute("begin")
    for name, table in tables.items():
        step("copying", name)
        target = f"{COPY}.{SCHEMA}.{quoted(name)}"
        connection.execute(table.sql)
        connection.execute(f"insert into {target} from {PRIVATE}.{SCHEMA}.{quoted(name)}")
        if table.comment is not None:
            connection.execute(f"comment on table {target} is {literal(table.comment)}")
        for column, *_, comment in table.columns:
            if comment is not None:
                connection.execute(
                    f"comment on column {target}.{quoted(column)} is {literal(comment)}"
                )
    connection.execute("commit")
    connection.execute(f"checkpoint {COPY}")
    connection.execute("use memory")
    connection.execute(f"detach {COPY}")


def audit(
    connection: duckdb.DuckDBPyConnection, path: Path, tables: dict[str, Table], step: Step
) -> int:
    """Compare the copy, opened read-only, with the private database; the number of rows."""
    connection.execute(f"attach {literal(str(path))} as {COPY} (type duckdb, read_only)")
    copied = inventory(connection, COPY)
    refuse_direct_identifiers(copied, "copy")
    differences = [f"{what} is in the copy only" for what in foreign_objects(connection)]
    if copied.keys() != tables.keys():
        differences += [f"table {name}" for name in sorted(copied.keys() ^ tables.keys())]
    rows = 0
    for name in sorted(copied.keys() & tables.keys()):
        step("checking", name)
        for part in ("columns", "constraints", "comment", "sql"):
            if getattr(copied[name], part) != getattr(tables[name], part):
                differences.append(f"{part} of {name}")
        expected = content(connection, PRIVATE, name, tables[name])
        found = content(connection, COPY, name, tables[name])
        if expected[0] != found[0]:
            differences.append(f"rows of {name} ({found[0]:,} against {expected[0]:,})")
        elif expected != found:
            differences.append(f"values of {name}")
        rows += found[0]
    connection.execute(f"detach {COPY}")
    if differences:
        raise UserError(
            f"the copy differs from the private database: {listed(differences)}, {SCHEMA}; "
            f"nothing was published, {AGAIN} and report it if it stays"
        )
    return rows


def content(
    connection: duckdb.DuckDBPyConnection, catalog: str, name: str, table: Table
) -> tuple[int, int | None]:
    """Row count and a sum of row hashes, which does not depend on how the rows are stored."""
    columns = ", ".join(quoted(column) for column in table.column_names)
    try:
        return connection.execute(
            f"select count(*), sum(hash({columns})) from {catalog}.{SCHEMA}.{quoted(name)}"
        ).fetchone()
    except duckdb.BinderException:
        return -1, None  # a column is gone; the comparison of columns says so


def foreign_objects(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Whatever the copy holds besides the tables of the marts."""
    return [
        f"{kind} {name}"
        for kind, name in connection.execute(
            f"""
            with objects as (
                select 'schema' as kind, schema_name as name, database_name from duckdb_schemas()
                where schema_name not in ('main', '{SCHEMA}') and not internal
                union all
                select 'table', table_name, database_name from duckdb_tables()
                where schema_name != '{SCHEMA}'
                union all
                select 'view', view_name, database_name from duckdb_views() where not internal
                union all
                select 'index', index_name, database_name from duckdb_indexes()
                union all
                select 'sequence', sequence_name, database_name from duckdb_sequences()
                union all
                select 'type', type_name, database_name from duckdb_types() where not internal
                union all
                select 'function', function_name, database_name from duckdb_functions()
                where not internal
            )

            select kind, name from objects where database_name = '{COPY}' order by 1, 2
            """
        ).fetchall()
    ]


def make_shareable(db: duckdb.DuckDBPyConnection, copy: Path, path: Path) -> shareable.Edition:
    """Write the shareable edition of the audited copy beside it."""
    db.execute(f"attach {literal(str(copy))} as {COPY} (type duckdb, read_only)")
    try:
        return shareable.write(db, COPY, path, minimum_cell(db))
    except NotProtected as error:
        raise UserError(
            f"the shareable edition cannot be made safe: {error}, {shareable.SPECIFICATION.name}; "
            f"take the mart with the finest cells out of it and {AGAIN}"
        ) from error
    finally:
        db.execute(f"detach {COPY}")


def minimum_cell(db: duckdb.DuckDBPyConnection) -> int:
    """The smallest count that is shown, as the build was told."""
    try:
        return db.execute(f"select minimum_cell from {PRIVATE}.private.last_build").fetchone()[0]
    except duckdb.BinderException:
        return shareable.MINIMUM_CELL  # a build of a version that did not record it


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


def steps(progress: Progress, signals: Signals, tables: int) -> Step:
    """What to call before each table: shows it, and stops when a signal came."""
    task = progress.add_task("", total=2 * tables)  # each table is copied and checked
    begun = 0

    def step(verb: str, name: str) -> None:
        nonlocal begun
        signals.check()
        progress.update(task, completed=begun, description=f"{verb} {name}")
        begun += 1

    return step


def publish(signals: Signals, console: Console) -> tuple[int, int, shareable.Edition]:
    """Check, copy, audit and swap; tables and rows published, and the shareable edition."""
    private = settings.private_database()
    target = settings.published_database().resolve()  # a link keeps pointing to the new file
    refuse_bad_target(private, target)
    target.parent.mkdir(parents=True, exist_ok=True)
    with publish_lock(target.parent):
        remove_leftovers(target.parent)
        with (
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
            attach_private(db, private)
            check_last_build(db, private)
            tables, without_model = tables_to_publish(db, private)
            shareable_target = shareable.beside(target)
            for path in (target, shareable_target):
                with writers_kept_out(path):
                    pass  # better told before the copy than after it
            step = steps(progress, signals, len(tables))
            copy = folder / target.name  # DuckDB names the catalog after the file
            make_copy(db, copy, tables, step)
            rows = audit(db, copy, tables, step)
            edition = make_shareable(db, copy, folder / shareable_target.name)
            sync(copy)
            sync(folder / shareable_target.name)
            signals.ignore()
            signals.check()
            swap(copy, target)
            swap(folder / shareable_target.name, shareable_target)
    if without_model:
        names = listed([f"{SCHEMA}.{name}" for name in without_model])
        console.print(f"left out, because no model makes it: {names}", markup=False, soft_wrap=True)
    return len(tables), rows, edition


def one_line(error: Exception) -> str:
    """The first line of an error's text."""
    return " ".join((str(error).splitlines() or [type(error).__name__])[0].split())


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


def main(argv: list[str]) -> int:
    """Publish and say what was published."""
    argparse.ArgumentParser(
        prog="publish.py", description=(__doc__ or "").split("\n\nUsage")[0]
    ).parse_args(argv)
    signals = Signals()
    try:
        with signals:
            tables, rows, edition = publish(signals, Console(stderr=True))
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
    target = settings.published_database()
    print(f"published {tables:,} tables, {rows:,} rows to {shown(target)}")
    print(
        f"shareable edition: {edition.tables:,} tables, {edition.hidden:,} of {edition.cells:,} "
        f"cells hidden, {shown(shareable.beside(target))}"
    )
    return 0


if __name__ == "__main__":
    settings.run_main(main)
