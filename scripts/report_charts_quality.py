"""Cube and chart about the quality of the data: which fields are empty, and how often.

Usage: imported by build_report.py; nothing to run.
"""

from __future__ import annotations

from report_registry import Chart, Cube, add_charts, add_cubes, rate

add_cubes(
    Cube(
        "missing",
        measures=("missing", "events"),
        internal="""
            select replace(replace(table_name, 'fct_', ''), '_', ' ') || ': '
                    || replace(column_name, '_', ' ') as field,
                sum(case when value = 'missing' then events else 0 end) as missing,
                sum(events) as events
            from marts.dq_distributions
            where scope = 'all'
            group by table_name, column_name
            having missing > 0
        """,
        holds="empty fields",
    ),
)

add_charts(
    Chart(
        "missing-values",
        "quality",
        title="Fields that are empty",
        subtitle="Share of the events of each table without a usable value",
        cube="missing",
        by=("field",),
        measure=rate(["missing"], ["events"]),
        form="bars",
        unit="percent",
        labels={
            "group": "Table and field",
            "value": "Share without a value",
            "numerator": "Without a value",
            "n": "Events",
            "cases": "events",
        },
        note="What does not apply is empty too: a wait in emergency of somebody who came by"
        " appointment, for instance. A number is worked out without the empty ones, and its n says"
        " so.",
    ),
)
