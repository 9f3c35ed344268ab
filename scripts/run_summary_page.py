"""The summary of a run as one page of HTML: no scripts, nothing from a network, fit to print.

Usage: imported by run_summary.py; nothing to run.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any

STYLE = """
:root { color-scheme: light dark; --ink: #1b2630; --soft: #52606d; --line: #cbd2d9; --paper: #fff;
  --good: #14532d; --bad: #8c1d18; --shade: #f3f5f7; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6ebf0; --soft: #a9b4bf; --line: #46525e;
  --paper: #14191e; --good: #7bd79a; --bad: #ff9b90; --shade: #1e252c; } }
body { font: 1rem/1.5 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 68rem; margin: 0 auto; padding: 1.5rem; }
h1 { font-size: 1.6rem; margin: 0 0 .25rem; }
h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; border-bottom: 1px solid var(--line); }
.outcome { border-left: .4rem solid var(--bad); background: var(--shade); padding: .75rem 1rem;
  overflow-wrap: anywhere; }
.outcome.good { border-color: var(--good); }
.outcome strong { color: var(--bad); }
.outcome.good strong { color: var(--good); }
.scroll { overflow-x: auto; margin-top: 1rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--soft); padding-bottom: .25rem; }
th, td { padding: .25rem .45rem; text-align: left; vertical-align: top;
  border-bottom: 1px solid var(--line); }
td.short, th.number, td.number { white-space: nowrap; }
th.number, td.number { text-align: right; }
tfoot th, tfoot td { font-weight: 600; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; margin: 0; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
.wrong { color: var(--bad); font-weight: 600; }
@media print { :root { --ink: #000; --soft: #333; --line: #999; --paper: #fff; --good: #14532d;
  --bad: #8c1d18; --shade: #fff; }
  body { max-width: none; padding: 0; font-size: 9pt; } h2 { break-after: avoid; }
  tr { break-inside: avoid; } .scroll { overflow: visible; } }
"""
OUTCOMES = {
    "published": "Published",
    "refused": "Refused: nothing was published, readers keep the last good file",
    "stopped": "Stopped: nothing was published, readers keep the last good file",
    "unfinished": "Not finished: at work, or killed; readers keep the last good file",
    "interrupted": "Interrupted: nothing was published, readers keep the last good file",
}
SHORT = 16  # characters that stay on one line
NOT_KNOWN = "Not known: this run did not come so far."


def shown(value: Any) -> str:
    """A value as text for a person."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.4g}" if abs(value) < 1 else f"{value:,.1f}"
    return str(value)


def table(
    caption: str, rows: list[dict[str, Any]], columns: dict[str, str], total: dict | None = None
) -> str:
    """A table; the first column names the row. Columns are keys of the rows, with headings."""
    if not rows:
        return f"<p>{escape(caption)}: none.</p>"
    numeric = {
        key for key in columns if all(isinstance(row.get(key), int | float | None) for row in rows)
    }

    def cell(key: str, value: Any, is_first: bool) -> str:
        kind = ' class="number"' if key in numeric else ""
        if key == "difference" and value:
            kind = ' class="number wrong"'
        text = escape(shown(value))
        if not kind and len(text) <= SHORT:  # a date is one word
            kind = ' class="short"'
        return f'<th scope="row">{text}</th>' if is_first else f"<td{kind}>{text}</td>"

    def line(row: dict[str, Any]) -> str:
        cells = (cell(key, row.get(key), i == 0) for i, key in enumerate(columns))
        return f"<tr>{''.join(cells)}</tr>"

    def heading(key: str, text: str) -> str:
        kind = ' class="number"' if key in numeric else ""
        return f'<th scope="col"{kind}>{escape(text)}</th>'

    head = "".join(heading(key, text) for key, text in columns.items())
    foot = f"<tfoot>{line(total)}</tfoot>" if total else ""
    body = "\n".join(line(row) for row in rows)
    return (
        f'<div class="scroll" role="region" tabindex="0" aria-label="{escape(caption)}">'
        f"<table><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead>"
        f"<tbody>\n{body}\n</tbody>{foot}</table></div>"
    )


def section(title: str, *parts: str) -> str:
    """A heading and what belongs to it."""
    return f"<h2>{escape(title)}</h2>\n" + "\n".join(parts)


def facts(pairs: Iterable[tuple[str, Any]]) -> str:
    """A list of names and values."""
    items = "".join(
        f"<dt>{escape(name)}</dt><dd>{escape(shown(value))}</dd>" for name, value in pairs
    )
    return f"<dl>{items}</dl>"


def named(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows with system and table as one name."""
    return [
        {**row, "name": "/".join(filter(None, (row["source_system"], row["source_table"])))}
        for row in rows
    ]


def by_reason(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row per raw table, with its reasons and their numbers as one text."""
    tables: dict[str, list[dict[str, Any]]] = {}
    for row in named(rows):
        tables.setdefault(row["name"], []).append(row)
    return [
        {
            "name": name,
            "rows": sum(row["rows"] for row in found),
            "reasons": ", ".join(
                f"{row['reason']} {row['rows']:,}"
                for row in sorted(found, key=lambda row: (-row["rows"], row["reason"]))
            ),
        }
        for name, found in tables.items()
    ]


def unknown(text: str = NOT_KNOWN) -> str:
    """What stands where a part of the summary is null."""
    return f"<p>{escape(text)}</p>"


def rows_part(summary: dict[str, Any]) -> str:
    """Raw rows by table, and the reasons of what was rejected, repaired and flagged."""
    if summary["rows"] is None:
        return unknown()
    columns = {
        "name": "raw table",
        "files": "files",
        "raw_rows": "raw rows",
        "accepted_rows": "accepted",
        "rejected_rows": "rejected",
        "superseded_rows": "superseded",
        "difference": "difference",
        "repaired_rows": "repaired",
        "flagged_rows": "flagged",
    }
    parts = [
        table(
            "Raw = accepted + rejected + superseded; a difference other than 0 is a loss",
            named(summary["rows"]),
            columns,
            {"name": "all", **summary["totals"]},
        )
    ]
    for kind in ("rejected", "repaired", "flagged"):
        parts.append(
            table(
                f"{kind.capitalize()} by reason",
                by_reason(summary["reasons"][kind]),
                {"name": "raw table", "rows": "times", "reasons": "of which"},
            )
        )
    return "\n".join(parts)


def build_part(summary: dict[str, Any]) -> str:
    """What dbt did, and what failed."""
    build, tests = summary["build"], summary["tests"]
    if build is None:
        return unknown()
    pairs = [("build", build["status"]), ("nodes", build["nodes"])]
    if tests:
        pairs += [(f"tests {name}", tests[name]) for name in ("passed", "failed", "skipped")]
    failures = [{"node": name} for name in build["failures"] if not name.endswith("(skipped)")]
    skipped = len(build["failures"]) - len(failures)
    parts = [facts([*pairs, ("skipped because of failures", skipped)])]
    parts.append(table("What failed", failures, {"node": "node"}))
    if summary["rules_breached"] is not None:
        parts.append(
            table(
                "Data-quality rules over their threshold",
                named(summary["rules_breached"]),
                {
                    "rule_id": "rule",
                    "name": "raw table",
                    "rows_failing": "rows failing",
                    "rows_tested": "of",
                    "threshold": "threshold (share)",
                },
            )
        )
    return "\n".join(parts)


def freshness_part(summary: dict[str, Any]) -> str:
    """How old each raw table is."""
    if summary["freshness"] is None:
        return unknown()
    return table(
        "Ages are measured at the start of the build; limits are set in wardhouse.yml",
        named(summary["freshness"]),
        {
            "name": "raw table",
            "status": "status",
            "files": "files",
            "newest_file_at": "newest file",
            "last_event_date": "last event",
            "age_days": "age in days",
            "warn_after_days": "warn after",
            "refuse_after_days": "refuse after",
        },
    )


def time_part(summary: dict[str, Any]) -> str:
    """Where the time went."""
    steps = {"step": "step", "seconds": "seconds", "exit_code": "exit code"}
    parts = [table("Steps, by the clock", summary["steps"], steps)]
    if summary["layers"] is not None:
        layers = [{"layer": name, **numbers} for name, numbers in summary["layers"].items()]
        columns = {"layer": "layer", "nodes": "nodes", "seconds": "seconds"}
        parts.append(table("Inside dbt, added up over its threads", layers, columns))
        columns = {"node": "node", "layer": "layer", "seconds": "seconds"}
        parts.append(table("The slowest", summary["slowest_nodes"], columns))
    return "\n".join(parts)


def published_part(summary: dict[str, Any]) -> str:
    """The file that readers open."""
    found = summary["published"]
    if found is None:
        return unknown("There is no published file.")
    of_run = "this run's" if found["is_of_this_run"] else "an earlier run's: it was left as it is"
    return facts(
        [
            ("file", found["path"]),
            ("content", of_run),
            ("written", found["written_at"]),
            ("publish number", found["publish_number"]),
            ("tables", found["tables"]),
            ("rows", found["rows"]),
            ("bytes", found["bytes"]),
            (f"hash of the {found['hash_of'] or 'file'}", found["hash"]),
        ]
    )


def page(summary: dict[str, Any]) -> str:
    """The whole page."""
    good = summary["outcome"] == "published"
    title = f"Run of {summary['started_at']}: {summary['outcome']}"
    warnings = "".join(f"<li>{escape(text)}</li>" for text in summary["warnings"])
    memory = summary["peak_memory_bytes"]
    about = facts(
        [
            ("started", summary["started_at"]),
            ("ended", summary["ended_at"]),
            ("seconds", summary["seconds"]),
            ("exit code", summary["exit_code"]),
            ("raw data", summary["data"]),
            ("peak memory", f"{memory / 1e6:,.0f} MB" if memory else None),
            *((name, text) for name, text in summary["versions"].items()),
        ]
    )
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; style-src 'unsafe-inline'">
<title>{escape(title)}</title>
<style>{STYLE}</style>
</head>
<body>
<main>
<h1>Run of the warehouse</h1>
<p>{escape(summary["started_at"])}, {escape(shown(summary["seconds"]))} seconds</p>
<div class="outcome{" good" if good else ""}" role="status">
<strong>{escape(OUTCOMES[summary["outcome"]])}</strong><br>{escape(summary["line"])}
{f"<ul>{warnings}</ul>" if warnings else ""}
</div>
{section("Build and tests", build_part(summary))}
{section("Rows in and out", rows_part(summary))}
{section("Freshness", freshness_part(summary))}
{section("Published file", published_part(summary))}
{section("Time", time_part(summary))}
{section("About this run", about)}
</main>
</body>
</html>
"""
