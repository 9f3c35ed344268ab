"""The tables that the report holds as plain HTML: the quality of the data, and the definitions.

Usage: imported by report_content.py; nothing to run.
"""

from __future__ import annotations

from typing import Any

import duckdb

from shareable import EDITION_TABLE

TESTED = "Published by a complete build in which every data test passed"
SINGLE_ROWS = "They count single rows of the extracts: the internal edition has them."
MADE_BY = "Wardhouse, from the published marts; nothing is loaded from any network"

# Reasons of seeds/reference/dq_rules.csv in the words of somebody who keeps no warehouse
REASONS = {
    "malformed_line": "a broken line",
    "blank_row": "an empty row",
    "totals_row": "a row of totals among the records",
    "header_row": "headings repeated among the records",
    "missing_key": "no number to know the record by",
    "missing_date": "no date",
    "unusable_date": "a date that cannot be read",
    "deleted_at_source": "withdrawn by the source",
    "superseded": "replaced by a newer row",
    "sentinel": "a placeholder, as 999 or “N/A”, instead of a value",
    "free_text": "a remark where a category belongs",
    "unmapped_code": "a word that is in no list of codes",
    "not_a_date": "not a date",
    "not_a_time": "not a time of day",
    "not_a_timestamp": "not a date with a time",
    "not_a_number": "not a number",
    "out_of_range": "outside of what is possible",
    "after_event": "later than the event that it comes before",
    "before_start": "an end before its beginning",
    "orphan": "points to a record that is not there",
    "too_long": "too long to be a name",
    "outcome_not_recorded": "no outcome recorded",
    "outcome_recorded_early": "an outcome before its day",
    "double_booking": "two appointments at once",
    "treatment_without_attendance": "a treatment without attendance",
    "paid_without_attendance": "paid without attendance",
    "shared_email": "an e-mail address of several people",
    "overlapping_stay": "a stay that overlaps another of the same person",
    "period_mismatch": "a month or year that is not of its date",
    "follow_up_beyond_data": "follow-up beyond the end of the data",
    "too_few_items": "too few questions answered",
    "difference": "rows that are nowhere",
}
KINDS = {
    "rejected": "Row rejected",
    "repaired": "Value not used",
    "flagged": "Marked, but counted",
    "superseded": "Row replaced",
    "unreconciled": "Row unaccounted for",
}


def worded(column: str, words: dict[str, str]) -> str:
    """A column of codes in words, as SQL; a code that nobody worded stays, without its lines."""
    cases = " ".join(f"when '{code}' then '{text}'" for code, text in words.items())
    return f"case {column} {cases} else replace({column}, '_', ' ') end"


# section -> [(id, title, intro, what to say when there are no rows, query)]
FIRST = {"reconciliation", "rejected"}  # before the section's charts: what all of them rest on
TABLES: dict[str, list[tuple[str, str, str, str, str]]] = {
    "quality": [
        (
            "reconciliation",
            "Every raw row is accounted for",
            "Rows of the extracts: accepted, rejected with a reason, or replaced by a newer one.",
            "No raw tables.",
            """
            select source_system || ' / ' || source_table as "Raw table", raw_rows as "Raw rows",
                accepted_rows as "Accepted", rejected_rows as "Rejected",
                superseded_rows as "Replaced", difference as "Unaccounted"
            from marts.dq_reconciliation
            order by 1
            """,
        ),
        (
            "rejected",
            "Rows rejected and values not used, by reason",
            "A rejected row is in no number. A value that cannot be used counts as missing; its row"
            " stays.",
            "No row was rejected, and every value could be used.",
            f"""
            with counted as (
                select source_system, source_table, 'rows' as what, reason, count(*) as events
                from marts.dq_rejected_rows
                group by all
                union all
                select source_system, source_table, replace(column_name, '_', ' '), reason, count(*)
                from marts.dq_repairs
                group by all
            )
            select source_system || ' / ' || source_table as "Raw table",
                {worded("reason", REASONS)} as "Reason",
                case when what = 'rows' then 'rows rejected' else 'values not used: ' || string_agg(
                    what || ' ' || format('{{:,}}', events), ', ' order by events desc, what
                ) end as "What",
                cast(sum(events) as bigint) as "Times"
            from counted
            group by source_system, source_table, reason, what = 'rows'
            order by source_system, source_table, what = 'rows' desc, sum(events) desc, reason
            """,
        ),
        (
            "rules",
            "Rules that the data came nearest to breaking",
            "A rule that is broken stops the publish: all of these held. The ten nearest.",
            "No rule has a threshold here.",
            f"""
            select {worded("kind", KINDS)} || ': ' || {worded("reason", REASONS)} as "Rule",
                source_system || ' / ' || source_table as "Raw table",
                rows_failing as "Rows failing", rows_tested as "Rows tested",
                printf('%.2f %%', 100 * failing_share) as "Share",
                printf('%.4g %%', 100 * threshold)
                    || case when tolerated_rows > 0 then ', or ' || tolerated_rows || ' rows'
                        else '' end as "Allowed"
            from marts.dq_rule_results
            where threshold > 0 and rows_failing > 0
            order by failing_share / threshold desc, rule_id, source_system, source_table
            limit 10
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
                strftime(as_of_date - interval 1 day, '%d %b %Y') as "Counted up to"
            from marts.dq_freshness
            order by 1
            """,
        ),
        (
            "definitions",
            "Definitions of all KPIs",
            "",
            "No KPIs.",
            """
            select kpi_id || ' ' || name as "KPI", numerator as "Numerator",
                denominator as "Denominator", exclusions as "Left out", source as "Source",
                mart as "Mart"
            from marts.dim_kpis
            order by kpi_id
            """,
        ),
    ],
}


def missing(connection: duckdb.DuckDBPyConnection, section: str) -> list[dict[str, str]]:
    """The tables of a section that this edition does without, and why."""
    shown = {table["id"] for table in tables(connection, section, is_shareable=True)}
    return [
        {"title": title, "reason": SINGLE_ROWS}
        for name, title, *_ in TABLES.get(section, [])
        if name not in shown
    ]


def tables(
    connection: duckdb.DuckDBPyConnection, section: str, is_shareable: bool
) -> list[dict[str, Any]]:
    """The tables of a section that this edition holds."""
    found = []
    for name, title, intro, empty, sql in TABLES.get(section, []):
        try:
            result = connection.execute(sql)
        except duckdb.CatalogException:
            if not is_shareable:  # that edition alone does without some
                raise
            continue
        names = [column[0] for column in result.description]
        found_rows = result.fetchall()
        # a column without any value, as the dates of files that have none, says nothing
        kept = [
            i
            for i in range(len(names))
            if not found_rows or any(row[i] is not None for row in found_rows)
        ]
        columns = [
            {
                "name": names[i],
                "is_number": all(isinstance(row[i], int | float | None) for row in found_rows),
            }
            for i in kept
        ]
        rows = [[shown(row[i]) for i in kept] for row in found_rows]
        found.append(
            {
                "id": name,
                "is_first": name in FIRST,
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


def publish_number(connection: duckdb.DuckDBPyConnection) -> int:
    """Which publish it is: the last of the ledger, or the one that the edition was made of."""
    try:
        sql = "select max(publish_number) from ledger.publishes"
        return connection.execute(sql).fetchone()[0]
    except duckdb.CatalogException:
        sql = f"select publish_number from marts.{EDITION_TABLE}"
        return connection.execute(sql).fetchone()[0]


def facts(connection: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    """The footer: which data these are, and how they were checked."""
    try:
        row = connection.execute("""
            select content_hash, row_count, table_count, publish_number
            from ledger.publishes order by publish_number desc limit 1
        """).fetchone()
    except duckdb.CatalogException:
        return [
            ("Data", f"Shareable edition of publish {publish_number(connection)}"),
            ("Tests", TESTED),
            ("Made by", MADE_BY),
        ]
    content_hash, rows, count, number = row
    return [
        ("Data", f"Publish {number}, content hash {content_hash}"),
        ("Size", f"{rows:,} rows in {count} tables"),
        ("Tests", TESTED),
        ("Made by", MADE_BY),
    ]
