"""Copy the marts to a new file and prove that the copy is the same.

Usage: imported by publish.py; nothing to run.

The copy keeps constraints, comments and the order of rows. The audit opens it anew, read-only,
and compares catalog and content with the side it was made from.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import duckdb
import yaml

import settings
from raw_contract import source_files, squash
from settings import UserError, shown

SCHEMA, LEDGER = "marts", "ledger"
# Catalog names for the attached files: fixed, so that no file name can clash with a schema.
# The source is the private database, or a kept publish that is restored.
SOURCE, COPY, BEFORE = "source_side", "copy_side", "before_side"
AGAIN = "run python scripts/publish.py again"
# Nothing is fetched from a network, and rows keep their order.
DUCKDB_CONFIG = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "preserve_insertion_order": True,
}
LEDGER_TABLES = ("publishes", "published_tables", "kpi_changes", "drift")
MOST_NAMED = 5  # so that one line stays readable
Step = Callable[[str, str], None]  # verb and table, before each table


@dataclass(frozen=True)
class Content:
    """What a table holds: the number of rows and a hash that knows no order of rows."""

    rows: int
    digest: str


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


def sync(path: Path) -> None:
    """Have the disk hold what was written to a file or folder."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


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


def one_line(error: Exception) -> str:
    """The first line of an error's text."""
    return " ".join((str(error).splitlines() or [type(error).__name__])[0].split())


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
        f"select view_name from duckdb_views() {in_marts(SOURCE)}"
    ).fetchall()
    if views:
        raise UserError(
            "views cannot be published (a view breaks when its file is copied): "
            f"{listed([f'{SCHEMA}.{name}' for (name,) in views])}, {shown(path)}; "
            "materialise them as tables and run dbt build"
        )
    found = inventory(connection, SOURCE)
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
        connection.execute(f"insert into {target} from {SOURCE}.{SCHEMA}.{quoted(name)}")
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
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    tables: dict[str, Table],
    expected: dict[str, Content],
    step: Step,
) -> None:
    """Compare the copy, opened read-only, with what its source was found to hold."""
    attach(connection, path, COPY)
    copied = inventory(connection, COPY)
    refuse_direct_identifiers(copied, "copy")
    differences = [f"{what} is in the copy only" for what in foreign_objects(connection)]
    if copied.keys() != tables.keys():
        differences += [f"table {name}" for name in sorted(copied.keys() ^ tables.keys())]
    for name in sorted(copied.keys() & tables.keys()):
        step("checking", name)
        for part in ("columns", "constraints", "comment", "sql"):
            if getattr(copied[name], part) != getattr(tables[name], part):
                differences.append(f"{part} of {name}")
        found = content(connection, COPY, name, tables[name])
        if expected[name].rows != found.rows:
            differences.append(f"rows of {name} ({found.rows:,} against {expected[name].rows:,})")
        elif expected[name] != found:
            differences.append(f"values of {name}")
    connection.execute(f"detach {COPY}")
    if differences:
        raise UserError(
            f"the copy differs from its source: {listed(differences)}, {SCHEMA}; "
            f"nothing was published, {AGAIN} and report it if it stays"
        )


def content(
    connection: duckdb.DuckDBPyConnection, catalog: str, name: str, table: Table
) -> Content:
    """Row count, and a hash of columns and values that does not depend on how rows are stored.

    DuckDB's own hash of a row, summed over the rows: one scan, a tenth of the time of md5.
    """
    columns = ", ".join(quoted(column) for column in table.column_names)
    try:
        rows, total = connection.execute(
            f"select count(*), sum(hash({columns})) from {catalog}.{SCHEMA}.{quoted(name)}"
        ).fetchone()
    except duckdb.BinderException:
        return Content(-1, "")  # a column is gone; the comparison of columns says so
    types = [f"{column} {kind}" for column, kind, *_ in table.columns]
    return Content(rows, digest([str(rows), str(total), *types]))


def digest(parts: list[str]) -> str:
    """A short hash of some texts, the same on every machine."""
    return hashlib.md5("\n".join(parts).encode(), usedforsecurity=False).hexdigest()


def contents(
    connection: duckdb.DuckDBPyConnection, catalog: str, tables: dict[str, Table], step: Step
) -> dict[str, Content]:
    """What every table of a side holds."""
    found = {}
    for name, table in tables.items():
        step("reading", name)
        found[name] = content(connection, catalog, name, table)
    return found


def attach(connection: duckdb.DuckDBPyConnection, path: Path, catalog: str) -> None:
    """Attach a database file read-only under a catalog name."""
    connection.execute(f"attach {literal(str(path))} as {catalog} (type duckdb, read_only)")


def foreign_objects(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """Whatever the copy holds besides the tables of the marts and of the ledger."""
    ledger = ", ".join(literal(name) for name in LEDGER_TABLES)
    return [
        f"{kind} {name}"
        for kind, name in connection.execute(
            f"""
            with objects as (
                select 'schema' as kind, schema_name as name, database_name from duckdb_schemas()
                where schema_name not in ('main', '{SCHEMA}', '{LEDGER}') and not internal
                union all
                select 'table', table_name, database_name from duckdb_tables()
                where schema_name != '{SCHEMA}'
                and not (schema_name = '{LEDGER}' and table_name in ({ledger}))
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
