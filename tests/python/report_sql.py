"""The rows of the report's charts and tiles, worked out again by SQL for many filters at once.

Usage: imported by test_report_numbers.py; nothing to run.

Nothing of the page's scripts is used. What a chart adds up comes from the facts where they have it
(report_facts.py), else from the mart. Every function makes tables in the given connection.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

import duckdb
from scipy import stats

import report_facts
from report_registry import CUBES

Z = float(stats.norm.ppf(0.975))
PLACES = {"facility": "facility_id", "department": "department_id", "doctor": "doctor_id"}


@dataclass(frozen=True)
class Source:
    """What a chart adds up: a table, its columns, and those whose rows `all` are the total."""

    table: str
    columns: frozenset[str]
    totals: frozenset[str]
    is_additive: bool
    is_distinct: bool


# --- filters -------------------------------------------------------------------------------------


def shifted(month: str, by: int) -> str:
    """A month so many months later."""
    year, number = divmod(int(month[:4]) * 12 + int(month[5:]) - 1 + by, 12)
    return f"{year:04}-{number + 1:02}"


def length(first: str, last: str) -> int:
    """Months from one to the other, both counted."""
    return (int(last[:4]) - int(first[:4])) * 12 + int(last[5:]) - int(first[5:]) + 1


def random_settings(page: dict, count: int, seed: int) -> list[dict[str, str]]:
    """Filters as a reader might choose them, none of which contradict each other."""
    choose = random.Random(seed)
    months = page["months"]
    settings = []
    for _ in range(count):
        wanted = {"compare": choose.choice(["none", "previous", "year", "others"])}
        places = {"facility": page["facilities"], "department": page["departments"]}
        if page["doctors"] and choose.random() < 0.35:
            wanted["doctor"] = choose.choice(sorted(page["doctors"]))
            works = page["doctors"][wanted["doctor"]]
            places = {"facility": works["facilities"], "department": works["departments"]}
        for name, values in places.items():
            if values and choose.random() < 0.45:
                wanted[name] = choose.choice(values)
        kind = choose.random()
        if kind < 0.15:
            wanted["from"] = wanted["to"] = choose.choice(months)
        elif kind < 0.35:
            year = choose.choice(months)[:4]
            wanted |= {"from": f"{year}-01", "to": f"{year}-12"}
            wanted = {k: v for k, v in wanted.items() if k not in ("from", "to") or v in months}
        else:
            first, last = sorted(choose.choices(months, k=2))
            wanted |= {"from": first} if choose.random() < 0.6 else {}
            wanted |= {"to": last} if choose.random() < 0.6 else {}
        settings.append(wanted)
    return settings


def as_the_page_keeps_them(wanted: dict[str, str], months: list[str]) -> dict[str, str]:
    """Filters as the page's state has them: the ends of the data are no filter."""
    kept = {PLACES.get(name, name): value for name, value in wanted.items()}
    if kept.get("from") == months[0]:
        del kept["from"]
    if kept.get("to") == months[-1]:
        del kept["to"]
    return kept


def compared_with(kept: dict[str, str], months: list[str]) -> dict | None:
    """The filters of a comparison, how many months it lies back, the column of all others."""
    filters = {name: value for name, value in kept.items() if name != "compare"}
    if kept["compare"] == "others":
        column = next((c for c in ("doctor_id", "department_id", "facility_id") if c in kept), None)
        return column and {"filters": filters, "shift": 0, "others": column}
    first, last = filters.get("from", months[0]), filters.get("to", months[-1])
    back = {"previous": length(first, last), "year": 12}.get(kept["compare"])
    if back is None or shifted(first, -back) < months[0]:
        return None
    filters |= {"from": shifted(first, -back), "to": shifted(last, -back)}
    return {"filters": filters, "shift": back, "others": None}


def ask(
    connection: duckdb.DuckDBPyConnection, settings: list[dict[str, str]], months: list[str]
) -> None:
    """Make the table `asked`: each setting once as it is (`now`) and once as compared (`then`)."""
    places = list(PLACES.values())
    connection.execute(f"""create table asked (
        setting int, variant varchar, first varchar, last varchar, shift int, others varchar,
        {", ".join(f"{name} varchar, not_{name} varchar" for name in places)})""")
    rows = []
    for number, wanted in enumerate(settings):
        kept = as_the_page_keeps_them(wanted, months)
        versus = compared_with(kept, months)
        variants = [("now", {"filters": kept, "shift": 0, "others": None})]
        variants += [("then", versus)] if versus else []
        for name, variant in variants:
            filters, others = variant["filters"], variant["others"]
            row = [number, name, filters.get("from"), filters.get("to"), variant["shift"], others]
            for column in places:
                value = filters.get(column)
                row += [None, value] if column == others else [value, None]
            rows.append(row)
    connection.executemany(f"insert into asked values ({', '.join('?' * len(rows[0]))})", rows)


def know_doctors(connection: duckdb.DuckDBPyConnection, page: dict) -> None:
    """Make the table `doctors_at`: where each doctor works, and for how long one must be there."""
    connection.execute("create table doctors_at (doctor varchar, place varchar, share double)")
    rows = [
        (doctor, " ".join(works["facilities"]), page["full_period_share"])
        for doctor, works in page["doctors"].items()
    ]
    if rows:
        connection.executemany("insert into doctors_at values (?, ?, ?)", rows)


# --- sums ----------------------------------------------------------------------------------------


def source(connection: duckdb.DuckDBPyConnection, name: str, is_shareable: bool) -> Source:
    """Make the table of a cube's rows, from the facts where they have it."""
    cube = CUBES[name]
    sql = cube.shareable if is_shareable else cube.internal
    totals = cube.shareable_totals if is_shareable else cube.internal_totals
    measures = (is_shareable and cube.shareable_measures) or cube.measures
    is_distinct = False
    if not is_shareable:
        for mart in set(re.findall(r"marts\.(\w+)", sql)) & report_facts.VIEWS.keys():
            sql = re.sub(rf"marts\.{mart}\b", f"facts.{mart}", sql)
            is_distinct |= mart in report_facts.DISTINCT
    columns = [column[0] for column in connection.execute(f"describe ({sql})").fetchall()]
    dimensions = [column for column in columns if column not in measures]
    texts = [f"coalesce(cast({c} as varchar), 'unknown') as {c}" for c in dimensions]
    numbers = [f"cast({c} as double) as {c}" for c in measures]
    rows = f"select {', '.join([*texts, *numbers])} from ({sql})"
    if cube.additive and not totals:  # fewer rows to join; what is hidden stays unknown
        added = [f"case when count(*) = count({c}) then sum({c}) end as {c}" for c in measures]
        rows = f"select {', '.join([*dimensions, *added])} from ({rows}) group by all"
    table = f"source_{name}"
    connection.execute(f"create temp table {table} as select true as is_row, * from ({rows})")
    kept = frozenset() if is_distinct else frozenset(totals)
    return Source(table, frozenset(columns), kept, cube.additive, is_distinct)


def _inside(source: Source, by: list[str]) -> str:
    """The condition that a row's period lies in what is asked; years have twelve months."""
    first, last = (
        f"s.period || case when length(s.period) = 4 then '{month}' else '' end"
        for month in ("-01", "-12")
    )
    whole = "(a.first is null and a.last is null)"
    inside = f"""({whole} or s.period <> 'unknown') and (a.first is null or {first} >= a.first)
        and (a.last is null or {last} <= a.last)"""
    if "period" not in source.totals:
        return inside
    if "period" in by:
        return f"s.period <> 'all' and {inside}"
    return f"case when {whole} then s.period = 'all' else s.period <> 'all' and {inside} end"


def ignored(shown: dict) -> set[str]:
    """Filters that a chart does not follow: of one group alone every share would be 100 %."""
    is_share = shown["measure"]["kind"] == "share" and not shown["parts"]
    if not (is_share or shown["form"] == "ranges"):
        return set()
    return set(shown["by"]) & set(PLACES.values()) - {shown.get("within")}


def _conditions(source: Source, by: list[str], shown: dict) -> list[str]:
    fixed = shown.get("fixed") or {}
    free = ignored(shown) if by else set()
    conditions = []
    for name in PLACES.values():
        if name not in source.columns:
            continue
        chosen = "true" if name in free else f"(a.{name} is null or s.{name} = a.{name})"
        chosen += f" and (a.not_{name} is null or s.{name} <> a.not_{name})"
        if name not in source.totals:
            conditions.append(chosen)
        elif name in by:
            conditions.append(f"s.{name} <> 'all' and {chosen}")
        else:
            conditions.append(
                f"case when a.not_{name} is null then s.{name} = coalesce(a.{name}, 'all')"
                f" else s.{name} not in ('all', a.not_{name}) end"
            )
    if "period" in source.columns:
        conditions.append(_inside(source, by))
    for name, wanted in fixed.items():
        values = [wanted] if isinstance(wanted, str) else wanted
        conditions.append(f"s.{name} in ({', '.join(quoted(value) for value in values)})")
    for name in source.totals - set(PLACES.values()) - {"period"} - fixed.keys():
        conditions.append(f"s.{name} {'<>' if name in by else '='} 'all'")
    return conditions or ["true"]


def quoted(text: str) -> str:
    """A text in SQL."""
    return "'" + text.replace("'", "''") + "'"


def sums(connection: duckdb.DuckDBPyConnection, source: Source, shown: dict) -> None:
    """Make the table `sums` of a chart or tile: setting, variant, k1, k2 and every measure."""
    by, measure = shown.get("by", []), shown["measure"]
    needed = [
        *measure["of"], *measure["per"], *([measure["squares"]] if measure["squares"] else []),
        *measure["given"].values(), *shown.get("parts", {}), *shown.get("extra", []),
    ]  # fmt: skip
    names = list(dict.fromkeys(needed))
    if source.is_distinct:
        added = [f"cast(count(distinct s.{name}) as double) as {name}" for name in names]
    else:  # what is hidden in one row cannot be known of their sum
        added = [
            f"case when count(s.is_row) = count(s.{name}) then coalesce(sum(s.{name}), 0) end"
            f" as {name}"
            for name in names
        ]
    keys = [f"s.{name}" for name in by]
    labelled = [f"{key} as k{i}" for i, key in enumerate(keys, 1)]
    labelled += [f"cast(null as varchar) as k{i}" for i in range(len(by) + 1, 3)]
    connection.execute(f"""create or replace temp table sums as
        select a.setting, a.variant, a.shift, {", ".join([*labelled, *added])}
        from asked as a {"inner" if by else "left"} join {source.table} as s
            on {" and ".join(f"({c})" for c in _conditions(source, by, shown))}
        group by {", ".join(["a.setting, a.variant, a.shift", *keys])}""")


# --- numbers -------------------------------------------------------------------------------------


def numbers(connection: duckdb.DuckDBPyConnection, source: Source, chart: dict) -> None:
    """Make the table `expected` of a chart: one row for each setting, variant, key and second."""
    by, measure, parts = list(chart["by"]), chart["measure"], chart["parts"]
    sums(connection, source, chart)
    plus = lambda names: " + ".join(names) or "0"  # noqa: E731
    extra = "".join(f", {name} as extra_{name}" for name in chart["extra"])
    columns = {
        "num": plus(measure["of"]),
        "den": plus(measure["per"][:1] if measure["kind"] == "ratio" else measure["per"]),
        "n": plus(measure["per"][-1:]) if measure["per"] else "null",
        "squares": measure["squares"] or "null",
        **{name: measure["given"].get(name, "null") for name in ("value", "low", "high")},
    }
    made = ", ".join(f"{sql} as given_{name}" for name, sql in columns.items())
    each = [(None, None)] if not parts else list(parts.items())
    selects = []
    for name, label in each:
        key, second = ("k1", "k2")
        if name:
            key, second = (quoted(name), "null") if not by else ("k1", quoted(label))
        own = made if not name else made.replace(f"{columns['num']} as given_num",
                                                 f"{name} as given_num", 1)  # fmt: skip
        selects.append(
            f"select setting, variant, shift, {key} as key, {second} as second, {own}{extra}"
            " from sums"
        )
    group = _within(chart)
    connection.execute(f"""create or replace temp table raw as
        select *, case when count(given_num) over whole = count(*) over whole
            then sum(given_num) over whole end as whole
        from ({" union all ".join(selects)})
        window whole as (partition by setting, variant, {group})""")
    kind = measure["kind"]
    count = {"count": "given_num", "share": "whole", "rate": "given_den", "mean": "given_den"}
    n = count.get(kind, "given_n")
    den = {"share": "whole", "rate": "given_den", "mean": "given_den", "ratio": "given_den"}
    value = {"count": "given_num", "total": "given_num", "given": "given_value"}.get(
        kind, f"given_num / nullif({den.get(kind)}, 0)"
    )
    low, high = bounds(connection, kind, f"({den.get(kind)})")
    hidden = "given_value is null" if kind == "given" else "given_num is null"
    hidden += f" or {n} is null" if measure["per"] or kind != "given" else ""
    connection.execute(f"""create or replace temp table expected as
        with counted as (
            select *, {n} as n, ({hidden}) as is_hidden, {value} as plain,
                {low} as plain_low, {high} as plain_high
            from raw
        ),
        told as (
            select *, is_hidden or coalesce(n < {measure["minimum_n"]}, false) as is_untold
            from counted
        )
        select * exclude (n),
            {"given_num" if kind != "given" else "null"} as num, {den.get(kind, "null")} as den, n,
            case when not is_untold then plain end as value,
            case when not is_untold then plain_low end as low,
            case when not is_untold then plain_high end as high
        from told""")
    if chart["form"] == "ranges":
        _chance(connection, source, chart)


def _chance(connection: duckdb.DuckDBPyConnection, source: Source, chart: dict) -> None:
    """Give `expected` what chance allows around the median of the doctors of one facility.

    Only whoever was there for most of the period counts; `doctors_at` says who works where.
    """
    key, counted = chart["by"][0], " + ".join(f"s.{name}" for name in chart["measure"]["of"])
    z = float(stats.norm.ppf(0.999))
    connection.execute(f"""create or replace temp table expected as
        with spans as (
            select a.setting, a.variant, s.{key} as key, min(s.period) as first,
                max(s.period) as last
            from asked as a inner join {source.table} as s
                on {" and ".join(f"({c})" for c in _conditions(source, chart["by"], chart))}
            where {counted} > 0
            group by a.setting, a.variant, s.{key}
        ),
        lengths as (
            select setting, variant, key, last, first,
                date_diff('month', cast(first || '-01' as date), cast(last || '-01' as date)) + 1
                    as length,
                date_diff('month', cast(min(first) over period || '-01' as date),
                    cast(max(last) over period || '-01' as date)) + 1 as whole
            from spans window period as (partition by setting, variant)
        ),
        placed as (
            select expected.*, doctors_at.place,
                expected.key <> 'unknown' and value is not null
                    and coalesce(lengths.length >= doctors_at.share * lengths.whole, false)
                    as is_compared
            from expected left join lengths using (setting, variant, key)
            left join doctors_at on doctors_at.doctor = expected.key
        ),
        medians as (
            select setting, variant, place, median(value) as mean
            from placed where is_compared
            group by setting, variant, place having count(*) > 1
        )
        select placed.* replace (
            case when is_compared and mean is not null
                then greatest(sqrt(mean) - {z} / 2, 0) ** 2 end as low,
            case when is_compared and mean is not null
                then (sqrt(mean) + {z} / 2) ** 2 end as high
        ) from placed left join medians using (setting, variant, place)""")


def _within(chart: dict) -> str:
    """What a share is a part of: its own first group (a month, a bar), or all that is shown."""
    by = chart["by"]
    if chart.get("within") in by:
        return ("key", "second")[by.index(chart["within"])]
    is_each = chart["parts"] or chart["form"] in ("stack", "lines")
    return "key" if by and is_each and not chart.get("within") else "''"


def bounds(connection: duckdb.DuckDBPyConnection, kind: str, n: str) -> tuple[str, str]:
    """SQL of the 95 % interval: Wilson's in its usual form, Student's with scipy's quantiles."""
    if kind in ("rate", "share"):
        rate = f"(given_num / nullif({n}, 0))"
        root = f"sqrt(greatest({rate} * (1 - {rate}), 0) / {n} + {Z}**2 / (4 * {n}**2))"
        return tuple(
            f"greatest(least(({rate} + {Z}**2 / (2 * {n}) {sign} {Z} * {root})"
            f" / (1 + {Z}**2 / {n}), 1), 0)"
            for sign in "-+"
        )
    if kind == "given":
        return "given_low", "given_high"
    if kind != "mean":
        return "null", "null"
    found = connection.execute(f"select distinct {n} from raw where {n} > 1").fetchall()
    connection.execute("create or replace temp table students (n double, t double)")
    quantiles = [(count, float(stats.t.ppf(0.975, count - 1))) for (count,) in found]
    if quantiles:
        connection.executemany("insert into students values (?, ?)", quantiles)
    t = f"(select t from students where students.n = {n})"
    mean = f"(given_num / {n})"
    variance = f"(greatest(given_squares - given_num * given_num / {n}, 0) / ({n} - 1))"
    return tuple(f"{mean} {sign} {t} * sqrt({variance} / {n})" for sign in "-+")
