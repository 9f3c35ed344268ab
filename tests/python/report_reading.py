"""What the report's page says, draws and hands out, as tests compare it.

Usage: imported by the tests of the report; nothing to run.
"""

from __future__ import annotations

import csv
import io
import re

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


def csv_files(opened: Opened) -> dict[str, tuple[str, list[list[str]]]]:
    """Name and rows of every chart's CSV file, as a spreadsheet would read them.

    The buttons are pressed and the files kept in the page: a browser saves only ten files a second.
    """
    files = opened.page.evaluate(
        """async () => {
            const [make, click] = [URL.createObjectURL, HTMLAnchorElement.prototype.click];
            const files = {};
            let name, blob;
            URL.createObjectURL = made => { blob = made; return make(made) };
            HTMLAnchorElement.prototype.click = function () { name = this.download };
            for (const id of window.wardhouse.chartIds()) {
                [name, blob] = [null, null];
                document.querySelector(`#chart-${id} button.csv`).click();
                const decoder = new TextDecoder('utf-8', { ignoreBOM: true, fatal: true });
                files[id] = [name, decoder.decode(await blob.arrayBuffer())];
            }
            URL.createObjectURL = make;
            HTMLAnchorElement.prototype.click = click;
            return files;
        }"""
    )
    return {chart: (name, csv_rows(text)) for chart, (name, text) in files.items()}


def csv_rows(text: str) -> list[list[str]]:
    """The rows of a CSV file, read strictly."""
    assert text.startswith("\ufeff"), "a spreadsheet needs the mark to read UTF-8"
    assert text.endswith("\r\n")
    return list(csv.reader(io.StringIO(text[1:], newline=""), strict=True))
