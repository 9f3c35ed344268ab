"""Look for people's names, addresses and numbers in what is about to be published, by value.

Usage: imported by the publish step; nothing to run.

Column names say nothing of free text: somebody types a name where a category belongs. So each
text of the marts is compared with the names, addresses, telephone, insurance and record numbers
of the raw tables of people, word by word, whatever the case, accents and punctuation. All in the
database: one pass over the texts of the marts and one over the raw tables of people. What stands
in a table of seeds/reference/ was put there by somebody who meant it to be published.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb

from raw_contract import Table as RawTable
from raw_contract import load_contract
from raw_sql import sql_name, sql_text
from settings import UserError

if TYPE_CHECKING:
    from publish_copy import Table

# What makes a raw table one of people.
NAME_COLUMNS = ("first_name", "last_name")
# How people are booked in whose names nobody knows.
NOBODY = ("unknown", "male", "female", "baby", "boy", "girl", "twin", "patient", "test", "other")
MOST_WORDS = 12  # of an identifier: an address with flat, number, street, town and code
MOST_SHARING = 5  # people of one telephone
MOST_NAMED = 5

# Texts as words: no case, no accents, no punctuation.
_WORDS = r"trim(regexp_replace(strip_accents(lower({})), '[^\p{{L}}\p{{N}}]+', ' ', 'g'))"
# The end of a telephone number, which is the same with and without a country's code.
_DIGITS = r"right(regexp_replace({}, '[^0-9]', '', 'g'), 8)"


def refuse_identifying_values(
    connection: duckdb.DuckDBPyConnection, catalog: str, schema: str, tables: dict[str, Table]
) -> None:
    """Stop the publish when a text of the marts holds a direct identifier of the raw data."""
    found = identifying_values(connection, catalog, schema, tables)
    if not found:
        return
    named = [
        f"{schema}.{table}.{column} ({kind} in {values:,} {'value' if values == 1 else 'values'})"
        for table, column, kind, values in found[:MOST_NAMED]
    ]
    more = f" and {len(found) - MOST_NAMED} more" if len(found) > MOST_NAMED else ""
    raise UserError(
        f"direct identifiers would be published: {', '.join(named)}{more}, private database; take "
        "them out of the extract, or add what names no person to seeds/reference/code_map.csv, "
        "and run dbt build"
    )


def identifying_values(
    connection: duckdb.DuckDBPyConnection, catalog: str, schema: str, tables: dict[str, Table]
) -> list[tuple[str, str, str, int]]:
    """Table, column, kind of identifier and number of values, of all texts that hold one."""
    try:
        sources = [
            query for table in _tables_of_people() for query in _rows(connection, catalog, table)
        ]
        if not sources:
            return []  # nothing has come in that could get out
        _collect_texts(connection, catalog, schema, tables)
        connection.execute(f"create or replace temp table hits as {' union all '.join(sources)}")
    except duckdb.IOException as error:
        reason = str(error).split("\n", 1)[0]
        raise UserError(
            f"the raw tables of people cannot be read again ({reason}), raw folder; "
            "put the files back, or run dbt build"
        ) from error
    rows = connection.execute(
        """
        with found as (
            select texts.value, hits.kind from texts
            inner join grams on grams.value = texts.value
            inner join hits on hits.words = grams.words
            union
            select value, 'an e-mail address' from texts
            where regexp_matches(value, '[^\\s@]@[^\\s@]+[.][^\\s@]')
        )

        select texts.table_name, texts.column_name, found.kind, count(distinct texts.value)
        from texts
        inner join found on found.value = texts.value
        group by all
        order by all
        """
    ).fetchall()
    for table in ("texts", "reviewed_names", "grams", "hits"):
        connection.execute(f"drop table temp.{table}")
    return rows


def _tables_of_people() -> list[RawTable]:
    return [
        table
        for table in load_contract().tables.values()
        if all(column in table.columns for column in NAME_COLUMNS)
    ]


def _collect_texts(
    connection: duckdb.DuckDBPyConnection, catalog: str, schema: str, tables: dict[str, Table]
) -> None:
    """Every different text of the marts, and every run of words in it."""
    texts = [
        f"select distinct {sql_text(name)} as table_name, {sql_text(column[0])} as column_name, "
        f"{sql_name(column[0])} as value from {catalog}.{schema}.{sql_name(name)}"
        for name, table in tables.items()
        for column in table.columns
        if column[1] == "VARCHAR"
    ]
    reviewed = [
        f"select {sql_name(column)} from {catalog}.reference.{sql_name(table)}"
        for table, column in connection.execute(
            "select table_name, column_name from duckdb_columns() where data_type = 'VARCHAR' "
            f"and database_name = {sql_text(catalog)} and schema_name = 'reference'"
        ).fetchall()
    ] or ["select null"]
    connection.execute(
        f"""
        create or replace temp table texts as
        with reviewed(value) as ({" union all ".join(reviewed)})
        select texts.* from ({" union all ".join(texts)}) as texts
        where texts.value is not null
            and not exists (select 1 from reviewed where reviewed.value = texts.value)
        """
    )
    # A reviewed name is reviewed wherever it stands: a hospital called after somebody is named in
    # the sentences of the claims too.
    connection.execute(
        f"""
        create or replace temp table reviewed_names as
        select distinct {_WORDS.format("value")} as words
        from ({" union all ".join(reviewed)}) as reviewed(value)
        where value is not null
        """
    )
    connection.execute(
        f"""
        create or replace temp table grams as
        with split as (
            select value, string_split({_WORDS.format("value")}, ' ') as words
            from (select distinct value from texts)
        ),

        -- days, and numbers with an interval in brackets, are no telephone numbers
        numbers as (
            select value,
                unnest(regexp_extract_all(
                    regexp_replace(
                        value, '[12][0-9]{{3}}-[01][0-9](-[0-3][0-9])?|-?[0-9]+[.][0-9]+', 'x', 'g'
                    ),
                    '[0-9][0-9 ()./+-]{{5,}}[0-9]'
                )) as number
            from (select distinct value from texts)
        ),

        starts as (
            select value, words, unnest(range(1, len(words) + 1)) as start from split
        ),

        runs as (
            select value, words, start, unnest(range(1, {MOST_WORDS} + 1)) as length from starts
        ),

        phrases as (
            select value, start, start + length - 1 as ending,
                array_to_string(words[start : start + length - 1], ' ') as words
            from runs where start + length - 1 <= len(words)
        ),

        named as (select * from phrases semi join reviewed_names using (words))

        select distinct value, words from phrases
        where not exists (
            select 1 from named
            where named.value = phrases.value
                and named.start <= phrases.start and named.ending >= phrases.ending
        )
        union
        select value, 'telephone ' || {_DIGITS.format("number")} from numbers
        """
    )


def _rows(connection: duckdb.DuckDBPyConnection, catalog: str, table: RawTable) -> list[str]:
    """Queries of the identifiers of one raw table that are among the words of the texts."""
    relation = _relation(connection, catalog, table)
    if relation is None:
        return []
    first, last = NAME_COLUMNS
    nobody = ", ".join(sql_text(word) for word in NOBODY)
    both = (
        f"trim({first}) != '' and trim({last}) != '' "
        f"and not (lower(trim({first})) in ({nobody}) and lower(trim({last})) in ({nobody}))"
    )
    name = _WORDS.format(f"{first} || ' ' || {last}")
    turned = _WORDS.format(f"{last} || ' ' || {first}")
    queries = [("a full name", name, both), ("a full name", turned, both)]
    if "address" in table.columns:
        words = _WORDS.format("address")
        # a town alone is no address
        queries.append(("an address", words, f"regexp_matches({words}, '[0-9].* .*\\p{{L}}')"))
    for column in ("insurance_number", "patient_id"):
        if column in table.columns:
            words = _WORDS.format(column)
            # 17 is also a count; P00017 is nobody else
            telling = f"regexp_matches({words}, '^(.*\\p{{L}}.*[0-9].*|[0-9 ]{{7,}})$')"
            kind = "an insurance number" if column == "insurance_number" else "a record number"
            queries.append((kind, words, f"{telling} and length({words}) >= 5"))
    for column in ("contact_number", "phone_number"):
        if column in table.columns:
            digits = _DIGITS.format(column)
            queries.append(
                ("a telephone number", f"'telephone ' || {digits}", f"length({digits}) >= 7")
            )
    few = f"count(distinct lower({first} || ' ' || {last})) <= {MOST_SHARING}"
    return [
        f"select {sql_text(kind)} as kind, {words} as words from {relation} "
        f"where {condition} and {words} in (select words from grams) "
        # what many share (00000000, GOLD) is a placeholder and nobody's own
        f"group by all having {few if 'number' in kind else 'true'}"
        for kind, words, condition in queries
    ]


def _relation(connection: duckdb.DuckDBPyConnection, catalog: str, table: RawTable) -> str | None:
    """The raw table in the private database: the view over the user's files, or the demo seed."""
    for schema, name in (
        ("raw", f"{table.system}__{table.name}"),
        ("seeds", f"raw_{table.system}__{table.name}"),
    ):
        there = connection.execute(
            "select 1 from duckdb_columns() where "
            f"database_name = {sql_text(catalog)} and schema_name = {sql_text(schema)} "
            f"and table_name = {sql_text(name)} limit 1"
        ).fetchone()
        if there:
            return f"{catalog}.{schema}.{sql_name(name)}"
    return None
