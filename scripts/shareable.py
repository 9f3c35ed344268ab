"""The shareable edition: marts without people, facts and small cells, as a file of its own.

Usage: imported by scripts/publish.py; nothing to run.

What the edition holds is data: seeds/reference/shareable_tables.csv (described beside it). A table
or column that is not named there is left out, so nothing new is shared by accident. Cells of one
population hang together over all marts (scripts/disclosure.py); what is hidden in one is hidden
in all. Reads marts only, never a fact.
"""

from __future__ import annotations

import csv
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import duckdb

import disclosure
import settings
from raw_sql import sql_text

SCHEMA = "marts"
SPECIFICATION = settings.PROJECT_ROOT / "seeds" / "reference" / "shareable_tables.csv"
EDITION_TABLE = "about_this_edition"
CATALOG = "shareable_side"
MINIMUM_CELL = 11  # of a build that recorded none: CMS hides 1 to 10
SUPPRESSED = "is_suppressed"
NOTE = (
    "Shareable edition: cells of fewer than {0} are hidden (null), with others beside them so that"
    " no total gives them back; 0 is shown. Measures are rounded, and some are left out."
)


@dataclass(frozen=True)
class Part:
    """Columns of a mart that are shown and hidden together: a row of the specification."""

    mart: str
    layer: int
    population: str
    row_filter: str
    dimensions: tuple[str, ...]
    keys: tuple[str, ...]
    exact: tuple[str, ...]
    rounded: tuple[str, ...]
    counts: tuple[str, ...]
    reason: str

    @property
    def is_whole_table(self) -> bool:
        """True for a table without counts, which is copied as it is."""
        return self.keys == ("*",)

    @property
    def name(self) -> str:
        """The name of a row's cell as SQL: dimension and value, without those it is a total of."""
        pairs = [
            f"{{'dimension': {key}, 'value': coalesce(cast({value} as varchar), 'null')}}"
            for key, value in (dimension_of(text) for text in self.dimensions)
        ]
        listed = f"cast([{', '.join(pairs)}] as struct(dimension varchar, value varchar)[])"
        return f"list_sort(list_filter({listed}, lambda pair: pair.value != 'all'))"


@dataclass(frozen=True)
class Edition:
    """What was written."""

    tables: int
    rows: int
    cells: int
    hidden: int

    def __str__(self) -> str:
        """As the publish says it."""
        return f"{self.tables:,} tables, {self.hidden:,} of {self.cells:,} cells hidden"


def beside(published: Path) -> Path:
    """The file of the shareable edition of a published database."""
    return published.with_name(f"{published.stem}_shareable{published.suffix}")


def publish_number_of(edition: Path) -> int | None:
    """The publish that an edition belongs to; None where there is none, or it cannot tell."""
    if not edition.exists():
        return None
    try:
        with duckdb.connect(str(edition), read_only=True) as db:
            query = f"select publish_number from {SCHEMA}.{EDITION_TABLE}"
            return db.execute(query).fetchone()[0]
    except duckdb.Error:
        return None


def detach(db: duckdb.DuckDBPyConnection) -> None:
    """Let go of an edition that was not finished."""
    with suppress(duckdb.TransactionException):  # there is none when it was finished
        db.execute("rollback")
    db.execute(f"detach database if exists {CATALOG}")


def dimension_of(text: str) -> tuple[str, str]:
    """The name (as SQL) and the column of `month=month`, or of `@dimension=value`."""
    name, column = text.split("=")
    return (f"cast({name[1:]} as varchar)" if name.startswith("@") else f"'{name}'"), column


def specification(path: Path = SPECIFICATION) -> list[Part]:
    """The rows of the specification."""

    def items(text: str) -> tuple[str, ...]:
        return tuple(item.strip() for item in text.split(";") if item.strip())

    with path.open(newline="", encoding="utf-8") as stream:
        return [
            Part(
                row["mart"],
                int(row["layer"] or 0),
                row["population"],
                row["row_filter"] or "true",
                *(items(row[c]) for c in ("dimensions", "keys", "exact", "rounded", "counts")),
                row["reason"],
            )
            for row in csv.DictReader(stream)
        ]


def write(
    db: duckdb.DuckDBPyConnection,
    source: str,
    target: Path,
    minimum_cell: int = MINIMUM_CELL,
    publish_number: int | None = None,
    *,
    data_set: str | None = None,
    complementary: bool = True,
) -> Edition:
    """Write the shareable edition of the attached database `source` to a new file.

    `complementary=False` hides small cells alone: for the attack test, never for publishing.
    """
    types = columns_of(db, source)
    parts = [part for part in specification() if part.mart in types]
    cells = hide(db, source, parts, minimum_cell, complementary)
    hidden = db.execute("select count(*) from hidden_names").fetchone()[0]
    db.execute(f"attach {sql_text(str(target))} as {CATALOG} (type duckdb)")
    db.execute(f"begin; create schema {CATALOG}.{SCHEMA}")
    tables = sorted({part.mart for part in parts if part.keys})
    for mart in tables:
        mine = [part for part in parts if part.mart == mart]
        write_table(db, source, mine, types[mart], minimum_cell)
    db.execute(
        f"""
        create table {CATALOG}.{SCHEMA}.{EDITION_TABLE} as
        select 'shareable' as edition, cast({minimum_cell} as bigint) as minimum_cell,
            cast({publish_number or "null"} as bigint) as publish_number,
            cast({sql_text(data_set) if data_set else "null"} as varchar) as data_set,
            '{NOTE.format(minimum_cell)}' as note;
        comment on table {CATALOG}.{SCHEMA}.{EDITION_TABLE} is 'Which edition this file is.';
        commit;
        checkpoint {CATALOG}
        """
    )
    rows = check(db, parts, tables)
    db.execute(f"detach {CATALOG}")
    return Edition(len(tables) + 1, rows, cells, hidden)


def columns_of(
    db: duckdb.DuckDBPyConnection, source: str
) -> dict[str, dict[str, tuple[str, str | None]]]:
    """Type and comment of every column of the marts."""
    found: dict[str, dict[str, tuple[str, str | None]]] = {}
    for table, column, kind, comment in db.execute(
        f"""
        select table_name, column_name, data_type, comment from duckdb_columns()
        where database_name = '{source}' and schema_name = '{SCHEMA}'
        order by table_name, column_index
        """
    ).fetchall():
        found.setdefault(table, {})[column] = (kind, comment)
    return found


# --- what to hide --------------------------------------------------------------------------------


def hide(
    db: duckdb.DuckDBPyConnection,
    source: str,
    parts: list[Part],
    minimum_cell: int,
    complementary: bool,
) -> int:
    """Make `hidden_names (population, layer, name)`; the number of cells that were looked at.

    Layers are nested: what is hidden in one stays hidden in the deeper ones, where a rate or a
    rare outcome has smaller counts. A cell that only deeper layers have counts as known here.
    """
    db.execute(
        "create or replace temp table hidden_names (population varchar, layer bigint, "
        "name struct(dimension varchar, value varchar)[])"
    )
    looked_at = 0
    for population, layer in sorted({(p.population, p.layer) for p in parts if p.counts}):
        mine = [p for p in parts if p.population == population and p.layer >= layer]
        selects = [counts_of(source, part, part.layer == layer, minimum_cell) for part in mine]
        db.execute(
            f"""
            create or replace temp table observed as {" union all ".join(selects)};
            update observed set is_primary = true where name in (
                select name from hidden_names
                where population = '{population}' and layer = {layer - 1}
            ) and measure != ''
            """
        )
        if any(text.startswith("@") for p in mine for text in p.dimensions):
            # A count and its share tell the whole that they are of, and so do several breakdowns
            # with one small cell each: it is a total that a reader knows.
            db.execute("insert into observed values ([], '', 0, false, false)")
        disclosure.link(db)
        disclosure.protect(db, complementary=complementary)
        looked_at += db.execute("select count(*) from cells where is_published").fetchone()[0]
        db.execute(
            f"""
            insert into hidden_names
            select '{population}', {layer}, c.name from cells as c semi join hidden using (cell)
            """
        )
    return looked_at


def counts_of(source: str, part: Part, is_of_layer: bool, minimum_cell: int) -> str:
    """The counts of a part's cells as SQL; of a deeper part only that its cells are there."""
    rows = f"from {source}.{SCHEMA}.{part.mart} where {part.row_filter}"
    if not is_of_layer:
        return f"select {part.name} as name, '' as measure, 0 as value, false, false {rows}"
    conditions = " or ".join(
        f"coalesce({count} between 1 and {minimum_cell - 1}, false)" for count in part.counts
    )
    return " union all ".join(
        f"""
        select {part.name} as name, '{count.replace("'", "''")}' as measure,
            cast({count} as double) as value, {str(i == 0).lower()} as is_whole,
            {conditions} as is_primary
        {rows} and {count} is not null
        """
        for i, count in enumerate(part.counts)
    )


# --- what to write -------------------------------------------------------------------------------


def write_table(
    db: duckdb.DuckDBPyConnection,
    source: str,
    parts: list[Part],
    types: dict[str, tuple[str, str | None]],
    minimum_cell: int,
) -> None:
    """Write one mart: the same columns, null where hidden or left out, and `is_suppressed`."""
    mart = parts[0].mart
    target, origin = f"{CATALOG}.{SCHEMA}.{mart}", f"{source}.{SCHEMA}.{mart}"
    is_whole = parts[0].is_whole_table
    if is_whole:
        db.execute(f"create table {target} as from {origin}")
    else:
        shown = [shown_column(column, kind, parts) for column, (kind, _) in types.items()]
        joins = "".join(
            f" left join hidden_names as h{i} on h{i}.population = '{part.population}' "
            f"and h{i}.layer = {part.layer} and h{i}.name = {part.name}"
            for i, part in enumerate(parts)
        )
        rows = " or ".join(f"({part.row_filter})" for part in parts)
        db.execute(
            f"""
            create table {target} as
            select {", ".join(shown)},
                {" or ".join(f"(({p.row_filter}) and {is_hidden(i)})" for i, p in enumerate(parts))}
                    as {SUPPRESSED}
            from (select * from {origin} where {rows}) as mart{joins}
            order by all
            """
        )
    comment = db.execute(
        f"select comment from duckdb_tables() where database_name = '{source}' "
        f"and schema_name = '{SCHEMA}' and table_name = '{mart}'"
    ).fetchone()[0]
    comments = {column: text for column, (_, text) in types.items()}
    if not is_whole:
        comment = f"{NOTE.format(minimum_cell)}\n\n{comment or ''}"
        comments[SUPPRESSED] = "True when small counts made something of this row hidden."
    for kind, name, text in [
        ("table", target, comment),
        *(("column", f'{target}."{column}"', text) for column, text in comments.items()),
    ]:
        if text:
            db.execute(f"comment on {kind} {name} is {sql_text(text)}")


def is_hidden(i: int) -> str:
    """Whether the i-th part of a row is hidden, as SQL."""
    return f"h{i}.name is not null"


def shown_column(column: str, kind: str, parts: list[Part]) -> str:
    """A column of the edition as SQL."""
    name = f'mart."{column}"'
    if any(column in part.keys for part in parts):
        return f'{name} as "{column}"'
    cases = "".join(
        f" when ({part.row_filter}) and not ({is_hidden(i)}) then "
        + (name if column in part.exact else rounded(column, name, kind))
        for i, part in enumerate(parts)
        if column in (*part.exact, *part.rounded)
    )
    return (
        f'cast(case{cases} end as {kind}) as "{column}"'
        if cases
        else (f'cast(null as {kind}) as "{column}"')
    )


def rounded(column: str, name: str, kind: str) -> str:
    """A measure as SQL, so coarse that it does not give its exact counts back.

    A rate with its interval to the last digit tells its denominator: the difference from another
    count would be a small cell of its own (three episodes without a score).
    """
    if kind == "BIGINT":
        return f"cast(round({name} / 10.0) * 10 as bigint)"
    if "rate" in column or "share" in column:
        return f"round({name}, 2)"
    return f"cast(format('{{:.3g}}', cast({name} as double)) as double)"


def check(db: duckdb.DuckDBPyConnection, parts: list[Part], tables: list[str]) -> int:
    """Look at the finished file once more; the number of rows.

    No table that the specification does not name, and no value in a hidden cell.
    """
    found = columns_of(db, CATALOG)
    wrong = sorted(found.keys() ^ {*tables, EDITION_TABLE})
    wrong += [name for name in found if name.startswith("fct_") or name == "dim_patients"]
    rows = 0
    for mart, columns in found.items():
        table = f"{CATALOG}.{SCHEMA}.{mart}"
        rows += db.execute(f"select count(*) from {table}").fetchone()[0]
        for part in (part for part in parts if part.mart == mart and not part.is_whole_table):
            shown = [f'"{c}" is not null' for c in (*part.exact, *part.rounded) if c in columns]
            if (
                shown
                and db.execute(
                    f"""
                select count(*) from {table} as mart
                semi join (
                    from hidden_names where population = '{part.population}'
                        and layer = {part.layer}
                ) as h on h.name = {part.name}
                where ({part.row_filter}) and ({" or ".join(shown)})
                """
                ).fetchone()[0]
            ):
                wrong.append(f"{mart} (hidden cells)")
    if wrong:
        raise disclosure.NotProtected(f"it would show too much: {', '.join(wrong)}")
    return rows
