"""The ledger: what was published when, with hashes, inside the published file itself.

Usage: imported by publish.py; nothing to run.

Schema `ledger` travels from file to file inside the same atomic swap as the marts, so it can never
disagree with the file that it stands in.
"""

from __future__ import annotations

import datetime
import subprocess
import tomllib
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import duckdb

import settings
from publish_copy import (
    BEFORE,
    COPY,
    DUCKDB_CONFIG,
    LEDGER,
    SCHEMA,
    SOURCE,
    Content,
    attach,
    contents,
    digest,
    inventory,
    listed,
    literal,
    one_line,
)
from settings import UserError, shown

# table: what it is, then column, type and what it is
TABLES: dict[str, tuple[str, tuple[tuple[str, str, str], ...]]] = {
    "publishes": (
        "Every publish there ever was, one row each; the newest is that of this file.",
        (
            ("publish_number", "bigint not null", "Number of the publish, rising from 1."),
            ("published_at", "timestamp not null", "When it was published, in UTC."),
            ("data_set", "varchar not null", "`demo` or `own` (a raw folder of one's own)."),
            ("kind", "varchar not null", "`publish` of a build, or `restore` of a kept publish."),
            ("restored_from", "bigint", "Number of the publish that was restored."),
            ("build_id", "varchar not null", "Id of the dbt invocation that built the content."),
            (
                "code_version",
                "varchar not null",
                "Commit of the project, with `-dirty` after changes that are not committed, or its "
                "version where there is no git; of a restore, that of the restored publish.",
            ),
            ("table_count", "bigint not null", "Tables of schema marts."),
            ("row_count", "bigint not null", "Rows of all of them."),
            (
                "content_hash",
                "varchar not null",
                "Hash of all tables; equal for equal content, whatever the order of rows.",
            ),
            (
                "duckdb_version",
                "varchar not null",
                "Version that made the hashes; another one may hash otherwise.",
            ),
            (
                "compared_with",
                "bigint",
                "Publish with which losses, changes and drift were compared; null for none.",
            ),
            (
                "minimum_cell",
                "bigint",
                "The shareable edition hides counts from 1 to one less than this; null when it is "
                "not known.",
            ),
            ("remark", "varchar", "Why nothing was compared, or which losses were accepted."),
        ),
    ),
    "published_tables": (
        "The tables of this publish with their row counts and hashes.",
        (
            ("table_name", "varchar not null", "Table of schema marts."),
            ("row_count", "bigint not null", "Its rows."),
            (
                "content_hash",
                "varchar not null",
                "Hash of its columns and values; equal for equal content, whatever the order.",
            ),
        ),
    ),
    "kpi_changes": (
        "Values of kpi_values_monthly that differ from those of the publish before: by more than "
        "a billionth, or in whether they are reportable. Empty when nothing was compared.",
        (
            ("kpi_id", "varchar not null", "KPI (dim_kpis)."),
            ("source_system", "varchar not null", "System of the data."),
            ("facility_id", "varchar not null", "Facility, `all` for the total."),
            ("department_id", "varchar not null", "Department, `all` for the total."),
            ("month", "date not null", "First day of the month."),
            ("change", "varchar not null", "`added`, `changed` or `withdrawn`."),
            ("numerator_before", "double", "Numerator of the publish before."),
            ("numerator_after", "double", "Numerator now."),
            ("denominator_before", "double", "Denominator of the publish before."),
            ("denominator_after", "double", "Denominator now."),
            ("value_before", "double", "Value of the publish before; null when not reportable."),
            ("value_after", "double", "Value now; null when not reportable."),
            ("is_reportable_before", "boolean", "Whether the value was reportable."),
            ("is_reportable_after", "boolean", "Whether the value is reportable now."),
        ),
    ),
    "drift": (
        "Row counts and distributions against the publish before, one row per measure. Empty when "
        "nothing was compared.",
        (
            ("table_name", "varchar not null", "Table of schema marts."),
            ("column_name", "varchar not null", "Column; empty for the table as a whole."),
            (
                "scope",
                "varchar not null",
                "`all` rows or the `newest`: events of the 28 days before the as-of date.",
            ),
            (
                "measure",
                "varchar not null",
                "`rows`; `rows_of_value` (odds of one value against all others); `missing_share`; "
                "`psi` (population stability index).",
            ),
            ("value", "varchar not null", "Value of the column; empty but for rows_of_value."),
            ("before", "double", "Rows before (of the value; missing share for missing_share)."),
            ("after", "double", "The same now."),
            (
                "change",
                "double",
                "rows, rows_of_value: ratio less 1; missing_share: difference; psi: the index.",
            ),
            ("threshold", "double", "Limit of publish_limits; null where none is set."),
            (
                "z_score",
                "double",
                "The change in standard deviations of what chance alone makes of samples of this "
                "size.",
            ),
            (
                "is_warning",
                "boolean not null",
                "Whether the change is beyond the threshold and beyond chance (a z_score of 3.72, "
                "once in 10,000 times).",
            ),
        ),
    ),
}


@dataclass(frozen=True)
class Publish:
    """One row of `ledger.publishes`."""

    publish_number: int
    published_at: datetime.datetime
    data_set: str
    kind: str
    restored_from: int | None
    build_id: str
    code_version: str
    table_count: int
    row_count: int
    content_hash: str
    duckdb_version: str
    compared_with: int | None
    minimum_cell: int | None
    remark: str | None


def overall_hash(found: dict[str, Content]) -> str:
    """One hash for all tables."""
    return digest([f"{name} {found[name].digest}" for name in sorted(found)])


def code_version() -> str:
    """Commit of the project where it is a git repository of its own, else its version."""
    root = settings.PROJECT_ROOT
    if (root / ".git").exists():
        try:
            done = subprocess.run(
                ["git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"],
                cwd=root,
                capture_output=True,
                text=True,
                timeout=10,
                check=True,
            )
            return done.stdout.strip()
        except (OSError, subprocess.SubprocessError):
            pass  # no git on this machine
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
    return project["project"]["version"]


# --- reading and proving -------------------------------------------------------------------------


def read_publishes(connection: duckdb.DuckDBPyConnection, catalog: str) -> list[Publish]:
    """The publishes that a file knows of, oldest first; none for a file without a ledger."""
    found = connection.execute(
        f"select column_name from duckdb_columns() where database_name = {literal(catalog)} "
        f"and schema_name = '{LEDGER}' and table_name = 'publishes'"
    ).fetchall()
    if not found:
        return []
    # a ledger of an earlier version has fewer columns, and is no less a ledger
    there = {name for (name,) in found}
    columns = ", ".join(
        field.name if field.name in there else f"null as {field.name}" for field in fields(Publish)
    )
    rows = connection.execute(
        f"select {columns} from {catalog}.{LEDGER}.publishes order by publish_number"
    ).fetchall()
    return [Publish(*row) for row in rows]


def read_tables(connection: duckdb.DuckDBPyConnection, catalog: str) -> dict[str, Content]:
    """Row counts and hashes that a file's ledger states."""
    rows = connection.execute(
        f"select table_name, row_count, content_hash from {catalog}.{LEDGER}.published_tables"
    ).fetchall()
    return {name: Content(count, hashed) for name, count, hashed in rows}


def check_whole(connection: duckdb.DuckDBPyConnection, catalog: str, path: Path) -> Publish:
    """Prove that an attached file holds one publish, whole: its row of the ledger."""
    publishes = read_publishes(connection, catalog)
    if not publishes:
        raise UserError(
            f"no ledger, so nothing to compare with, {shown(path)}; "
            "publish anew with python scripts/publish.py"
        )
    newest = publishes[-1]
    stated = read_tables(connection, catalog)
    found = contents(connection, catalog, inventory(connection, catalog), lambda *_: None)
    differences = [f"table {name}" for name in sorted(found.keys() ^ stated.keys())]
    for name in sorted(found.keys() & stated.keys()):
        if found[name].rows != stated[name].rows:
            differences.append(
                f"rows of {name} ({found[name].rows:,} against {stated[name].rows:,})"
            )
        elif found[name] != stated[name]:
            differences.append(f"values of {name}")
    if not differences and newest.content_hash != overall_hash(stated):
        differences.append("the hash of all tables")
    if differences and newest.duckdb_version != duckdb.__version__:
        raise UserError(
            f"publish {newest.publish_number} cannot be proven whole: its hashes were made by "
            f"duckdb {newest.duckdb_version} and not {duckdb.__version__}, {shown(path)}; "
            "check it with that version, or publish anew"
        )
    if differences:
        raise UserError(
            f"publish {newest.publish_number} is not whole, it differs from its ledger in "
            f"{listed(differences)}, {shown(path)}; go back to a kept one with make restore, or "
            "publish anew"
        )
    return newest


def whole(path: Path) -> int:
    """The number of the publish that a file holds; UserError when the file is not whole."""
    with duckdb.connect(":memory:", config=DUCKDB_CONFIG) as connection:
        attach_published(connection, path, COPY)
        try:
            return check_whole(connection, COPY, path).publish_number
        except duckdb.Error as error:  # damage shows when the blocks are read
            raise unreadable(path, error) from error


def attach_published(connection: duckdb.DuckDBPyConnection, path: Path, catalog: str) -> None:
    """Attach a published file to look at it."""
    if not path.is_file():
        raise UserError(f"no published file, {shown(path)}; run make warehouse first")
    try:
        attach(connection, path, catalog)
    except duckdb.Error as error:
        raise unreadable(path, error) from error


def unreadable(path: Path, error: duckdb.Error) -> UserError:
    """What a file that DuckDB cannot read means to the user."""
    return UserError(
        f"cannot be read as a published file ({one_line(error)}), {shown(path)}; "
        "go back to a kept one with make restore, or publish anew"
    )


# --- writing -------------------------------------------------------------------------------------


def value_sql(value: object) -> str:
    """A Python value as an SQL literal. Bound parameters would make DuckDB import numpy."""
    if isinstance(value, datetime.datetime):
        return f"timestamp '{value.isoformat(sep=' ')}'"
    return str(value) if isinstance(value, int) else literal(value)


def write_ledger(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    publishes: list[Publish],
    found: dict[str, Content],
    queries: dict[str, str],
) -> None:
    """Write the ledger into the copy; `queries` fill the tables that compare."""
    rows = {
        "publishes": [astuple(publish) for publish in publishes],
        "published_tables": [(name, table.rows, table.digest) for name, table in found.items()],
    }
    connection.execute(f"attach {literal(str(path))} as {COPY} (type duckdb)")
    connection.execute(f"create schema {COPY}.{LEDGER}")
    connection.execute("begin")
    for name, (comment, columns) in TABLES.items():
        target = f"{COPY}.{LEDGER}.{name}"
        definition = ", ".join(f"{column} {kind}" for column, kind, _ in columns)
        connection.execute(f"create table {target} ({definition})")
        connection.execute(f"comment on table {target} is {literal(comment)}")
        for column, _, text in columns:
            connection.execute(f"comment on column {target}.{column} is {literal(text)}")
        if rows.get(name):
            values = ", ".join(f"({', '.join(map(value_sql, row))})" for row in rows[name])
            connection.execute(f"insert into {target} values {values}")
        if name in queries:
            connection.execute(f"insert into {target} by name {queries[name]}")
    connection.execute("commit")
    connection.execute(f"checkpoint {COPY}")
    connection.execute(f"detach {COPY}")


KPI_GRAIN = ("kpi_id", "source_system", "facility_id", "department_id", "month")
KPI_MEASURES = ("numerator", "denominator", "value", "is_reportable")
# The last digits of a sum of fractions depend on the order in which threads add them up.
LEAST_DIFFERENCE = 1e-9


def kpi_changes_sql(connection: duckdb.DuckDBPyConnection) -> str | None:
    """A query for the KPI values that differ between the sides; None when one has none."""
    for catalog in (BEFORE, SOURCE):
        try:
            connection.execute(
                f"select {', '.join(KPI_GRAIN + KPI_MEASURES)} "
                f"from {catalog}.{SCHEMA}.kpi_values_monthly limit 0"
            )
        except (duckdb.CatalogException, duckdb.BinderException):
            return None
    differs = " or ".join(
        f"(old.{name} is null) != (new.{name} is null) or abs(old.{name} - new.{name}) "
        f"> {LEAST_DIFFERENCE} * greatest(abs(old.{name}), abs(new.{name}))"
        for name in KPI_MEASURES[:-1]
    )
    pairs = ", ".join(
        f"old.{name} as {name}_before, new.{name} as {name}_after" for name in KPI_MEASURES
    )
    return f"""
        select
            {", ".join(KPI_GRAIN)},
            case
                when old.is_reportable is null then 'added'
                when new.is_reportable is null then 'withdrawn'
                else 'changed'
            end as change,
            {pairs}
        from {BEFORE}.{SCHEMA}.kpi_values_monthly as old
        full join {SOURCE}.{SCHEMA}.kpi_values_monthly as new using ({", ".join(KPI_GRAIN)})
        where old.is_reportable is distinct from new.is_reportable or {differs}
        order by {", ".join(KPI_GRAIN)}
        """
