"""The report's numbers equal SQL's: 200 random filters, every chart, every tile, in a real browser.

    pytest tests/python/test_report_numbers.py

The page works all settings out in one go; SQL does the same from the facts (report_sql.py), and the
two are laid side by side in SQL. Intervals come from scipy's quantiles.
"""

from __future__ import annotations

import base64
import gzip
import json
import math
import re
import tempfile
from pathlib import Path

import duckdb
import numpy as np
import pytest
from scipy import stats

import build_report  # noqa: F401  registers cubes, charts and tiles
import report_facts
import report_sql
from report_browser import Opened, open_page
from shareable import EDITION_TABLE, beside

SETTINGS, SEED = 200, 20261123
# Flat rows of all charts for many settings, one JSON a line; the tiles of each; the filters kept
WORK_OUT = """settings => {
    const lines = [], tiles = [], kept = [];
    settings.forEach((wanted, setting) => {
        const found = window.wardhouse.numbers(wanted);
        kept.push(found.filters);
        tiles.push(found.tiles);
        for (const [chart, { rows, refused }] of Object.entries(found.charts)) {
            if (refused) lines.push(JSON.stringify({ setting, chart, refused }));
            for (const row of rows) lines.push(JSON.stringify({
                setting, chart, key: row.key, second: row.second ?? row.part ?? null,
                value: row.value, low: row.low, high: row.high,
                num: row.num, den: row.den, n: row.n,
                compare: row.compare, has_compare: row.compare !== undefined, hidden: row.hidden,
                extras: (window.extras[chart] || []).map(name => row[name]),
            }));
        }
    });
    return [lines.join('\\n'), JSON.stringify(tiles), kept];
}"""
COLUMNS = {
    "setting": "int", "chart": "varchar", "refused": "varchar", "key": "varchar",
    "second": "varchar", "hidden": "boolean", "has_compare": "boolean", "extras": "double[]",
    **dict.fromkeys(("value", "low", "high", "num", "den", "n", "compare"), "double"),
}  # fmt: skip
EXACT, BY_STUDENT = 1e-9, 1e-6


def page_data(report: Path) -> dict:
    """What the page's scripts read."""
    found = re.search(r'id="page-data">(.*?)</script>', report.read_text(encoding="utf-8"), re.S)
    return json.loads(found[1])


class Compared:
    """A report and the database behind it, with what both make of the same filters."""

    def __init__(self, opened: Opened, report: Path, database: Path, count: int, seed: int = SEED):
        """Ask the page and SQL; nothing is compared yet."""
        self.page = page_data(report)
        self.charts = {chart["id"]: chart for chart in self.page["charts"]}
        self.settings = report_sql.random_settings(self.page, count, seed)
        extras = {name: chart["extra"] for name, chart in self.charts.items()}
        opened.page.evaluate("extras => { window.extras = extras }", extras)
        lines, tiles, self.kept = opened.page.evaluate(WORK_OUT, self.settings)
        self.tiles = json.loads(tiles)
        self.connection = duckdb.connect()
        self.connection.execute(f"attach '{database}' as published (read_only)")
        self.connection.execute("create schema marts")
        tables = self.connection.execute("""
            select table_name from duckdb_tables()
            where database_name = 'published' and schema_name = 'marts'
        """).fetchall()
        for (name,) in tables:
            self.connection.execute(f"create view marts.{name} as from published.marts.{name}")
        with tempfile.NamedTemporaryFile("w", suffix=".ndjson", encoding="utf-8") as file:
            file.write(lines)
            file.flush()
            self.connection.execute(
                f"create table shown as from read_json('{file.name}', columns = {COLUMNS})"
            )
        report_sql.ask(self.connection, self.settings, self.page["months"])
        report_sql.know_doctors(self.connection, self.page)
        self.is_shareable = (EDITION_TABLE,) in tables
        if not self.is_shareable:
            report_facts.create(self.connection)
        self.sources: dict[str, report_sql.Source] = {}

    def source(self, shown: dict) -> report_sql.Source:
        """What a chart or tile adds up."""
        name = shown["cube"]
        if name not in self.sources:
            self.sources[name] = report_sql.source(self.connection, name, self.is_shareable)
        return self.sources[name]

    def differences(self, name: str) -> list[str]:
        """Where page and SQL do not agree about a chart, at most a few, each in one line."""
        chart = self.charts[name]
        source = self.source(chart)
        report_sql.numbers(self.connection, source, chart)
        tolerance = BY_STUDENT if chart["measure"]["kind"] == "mean" else EXACT
        same = " and ".join(
            f"(s.{column} is not distinct from e.{column}"
            f" or abs(s.{column} - e.{column}) <= {limit} * greatest(1, abs(e.{column})))"
            for column, limit in [("value", EXACT), ("low", tolerance), ("high", tolerance),
                                  ("n", EXACT)]
            + ([("num", EXACT), ("den", EXACT)] if chart["measure"]["kind"] != "given" else [])
        )  # fmt: skip
        same = f"(s.hidden and e.is_hidden or not s.hidden and {same})"
        for i, extra in enumerate(chart["extra"], 1):
            same += f""" and (s.hidden or abs(s.extras[{i}] - e.extra_{extra})
                <= {EXACT} * greatest(1, abs(e.extra_{extra})))"""
        second = "second" if chart["parts"] and chart["by"] or len(chart["by"]) > 1 else "null"
        # a month or an hour in which nothing happened may be shown, as nothing
        is_filled = source.is_additive and bool({"period", "hour"} & set(chart["by"]))
        nothing = f"({is_filled} and e.key is null and s.num = 0 and coalesce(s.value, 0) = 0)"
        is_monthly = chart["by"][:1] == ["period"]
        self.connection.execute(f"""create or replace temp table judged as
            with answered as (
                select * replace ({second} as second) from shown
                where chart = {report_sql.quoted(name)}
            ),
            s as (select * from answered where refused is null),
            e as (
                select * from expected where variant = 'now'
                and setting not in (select setting from answered where refused is not null)
            ),
            -- months of the comparison stand where the months compared with them stand
            t as (
                select setting, second, value, case when {is_monthly} and length(key) = 7
                    then strftime(cast(key || '-01' as date) + to_months(shift), '%Y-%m')
                    else key end as key
                from expected where variant = 'then'
            ),
            paired as (
                select coalesce(s.setting, e.setting) as setting, coalesce(s.key, e.key) as key,
                    coalesce(s.second, e.second) as second,
                    coalesce({nothing} or ({same}), false) as is_same,
                    coalesce(s.has_compare, false) as has_compare, s.compare as page_compare,
                    s.value as page_value, e.value as sql_value, s.low as page_low,
                    e.low as sql_low, s.n as page_n, e.n as sql_n
                from s full outer join e on s.setting = e.setting
                    and s.key is not distinct from e.key and s.second is not distinct from e.second
            )
            select paired.*, t.value as sql_compare,
                not has_compare or page_compare is not distinct from t.value
                or coalesce(
                    abs(page_compare - t.value) <= {EXACT} * greatest(1, abs(t.value))
                    or {is_filled} and t.value is null and page_compare = 0, false
                ) as is_compare_same
            from paired left join t on t.setting = paired.setting
                and t.key is not distinct from paired.key
                and t.second is not distinct from paired.second""")
        result = self.connection.execute(
            "select * from judged where not (is_same and is_compare_same)"
            " order by setting nulls last, key nulls last, second nulls last limit 3"
        )
        names = [column[0] for column in result.description]
        return [
            f"{name}, {self.settings[row[0]]}: {dict(zip(names, row, strict=True))}"
            for row in result.fetchall()
        ]

    def compared(self, name: str) -> tuple[int, int, int]:
        """Rows and comparisons that `differences` looked at last, and settings refused."""
        rows, others = self.connection.execute(
            "select count(*), count(page_compare) from judged"
        ).fetchone()
        (refused,) = self.connection.execute(
            "select count(*) from shown where chart = ? and refused is not null", [name]
        ).fetchone()
        return rows, others, refused


@pytest.fixture(scope="module")
def context(browser):
    found = browser.new_context(viewport={"width": 1280, "height": 900})
    yield found
    found.close()


@pytest.fixture(scope="module")
def shareable(context, demo_warehouse, demo_shareable_report):
    database, report = beside(demo_warehouse), demo_shareable_report
    return Compared(open_page(context, report), report, database, SETTINGS // 4)


@pytest.fixture(scope="module")
def internal(context, demo_report, demo_warehouse):
    return Compared(open_page(context, demo_report), demo_report, demo_warehouse, SETTINGS)


def test_every_chart_equals_sql(internal):
    problems, seen = [], {}
    for name in internal.charts:
        problems += internal.differences(name)
        seen[name] = internal.compared(name)
    assert problems == []
    # it was not nothing that was compared
    assert all(rows > 0 for rows, _, _ in seen.values()), seen
    assert sum(rows for rows, _, _ in seen.values()) > 200 * len(seen)
    assert sum(compared > 0 for _, compared, _ in seen.values()) > len(seen) / 2, seen


def test_every_chart_of_the_shareable_edition_equals_sql(shareable):
    hidden = 0
    for name in shareable.charts:
        assert shareable.differences(name) == []
    (hidden,) = shareable.connection.execute("select count(*) from shown where hidden").fetchone()
    assert hidden, "what is hidden must have been looked at"


def test_only_what_does_not_add_up_is_refused(internal):
    for name, chart in internal.charts.items():
        refused = internal.connection.execute(
            "select setting from shown where chart = ? and refused is not null", [name]
        ).fetchall()
        if internal.source(chart).is_additive:
            assert refused == [], name
        for (setting,) in refused:  # the whole is always shown
            assert internal.settings[setting].keys() & {"from", "to"}, (name, setting)


def test_filters_are_kept_as_chosen(internal):
    months = internal.page["months"]
    assert internal.kept == [
        report_sql.as_the_page_keeps_them(wanted, months) for wanted in internal.settings
    ]
    for name in ("facility", "department", "doctor", "from", "to"):
        assert sum(name in wanted for wanted in internal.settings) > 40, name


def newcombe(x1: float, n1: float, x2: float, n2: float) -> tuple[float, float]:
    """The interval of the difference of two rates, from scipy's Wilson intervals."""
    one, other = (
        stats.binomtest(int(x), int(n)).proportion_ci(method="wilson")
        for x, n in ((x1, n1), (x2, n2))
    )
    p, q = x1 / n1, x2 / n2
    return (
        p - q - math.hypot(p - one.low, other.high - q),
        p - q + math.hypot(one.high - p, q - other.low),
    )


def welch(a: tuple[float, ...], b: tuple[float, ...]) -> tuple[float, float]:
    """The interval of the difference of two means, by scipy; each is sum, n, squares."""
    moments = []
    for total, n, squares in (a, b):
        mean = total / n
        moments += [mean, math.sqrt(max(squares - n * mean**2, 0) / (n - 1)), n]
    parts = [(sd**2 / n, n) for sd, n in ((moments[1], a[1]), (moments[4], b[1]))]
    error = math.sqrt(sum(part for part, _ in parts))
    df = error**4 / sum(part**2 / (n - 1) for part, n in parts)
    half = stats.t.ppf(0.975, df) * error
    found = stats.ttest_ind_from_stats(*moments, equal_var=False)
    assert math.isclose(found.pvalue, 2 * stats.t.sf(abs(found.statistic), df), rel_tol=1e-6)
    return moments[0] - moments[3] - half, moments[0] - moments[3] + half


def tile_differences(compared: Compared, tile: dict) -> tuple[list[str], int]:
    """Where page and SQL do not agree about a tile; and how many differences had an interval."""
    chart = {"by": [], "parts": {}, "extra": [], "form": "tile", "fixed": {}} | tile
    report_sql.numbers(compared.connection, compared.source(tile), chart)
    result = compared.connection.execute(
        "select setting, variant, value, low, high, num, den, n, squares from"
        " (select *, given_squares as squares from expected)"
    )
    names = [column[0] for column in result.description]
    expected = {row[:2]: dict(zip(names, row, strict=True)) for row in result.fetchall()}
    problems, changes = [], 0
    for setting, found in enumerate(row[tile["id"]] for row in compared.tiles):
        row, now = found["row"], expected[setting, "now"]
        then = expected.get((setting, "then"))
        place = f"{tile['id']}, {compared.settings[setting]}"
        if found["refused"]:
            if compared.source(tile).is_additive:
                problems.append(f"{place}: refused")
            continue
        if row is None:
            if now["n"]:
                problems.append(f"{place}: nothing shown, {now['n']} in SQL")
            continue
        limits = {"low": BY_STUDENT, "high": BY_STUDENT} if row.get("squares") else {}
        for name in ("value", "low", "high", "n"):
            if not close(row[name], now[name], limits.get(name, EXACT)):
                problems.append(f"{place}: {name} is {row[name]}, {now[name]} in SQL")
        change = found["compared"]["change"]
        if not is_comparable(compared, tile, setting) or overlap(compared, setting):
            if change:
                problems.append(f"{place}: compared although it cannot be")
            continue
        kind = tile["measure"]["kind"]
        if kind not in ("rate", "mean") or then is None or None in (now["value"], then["value"]):
            if change:
                problems.append(f"{place}: compared with nothing")
            continue
        if kind == "rate":
            low, high = newcombe(now["num"], now["den"], then["num"], then["den"])
        else:
            low, high = welch(*((r["num"], r["n"], r["squares"]) for r in (now, then)))
        changes += 1
        value = now["value"] - then["value"]
        for name, wanted in (("value", value), ("low", low), ("high", high)):
            if not change or not close(change[name], wanted, BY_STUDENT):
                problems.append(f"{place}: {name} of the difference {change}, {wanted} by scipy")
        says = "no difference beyond chance" in found["compared"]["words"]
        if says != (low <= 0 <= high):
            problems.append(f"{place}: {found['compared']['words']}, from {low} to {high}")
    return problems, changes


def overlap(compared: Compared, setting: int) -> bool:
    """Whether a period and the same months a year before share months: nothing tests that."""
    wanted, period = compared.settings[setting], compared.page["period"]
    if wanted.get("compare") != "year":
        return False
    first, last = wanted.get("from") or period["first"], wanted.get("to") or period["last"]
    years = int(last[:4]) - int(first[:4])
    return 12 * years + int(last[5:]) - int(first[5:]) >= 12


def is_comparable(compared: Compared, tile: dict, setting: int) -> bool:
    """Whether a tile's cube holds what a comparison asks for, and reaches back far enough."""
    source = compared.source(tile)
    asked = compared.connection.execute(
        "select others, first from asked where setting = ? and variant = 'then'", [setting]
    ).fetchone()
    if asked is None or not asked[1]:
        return bool(asked) and asked[0] in source.columns
    if asked[0]:
        return asked[0] in source.columns
    if "period" not in source.columns:
        return False
    (begins,) = compared.connection.execute(
        f"select min(period) from {source.table} where period not in ('all', 'unknown')"
    ).fetchone()
    return asked[1] >= (f"{begins}-01" if len(begins) == 4 else begins)


def close(a: float | None, b: float | None, tolerance: float) -> bool:
    """Whether two numbers are the same, or both none."""
    if a is None or b is None:
        return a is None and b is None
    return abs(a - b) <= tolerance * max(1, abs(b))


def test_every_tile_equals_sql_and_its_comparison_scipy(internal):
    problems, changes = [], 0
    for tile in internal.page["tiles"]:
        found, compared = tile_differences(internal, tile)
        problems += found[:3]
        changes += compared
    assert problems == []
    assert changes > 100


def test_what_is_shown_is_what_was_worked_out(internal, context, demo_report):
    opened = open_page(context, demo_report)
    for wanted in internal.settings[:3]:
        opened.set_filters(**wanted)
        different = opened.page.evaluate(
            """async wanted => {
                await window.wardhouse.settled();
                const found = window.wardhouse.numbers(wanted);
                const texts = [...Object.entries(found.charts)]
                    .filter(([id, { rows }]) =>
                        JSON.stringify(rows) !== JSON.stringify(window.wardhouse.rows(id)))
                    .map(([id]) => id);
                const tiles = Object.entries(window.wardhouse.tiles())
                    .filter(([id, row]) =>
                        JSON.stringify(row) !== JSON.stringify(found.tiles[id].row))
                    .map(([id]) => id);
                return [...texts, ...tiles];
            }""",
            wanted,
        )
        assert different == [], wanted


def test_one_count_too_many_is_found(context, demo_report, demo_warehouse, tmp_path):
    text = demo_report.read_text(encoding="utf-8")
    block = re.search(r'id="cube-data">(.*?)</script>', text, re.S)
    content = bytearray(gzip.decompress(base64.b64decode(block[1])))
    cube = page_data(demo_report)["cubes"]["appointments"]
    (at,) = (column["at"] for column in cube["columns"] if column["name"] == "no_shows")
    numbers = np.frombuffer(content, "<f8", cube["rows"], at)
    numbers[len(numbers) // 2] += 1
    broken = tmp_path / "index.html"
    packed = base64.b64encode(gzip.compress(bytes(content), 1)).decode()
    broken.write_text(text.replace(block[1], packed), encoding="utf-8")
    found = Compared(open_page(context, broken), broken, demo_warehouse, 40)
    assert found.differences("appointment-status-monthly")
    tile = next(tile for tile in found.page["tiles"] if tile["id"] == "no-show")
    assert tile_differences(found, tile)[0]
