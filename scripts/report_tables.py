"""The tables that the report holds as plain HTML: the claims ledger, and the quality of the data.

Usage: imported by report_content.py; nothing to run.
"""

from __future__ import annotations

from typing import Any

import duckdb

from shareable import EDITION_TABLE

VERDICTS = """case verdict
    when 'supported' then 'Supported' when 'not_supported' then 'Not supported'
    when 'contradicted' then 'Contradicted' else 'Not testable' end"""
TESTED = "Published by a complete build in which every data test passed"
MADE_BY = "Wardhouse, from the published marts; nothing is loaded from any network"
ESTIMATE = """case when estimate is not null then format('{:.3f} ({})', estimate,
    case when low is null and high is null then 'no interval'
        else format('{} to {}', coalesce(format('{:.3f}', low), 'below'),
            coalesce(format('{:.3f}', high), 'above')) end) end"""

# section -> [(id, title, intro, what to say when there are no rows, query)]
TABLES: dict[str, list[tuple[str, str, str, str, str]]] = {
    "claims": [
        (
            "claims-ledger",
            "Claims ledger",
            "What has been said of such data, and whether these data bear it out; what they do not"
            " bear out stands first.",
            "No claim is registered for these data.",
            f"""
            select statement as "Claim", {VERDICTS} as "Verdict",
                coalesce(explanation, measure || ': ' || {ESTIMATE} || ', n = ' || n, '') as "Why",
                source as "Said by"
            from marts.claims_ledger
            order by
                array_position(
                    ['contradicted', 'not_supported', 'supported', 'not_testable'], verdict
                ),
                claim_id
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
            "rejected",
            "Rows rejected and values not used, by reason",
            "A rejected row is in no number. A value that cannot be used is empty; its row stays.",
            "No row was rejected, and every value could be used.",
            """
            with counted as (
                select source_system, source_table, 'row rejected' as what, reason,
                    count(*) as events
                from marts.dq_rejected_rows
                group by all
                union all
                select source_system, source_table, 'value of ' || column_name, reason, count(*)
                from marts.dq_repairs
                group by all
            )
            select source_system || ' / ' || source_table as "Raw table", what as "What",
                replace(reason, '_', ' ') as "Reason", events as "Rows"
            from counted
            order by source_system, source_table, what <> 'row rejected', events desc, what, reason
            """,
        ),
        (
            "rules",
            "Rules that the data came nearest to breaking",
            "A rule that is broken stops the publish: all of these held. The ten nearest.",
            "No rule has a threshold here.",
            """
            select replace(rule_id, '_', ' ') as "Rule",
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
        columns = [
            {
                "name": column,
                "is_number": all(isinstance(row[i], int | float | None) for row in found_rows),
            }
            for i, column in enumerate(names)
        ]
        rows = [[shown(value) for value in row] for row in found_rows]
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
        (number,) = connection.execute(
            f"select publish_number from marts.{EDITION_TABLE}"
        ).fetchone()
        return [
            ("Data", f"Shareable edition of publish {number}"),
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
