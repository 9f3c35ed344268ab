"""The tables that the report holds as plain HTML: the claims ledger, and the quality of the data.

Usage: imported by report_content.py; nothing to run.
"""

from __future__ import annotations

from typing import Any

import duckdb

VERDICTS = """case verdict
    when 'supported' then 'Supported' when 'not_supported' then 'Not supported'
    when 'contradicted' then 'Contradicted' else 'Not testable' end"""
NUMBERS = {"HUGEINT", "BIGINT", "DOUBLE", "DECIMAL", "INTEGER"}

# section -> [(id, title, intro, what to say when there are no rows, query)]
TABLES: dict[str, list[tuple[str, str, str, str, str]]] = {
    "claims": [
        (
            "claims-ledger",
            "Claims ledger",
            "What has been said of such data, and whether these data bear it out.",
            "No claim is registered for these data.",
            f"""
            select statement as "Claim", {VERDICTS} as "Verdict",
                coalesce(explanation, 'In the internal edition') as "Why",
                n as "n", source as "Said by"
            from marts.claims_ledger
            order by claim_id
            """,
        )
    ],
    "quality": [
        (
            "reconciliation",
            "Every raw row is accounted for",
            "Rows of the extracts: accepted, rejected with a reason, or replaced by a newer one.",
            "No raw tables.",
            """
            select source_system || ' / ' || source_table as "Raw table", raw_rows as "Raw rows",
                accepted_rows as "Accepted", rejected_rows as "Rejected",
                superseded_rows as "Superseded", difference as "Unaccounted"
            from marts.dq_reconciliation
            order by 1
            """,
        ),
        (
            "freshness",
            "How recent the data are",
            "",
            "No raw tables.",
            """
            select source_system || ' / ' || source_table as "Raw table", files as "Files",
                strftime(newest_file_date, '%d %b %Y') as "Newest file",
                strftime(last_event_date, '%d %b %Y') as "Last event",
                strftime(as_of_date, '%d %b %Y') as "Counted up to"
            from marts.dq_freshness
            order by 1
            """,
        ),
    ],
}


def tables(connection: duckdb.DuckDBPyConnection, section: str) -> list[dict[str, Any]]:
    """The tables of a section that this edition holds."""
    found = []
    for name, title, intro, empty, sql in TABLES.get(section, []):
        try:
            result = connection.execute(sql)
        except duckdb.CatalogException:  # not in the shareable edition
            continue
        columns = [
            {"name": column[0], "is_number": str(column[1]) in NUMBERS}
            for column in result.description
        ]
        rows = [[shown(value) for value in row] for row in result.fetchall()]
        found.append(
            {
                "id": name,
                "title": title,
                "intro": intro,
                "empty": empty,
                "columns": columns,
                "rows": rows,
            }
        )
    return found


def shown(value: Any) -> str:
    """A cell's text."""
    if value is None:
        return "–"
    return f"{value:,}" if isinstance(value, int) else str(value)


def facts(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """The footer: which data these are, and how they were checked."""
    try:
        row = connection.execute("""
            select content_hash, row_count, table_count, publish_number
            from ledger.publishes order by publish_number desc limit 1
        """).fetchone()
    except duckdb.CatalogException:
        return [("Edition", "Shareable: the internal edition has the ledger of publishes.")]
    content_hash, rows, count, number = row
    return [
        ("Data", f"Publish {number}, content hash {content_hash}"),
        ("Size", f"{rows:,} rows in {count} tables"),
        ("Tests", "Published by a complete build in which every data test passed"),
        ("Made by", "Wardhouse, from the published marts; nothing is loaded from any network"),
    ]
