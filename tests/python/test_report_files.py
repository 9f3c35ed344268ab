"""What leaves the report: CSV files and paper."""

from __future__ import annotations

import re
from pathlib import Path

from report_browser import pdf_of, squeezed, text_of, wider_than_the_window
from report_reading import FORMULA, NUMBER, csv_files, csv_rows, first_choices, says


def test_a_csv_file_has_the_rows_of_the_table(report, demo_charts):
    files = csv_files(report)
    for chart in demo_charts:
        name, (head, *body) = files[chart["id"]]
        assert name == f"{chart['id']}_all_publish-1_data-to-2026-06.csv"
        table_head, *table = chart["table"]
        assert head == table_head, chart["id"]
        assert len(body) == len(table) == len(chart["rows"]), chart["id"]
        for row, cells, table_cells in zip(chart["rows"], body, table, strict=True):
            numbers = [float(cell) for cell in cells if NUMBER.fullmatch(cell)]
            assert row["value"] is None or row["value"] in numbers, (chart["id"], cells)
            for cell, table_cell in zip(cells, table_cells, strict=True):
                if NUMBER.fullmatch(cell):  # the file has the number whole, the table rounds it
                    assert says(table_cell, float(cell)) or cell == table_cell, (chart["id"], cell)
                else:
                    assert not cell.startswith(FORMULA), (chart["id"], cell)


def test_the_name_of_a_file_tells_what_is_in_it(report):
    """Chart, filters and publish: of ten files in a folder one must know which is which."""
    end = "publish-1_data-to-2026-06.csv"
    report.set_filters(
        facility="banksia_bay_hospital", doctor="D001", **{"from": "2025-01", "to": "2025-12"}
    )
    report.unpack_all()
    names = {chart: name for chart, (name, _) in csv_files(report).items()}
    place, months = "banksia-bay-hospital", "2025-01-to-2025-12"
    assert names["branch-no-shows"] == f"branch-no-shows_{place}_D001_{months}_{end}"
    # neither the filter that a chart cannot follow, nor the one on its own groups
    assert names["payment-amounts"] == f"payment-amounts_{place}_{months}_{end}"
    assert names["doctor-caseload"] == f"doctor-caseload_{place}_{months}_{end}"
    assert names["missing-values"] == f"missing-values_all_{end}"
    assert all(re.fullmatch(r"[A-Za-z0-9_-]+\.csv", name) for name in names.values())


def test_a_file_is_saved(report):
    first = report.chart_ids()[0]
    with report.page.expect_download() as download:
        report.page.click(f"#chart-{first} button.csv")
    assert download.value.suggested_filename == f"{first}_all_publish-1_data-to-2026-06.csv"
    saved = Path(download.value.path()).read_bytes().decode("utf-8")
    assert csv_rows(saved) == csv_files(report)[first][1]


def test_print_has_every_figure_and_states_the_filters(report, tmp_path):
    page = report.page
    wanted = first_choices(report, "facility")
    report.set_filters(**wanted)
    reader = pdf_of(report, tmp_path / "report.pdf")
    text = squeezed(text_of(reader))
    assert len(reader.pages) <= 55, "nobody prints a book"
    for sheet in reader.pages:  # A4, upright
        assert (round(sheet.mediabox.width), round(sheet.mediabox.height)) == (595, 842)
    assert squeezed(page.locator("#filter-facility option:checked").inner_text()) in text
    assert squeezed(page.locator("#printed-filters").text_content()) in text
    for part in ("h1", "h2", "figure.chart h3", "figcaption", ".tile h3"):
        for found in page.locator(part).all_text_contents():
            assert squeezed(found) in text, (part, found)
    assert "DownloadCSV" not in text and "Copylink" not in text
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 720, "height": 1000})  # what A4 leaves between its margins
    bare = page.evaluate(
        """() => [...document.querySelectorAll('figure')].filter(figure => {
            const picture = figure.querySelector('.plot svg, .plot canvas, img');
            const box = picture?.getBoundingClientRect();
            const isStatic = figure.classList.contains('static');
            const refused = figure.querySelector('.refused');
            if (refused && refused.checkVisibility()) return false;
            return !box || box.height < 30 || box.right > innerWidth + 1
                || (isStatic && !picture.naturalWidth);
        }).map(figure => figure.id)"""
    )
    assert bare == []
    assert wider_than_the_window(page) == []


def test_the_print_button_prints_only_when_all_is_there(report):
    report.page.evaluate(
        """() => { window.print = () => { window.missing =
            [...document.querySelectorAll('figure.static img')].filter(i => !i.naturalWidth).length
            + [...document.querySelectorAll('figure.chart .plot:not([hidden])')]
                .filter(plot => !plot.querySelector('svg, canvas')).length } }"""
    )
    report.page.click("#print")
    report.wait_until("window.missing !== undefined")
    assert report.page.evaluate("window.missing") == 0
