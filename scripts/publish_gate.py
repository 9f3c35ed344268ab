"""Say whether the last build of the private database may be published.

Usage: imported by publish.py; nothing to run.

Only a complete, green `dbt build` passes, and only while no data-quality rule is breached.
"""

from __future__ import annotations

import re
from pathlib import Path

import duckdb

from publish_copy import AGAIN, SCHEMA, SOURCE, attach, listed, one_line
from settings import UserError, shown

# Where a user finds the rows behind a breached rule, by the rule's kind.
ROWS_OF_KIND = {
    "rejected": "dq_rejected_rows",
    "repaired": "dq_repairs",
    "flagged": "dq_flagged_rows",
}


def attach_private(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Attach the private database read-only: while it is attached no build can change it."""
    if not path.exists():
        raise UserError(f"no private database, {shown(path)}; run dbt build first")
    try:
        attach(connection, path, SOURCE)
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


def check_last_build(connection: duckdb.DuckDBPyConnection, path: Path) -> tuple[str, str]:
    """Refuse every build that is not complete and green, and say why; its id and data set."""
    where = shown(path)
    try:
        row = connection.execute(
            "select command, is_complete, status, failures, invocation_id, data_set "
            f"from {SOURCE}.private.last_build"
        ).fetchone()
    except (duckdb.CatalogException, duckdb.BinderException):
        row = None
    if row is None:
        raise UserError(f"no build is recorded, {where}; run dbt build first")
    command, is_complete, status, failures, build_id, data_set = row
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
            "the last dbt build was partial (a selection was given, or it was a dbt retry), "
            f"{where}; run dbt build without --select and --exclude"
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
    return build_id, data_set


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
            from {SOURCE}.{SCHEMA}.dq_rule_results
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
