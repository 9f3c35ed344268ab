"""What leaves the report: CSV files and paper."""

from __future__ import annotations

from report_browser import pdf_of, squeezed, text_of, wider_than_the_window
from report_reading import CHARTS, FORMULA, NUMBER, downloaded, first_choices, says


def test_a_csv_file_has_the_rows_of_the_table(report):
    charts = report.page.evaluate(CHARTS)
    for chart in charts:
        head, *body = downloaded(report, chart["id"])
        assert [head, *([row[0] for row in body])] == [
            chart["table"][0],
            *([row[0] for row in chart["table"][1:]]),
        ], chart["id"]
        for row, cells, shown_cells in zip(chart["rows"], body, chart["table"][1:], strict=True):
            numbers = [float(cell) for cell in cells if NUMBER.fullmatch(cell)]
            assert row["value"] is None or row["value"] in numbers, (chart["id"], cells)
            assert len(cells) == len(head)
            for cell, shown_cell in zip(cells, shown_cells, strict=True):
                if NUMBER.fullmatch(cell):  # the file has the number whole, the table rounds it
                    assert says(shown_cell, float(cell)) or cell == shown_cell, (chart["id"], cell)
                else:
                    assert not cell.startswith(FORMULA), (chart["id"], cell)


def test_print_has_every_figure_and_states_the_filters(report, tmp_path):
    page = report.page
    wanted = first_choices(report, "facility")
    report.set_filters(**wanted)
    reader = pdf_of(report, tmp_path / "report.pdf")
    text = squeezed(text_of(reader))
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
            return !box || box.height < 60 || box.right > innerWidth + 1
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
