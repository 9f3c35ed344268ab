"""What the report's page says, draws and hands out, as tests compare it.

Usage: imported by the tests of the report; nothing to run.
"""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

from report_browser import Opened, choices

NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")
FORMULA = ("=", "+", "-", "@", "\t", "\r")
OPEN_ALL = "document.querySelectorAll('details').forEach(each => { each.open = true })"
CHARTS = """async () => {
    document.querySelectorAll('details.table').forEach(each => { each.open = true });
    await new Promise(done => setTimeout(done, 100));  // a table is made when it is opened
    const text = (place, name) => place.querySelector(name)?.textContent.trim() ?? null;
    const cells = row => [...row.children].map(cell => cell.textContent.trim());
    return window.wardhouse.chartIds().map(id => {
        const figure = document.getElementById(`chart-${id}`);
        const plot = figure.querySelector('.plot');
        const refused = figure.querySelector('.refused');
        const drawn = [...plot.querySelectorAll('svg .role-mark > *')]
            .map(mark => mark.__data__?.datum).filter(datum => datum && 'key' in datum)
            .map(({key, part, second, value}) => ({key, part, second, value}));
        return {
            id, rows: window.wardhouse.rows(id), drawn,
            classes: [...figure.classList], headline: text(figure, 'h3'),
            subtitle: text(figure, '.subtitle'), remarks: text(figure, '.remarks'),
            role: plot.getAttribute('role'), name: plot.getAttribute('aria-label'),
            is_plot_shown: plot.checkVisibility(), has_picture: !!plot.querySelector('svg, canvas'),
            reason: refused && refused.checkVisibility() ? refused.textContent.trim() : '',
            table: [...figure.querySelectorAll('details.table table tr')].map(cells),
            heads: [...figure.querySelectorAll('details.table th')].map(e => e.scope),
            definition: text(figure, 'details.definition'),
            csv: figure.querySelector('button.csv').textContent.trim(),
        };
    });
}"""


def first_choices(opened: Opened, *names: str) -> dict[str, str]:
    """For each filter a value that narrows what is shown."""
    offered = choices(opened)
    return {name: next(value for value in offered[name][1:] if value) for name in names}


def identity(row: dict) -> tuple:
    return row["key"], row.get("second") or row.get("part")


def says(cell: str, value: float) -> bool:
    """Whether a cell is this number, rounded as it is written: 12.3%, $1,204, 3.40m, 2.5 days."""
    found = re.fullmatch(r"(−?)\$?([\d,]+)(\.\d+)?(%|m|bn| days)?", cell)
    if not found:
        return False
    sign, whole, fraction, unit = found.groups()
    written = float(whole.replace(",", "") + (fraction or "")) * (-1 if sign else 1)
    scale = {"%": 0.01, "m": 1e6, "bn": 1e9}.get(unit, 1)
    step = 10.0 ** -len((fraction or ".")[1:]) * scale
    return abs(written * scale - value) <= step / 2 * (1 + 1e-6)


def downloaded(opened: Opened, chart: str) -> list[list[str]]:
    """The CSV file of a chart, read as a spreadsheet would."""
    with opened.page.expect_download() as download:
        opened.page.click(f"#chart-{chart} button.csv")
    content = Path(download.value.path()).read_bytes()
    assert content.startswith(b"\xef\xbb\xbf"), "a spreadsheet needs the mark to read UTF-8"
    text = content.decode("utf-8-sig")
    assert text.endswith("\r\n")
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))
