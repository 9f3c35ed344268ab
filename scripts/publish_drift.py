"""Compare a build with the last publish: refuse a loss of rows, warn of drift.

Usage: imported by publish.py; nothing to run.

Limits are data, `reference.publish_limits` of the private database. Drift is judged against chance
too: a difference that chance alone makes in samples of this size more often than once in 10,000
times is no warning.

The population stability index (PSI) of a column is the sum over its values of
(after - before) * ln(after / before) of their shares. Usual reading: under 0.1 stable, up to 0.25
a moderate change, above it a large one (Siddiqi, Credit Risk Scorecards, 2006). These limits know
nothing of the size of a sample: between small ones chance alone goes beyond them (Yurdakul and
Naranjo, Statistical properties of the population stability index, Journal of Risk Model Validation
14, 2020), hence a chi-square beside it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import duckdb

from publish_copy import BEFORE, SCHEMA, SOURCE, Content, listed, literal, one_line, quoted
from settings import UserError

LIMITS = f"{SOURCE}.reference.publish_limits"
CHANCE = 3.719016485455709  # standard deviations of a normal exceeded once in 10,000 times
SMALLEST = 0.5  # added to every count, so that a value that is new or gone has a finite ratio


@dataclass(frozen=True)
class Drift:
    """A row of `ledger.drift` that is a warning."""

    table_name: str
    column_name: str
    scope: str
    measure: str
    value: str
    before: float
    after: float
    change: float
    threshold: float

    def __str__(self) -> str:
        """One line with the numbers."""
        where = ".".join(part for part in (self.table_name, self.column_name) if part)
        when = " of the newest 28 days" if self.scope == "newest" else ""
        if self.measure == "missing_share":
            text = (
                f"{100 * self.before:.2f} % missing before, {100 * self.after:.2f} % now "
                f"(warned of from {100 * self.threshold:.2g} points)"
            )
        elif self.measure == "psi":
            text = (
                f"another distribution, population stability index {self.change:.3f} "
                f"(warned of from {self.threshold:.2g}), {self.before:,.0f} rows before, "
                f"{self.after:,.0f} now"
            )
        else:
            value = f" of {self.value}" if self.value else ""
            beside = " against the other rows" if self.value else ""
            text = (
                f"{self.before:,.0f} rows{value} before, {self.after:,.0f} now "
                f"({100 * self.change:+.0f} %{beside}, warned of from "
                f"{100 * self.threshold:.0f} %)"
            )
        return f"drift in {where}{when}: {text}"


def check_limits(connection: duckdb.DuckDBPyConnection) -> None:
    """Refuse to publish without the limits: nothing would stop a loss."""
    try:
        connection.execute(
            "select measure, table_pattern, column_name, scope, most_change, tolerated_rows "
            f"from {LIMITS} limit 0"
        )
    except (duckdb.CatalogException, duckdb.BinderException) as error:
        raise UserError(
            f"the limits of a publish cannot be read ({one_line(error)}), "
            "reference.publish_limits of the private database; run dbt build"
        ) from error


def limits(
    connection: duckdb.DuckDBPyConnection, measure: str, tables: Iterable[str]
) -> list[tuple[str, str, float, int]]:
    """Table, column, limit and tolerated rows of a measure; the longest pattern wins."""
    return connection.execute(
        f"""
        with tables (table_name) as (values {", ".join(f"({literal(name)})" for name in tables)})

        select table_name, if(column_name = 'any', '', column_name), most_change, tolerated_rows
        from tables
        join {LIMITS} on measure = {literal(measure)} and table_name like table_pattern
        qualify row_number() over (
            partition by table_name, column_name order by length(table_pattern) desc
        ) = 1
        order by all
        """
    ).fetchall()


# --- losses --------------------------------------------------------------------------------------


def columns_of(connection: duckdb.DuckDBPyConnection, catalog: str) -> set[tuple[str, str]]:
    """Table and name of every column of a side's marts."""
    return set(
        connection.execute(
            "select table_name, column_name from duckdb_columns() "
            f"where database_name = '{catalog}' and schema_name = '{SCHEMA}'"
        ).fetchall()
    )


def losses(
    connection: duckdb.DuckDBPyConnection, before: dict[str, Content], now: dict[str, Content]
) -> list[str]:
    """What the publish would lose beyond the limits, the whole tables first."""
    found: list[str] = []
    lost_tables: set[str] = set()

    def judge(rows: int, lost: int, of_what: str, most: float, tolerated: int) -> bool:
        is_lost = lost > tolerated and lost > most * rows
        if is_lost:
            found.append(
                f"{lost:,} of {rows:,} rows of {of_what} "
                f"({100 * lost / rows:.2f} %, most allowed {100 * most:.4g} %)"
            )
        return is_lost

    for table, _, most, tolerated in limits(connection, "lost_rows", before):
        rows = before[table].rows
        left = now[table].rows if table in now else 0
        if judge(rows, rows - left, table, most, tolerated):
            lost_tables.add(table)
    # a column that is no more is a change of the model and not a loss of rows
    columns = columns_of(connection, BEFORE) & columns_of(connection, SOURCE)
    for table, column, most, tolerated in limits(connection, "lost_rows_of_value", before):
        if table in lost_tables or (table, column) not in columns:
            continue
        counts = (
            f"select cast({quoted(column)} as varchar) as value, count(*) as rows "
            f"from {{}}.{SCHEMA}.{quoted(table)} group by 1"
        )
        for value, rows, lost in connection.execute(
            f"""
            select old.value, old.rows, old.rows - coalesce(new.rows, 0) as lost
            from ({counts.format(BEFORE)}) as old
            left join ({counts.format(SOURCE)}) as new on new.value is not distinct from old.value
            where lost > 0
            order by lost desc, old.value
            """
        ).fetchall():
            judge(rows, lost, f"{table} with {column} {value}", most, tolerated)
    return found


def refuse_losses(found: list[str], number: int, where: str) -> None:
    """Say what would be lost, and how to publish all the same."""
    if found:
        raise UserError(
            f"would lose {listed(found)} against publish {number}, {where}; find out why "
            "(dq_reconciliation, dq_rejected_rows), and if it is right run "
            "python scripts/publish.py --accept-loss, or make warehouse ACCEPT_LOSS=1"
        )


# --- drift ---------------------------------------------------------------------------------------

# Pairs of counts, and from them each measure with its z score. `half` is SMALLEST. The z score of
# the index is that of Pearson's chi-square of the same counts, after Wilson and Hilferty: the index
# itself is too fond of rare values to be judged by its own distribution.
DRIFT = """
with

pairs as (

    select table_name, column_name, scope, value,
        coalesce(old.events, 0) as a, coalesce(new.events, 0) as b
    from old full join new using (table_name, column_name, scope, value)

),

-- the commonest values only are listed by name: one that is not listed on a side that left some
-- out is among its others, and not new or gone
folded as (

    select table_name, column_name, scope,
        case when bool_or(value = 'other') over same and least(a, b) = 0 then 'other' else value
        end as value,
        a, b
    from pairs
    window same as (partition by table_name, column_name, scope)

),

paired as (

    select table_name, column_name, scope, value, sum(a) as a, sum(b) as b,
        sum(sum(a)) over same as n, sum(sum(b)) over same as m, count(*) over same as k
    from folded
    group by table_name, column_name, scope, value
    window same as (partition by table_name, column_name, scope)

),

compared as (

    select *,
        (b / m - a / n)
            / nullif(sqrt((a + b) / (n + m) * (1 - (a + b) / (n + m)) * (1 / n + 1 / m)), 0)
            as z_score,
        (a + half) / (n + half * k) as p,
        (b + half) / (m + half * k) as q,
        power(a - n * (a + b) / (n + m), 2) / (n * m * (a + b) / power(n + m, 2)) as squared,
        2 / (9 * (k - 1)) as spread
    from paired, constants
    where n > 0 and m > 0

),

indices as (

    select table_name, column_name, scope, n, m, k, spread, sum((q - p) * ln(q / p)) as psi,
        sum(squared) as chi_square
    from compared
    where k > 1
    group by table_name, column_name, scope, n, m, k, spread

),

measured as (

    select table_name, column_name, scope, 'rows_of_value' as measure, value, a as before,
        b as after,
        ((b + half) / (m - b + half)) / ((a + half) / (n - a + half)) - 1 as change,
        z_score
    from compared
    where k > 1
    union all
    select table_name, column_name, scope, 'missing_share', '', a / n, b / m, b / m - a / n,
        z_score
    from compared
    where value = 'missing'
    union all
    select table_name, column_name, scope, 'psi', '', n, m, psi,
        (cbrt(chi_square / (k - 1)) - 1 + spread) / sqrt(spread)
    from indices
    union all
    select table_name, '', 'newest', 'rows', '', max(n), max(m), max(m) / nullif(max(n), 0) - 1,
        (max(m) - max(n)) / nullif(sqrt(max(n) + max(m)), 0)
    from paired
    where scope = 'newest'
    group by table_name
    union all
    select table_name, '', 'all', 'rows', '', a, b, b / nullif(a, 0) - 1,
        (b - a) / nullif(sqrt(a + b), 0)
    from counted

),

limited as (

    select measured.*, limits.most_change, limits.tolerated_rows
    from measured
    left join limits on limits.measure = measured.measure
        and measured.table_name like limits.table_pattern
        and limits.column_name in ('any', measured.column_name)
        and limits.scope in ('any', measured.scope)
    qualify row_number() over (
        partition by measured.measure, measured.table_name, measured.column_name, measured.scope,
            measured.value
        order by length(limits.table_pattern) desc, limits.column_name = 'any',
            limits.scope = 'any'
    ) = 1

)

select table_name, column_name, scope, measure, value, before, after, change,
    most_change as threshold, z_score,
    coalesce(abs(z_score) > chance, false)
    and coalesce(
        case
            when measure in ('psi', 'missing_share') then abs(change) > most_change
            -- half as much again weighs as much as a third less
            else abs(after - before) > tolerated_rows
                and abs(ln(greatest(1 + change, 1e-9))) > ln(1 + most_change)
        end,
        false
    ) as is_warning
from limited, constants
order by table_name, column_name, scope, measure, value
"""


def distributions_sql(connection: duckdb.DuckDBPyConnection, catalog: str) -> str:
    """The distributions of one side; none where its build had no such table."""
    if ("dq_distributions", "events") in columns_of(connection, catalog):
        return (
            "select table_name, column_name, scope, value, cast(events as double) as events "
            f"from {catalog}.{SCHEMA}.dq_distributions"
        )
    return (
        "select '' as table_name, '' as column_name, '' as scope, '' as value, 0e0 as events "
        "where false"
    )


def measure_drift(
    connection: duckdb.DuckDBPyConnection, before: dict[str, Content], now: dict[str, Content]
) -> list[Drift]:
    """Fill the temporary table `drift` with every measure; those beyond their threshold."""
    rows = ", ".join(
        f"({literal(name)}, {before[name].rows if name in before else 0}e0, "
        f"{now[name].rows if name in now else 0}e0)"
        for name in sorted(before.keys() | now.keys())
    )
    # rows of a restored publish have no limits: it carries the marts only
    has_limits = connection.execute(
        f"select count(*) from duckdb_tables() where database_name = '{SOURCE}' "
        "and schema_name = 'reference' and table_name = 'publish_limits'"
    ).fetchone() == (1,)
    none = (
        "select '' as measure, '' as table_pattern, '' as column_name, '' as scope, "
        "0e0 as most_change, 0 as tolerated_rows where false"
    )
    query = DRIFT.replace(
        "with\n",
        f"""with

old as ({distributions_sql(connection, BEFORE)}),

new as ({distributions_sql(connection, SOURCE)}),

limits as ({f"select * from {LIMITS}" if has_limits else none}),

counted (table_name, a, b) as (values {rows}),

constants (chance, half) as (values ({CHANCE}e0, {SMALLEST}e0)),
""",
        1,
    )
    connection.execute(f"create or replace temporary table drift as {query}")
    columns = ", ".join(Drift.__dataclass_fields__)
    return [
        Drift(*row)
        for row in connection.execute(
            f"select {columns} from drift where is_warning "
            "order by table_name, column_name, scope, measure, value"
        ).fetchall()
    ]
