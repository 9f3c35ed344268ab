"""The report in a real browser: opened from a file, without a network, as a person would use it."""

from __future__ import annotations

import json
import re

from report_browser import (
    NARROW,
    axe_violations,
    choices,
    press_tab,
    tab_to,
    wider_than_the_window,
)
from report_reading import OPEN_ALL, identity, says

MOST_BYTES = 5_000_000


# --- opening -------------------------------------------------------------------------------------


def test_it_works_without_a_network_and_without_a_complaint(report):
    """Opened from its file: whatever a person does, nothing is asked for and nothing complains."""
    report.page.mouse.wheel(0, 5000)
    report.page.evaluate(OPEN_ALL)
    for name, values in choices(report).items():
        report.set_filters(**{name: values[-1]})
    report.unpack_all()
    assert report.problems() == []
    assert report.requests == report.sent == []


def test_it_fits_a_narrow_window(open_report, demo_report):
    """320 px wide: a small telephone, or a wide screen enlarged four times."""
    opened = open_report(demo_report, viewport=NARROW)
    opened.unpack_all()
    assert wider_than_the_window(opened.page) == []
    # what depends on the width; the rest is looked at in a wide window
    assert axe_violations(opened.page, "target-size", "scrollable-region-focusable") == []
    opened.page.evaluate(OPEN_ALL)
    opened.page.wait_for_timeout(100)
    assert wider_than_the_window(opened.page) == []
    assert opened.problems() == []


def test_the_file_is_small_enough_to_mail(demo_report):
    assert demo_report.stat().st_size <= MOST_BYTES


def test_every_drawn_figure_is_in_it(report, demo_figures):
    manifest = json.loads((demo_figures / "manifest.json").read_text())["figures"]
    found = report.page.evaluate(
        """() => [...document.querySelectorAll('figure.static')].map(figure => {
            const image = figure.querySelector('img');
            return [figure.id, image.alt, image.naturalWidth > 200 && image.complete];
        })"""
    )
    assert sorted(found) == sorted(
        [f"figure-{figure['name']}", figure["alt"], True] for figure in manifest
    )


def test_the_small_print_of_drawn_figures_can_be_read(report, demo_figures):
    """Nine pixels at least, on a window as wide as most; letters are drawn as shapes of a scale."""
    report.page.evaluate(OPEN_ALL)
    widths = report.page.evaluate(
        """() => [...document.querySelectorAll('figure.static')].map(figure =>
            [figure.id.slice(7), figure.querySelector('img').getBoundingClientRect().width])"""
    )
    assert len(widths) > 20
    for name, width in widths:
        svg = (demo_figures / f"{name}.svg").read_text()
        whole = float(re.search(r'viewBox="0 0 ([0-9.]+) ', svg)[1])
        smallest = min(float(size) * 100 for size in re.findall(r"scale\(([0-9.]+) -", svg))
        assert smallest * width / whole >= 9, (name, smallest, width)


def test_without_scripts_it_says_that_it_needs_them(open_report, demo_report):
    opened = open_report(demo_report, wait_for_ready=False, java_script_enabled=False)
    assert "JavaScript" in opened.page.locator("noscript").inner_text()
    assert opened.requests == []


def test_quality_begins_with_every_row_being_accounted_for(report):
    heads, numbers = report.page.evaluate(
        """() => [[...document.querySelectorAll('#quality > h3, #quality figure h3')].map(
                e => e.id), [...document.querySelectorAll('#quality > .scroll td.number')].map(
                e => getComputedStyle(e).textAlign)]"""
    )
    assert heads[:3] == ["table-reconciliation", "table-rejected", "title-missing-values"]
    assert len(numbers) > 50 and set(numbers) == {"right"}


def test_every_section_leads_back_to_the_filters(report):
    links = report.page.locator("main .back a")
    assert links.count() == report.page.locator("main > section").count()
    report.set_filters(compare="year")
    links.last.click()
    assert report.page.evaluate("document.activeElement.id") == "filters"
    assert report.state()["compare"] == "year"


def test_names_stand_whole_on_a_telephone(open_report, demo_report):
    """On two lines where one is too short; a name that ends in dots may be any of several."""
    opened = open_report(demo_report, viewport=NARROW)
    opened.unpack_all()
    drawn = opened.page.evaluate(
        """['branch-volume', 'branch-no-shows', 'cancer-hospitals', 'cancer-outcomes'].map(id => [
            window.wardhouse.rows(id).map(row => row.label),
            [...document.querySelectorAll(`#chart-${id} .role-axis-label text`)].map(label =>
                [...(label.querySelectorAll('tspan').length ? label.querySelectorAll('tspan')
                    : [label])].map(line => line.textContent).join(' '))])"""
    )
    for labels, shown in drawn:
        assert labels and set(labels) <= set(shown), (labels, shown)


# --- people --------------------------------------------------------------------------------------


def test_axe_finds_nothing(report):
    """All open but the longer tables, which are made as the short ones are."""
    report.page.evaluate(
        """() => {
            for (const details of document.querySelectorAll('details')) {
                const figure = details.closest('figure');
                details.open = !details.matches('.table')
                    || window.wardhouse.rows(figure.id.slice(6)).length <= 6;
            }
        }"""
    )
    report.page.wait_for_timeout(100)
    assert report.page.locator("figure.chart table tr td").count() > 50
    assert axe_violations(report.page) == []


def test_every_chart_has_a_name_a_subtitle_a_table_and_its_method(demo_charts):
    assert len(demo_charts) > 20
    for chart in demo_charts:
        for part in ("headline", "subtitle", "name", "definition"):
            assert chart[part] and "undefined" not in chart[part] and "NaN" not in chart[part], (
                chart["id"],
                part,
                chart[part],
            )
        assert chart["role"] == "img" and chart["csv"].startswith("Download CSV"), chart["id"]
        # where no sum of them means anything, each row of the table has its own
        own = {"n", "Patients"} & set(chart["table"][0])
        assert "n\u00a0=\u00a0" in chart["subtitle"] or own, chart["id"]
        if chart["rows"]:
            head, *body = chart["table"]
            assert len(body) == len(chart["rows"]), chart["id"]
            assert {len(row) for row in body} == {len(head)}, chart["id"]
            assert set(chart["heads"]) == {"col", "row"}, chart["id"]
        assert chart["is_plot_shown"] == (not chart["reason"]), chart["id"]
        assert chart["has_picture"] or chart["reason"], chart["id"]
    assert len({chart["name"] for chart in demo_charts}) == len(demo_charts)
    assert sum(bool(chart["reason"]) for chart in demo_charts) == 0  # the demo data have everything


def test_what_is_drawn_is_what_the_table_says(demo_charts):
    for chart in demo_charts:
        rows = {identity(row): row["value"] for row in chart["rows"]}
        drawn = {identity(datum): datum["value"] for datum in chart["drawn"]}
        known = {key for key, value in rows.items() if value is not None}
        assert drawn.keys() <= rows.keys(), chart["id"]
        assert all(drawn[key] == rows[key] for key in drawn), chart["id"]
        left_out = known - drawn.keys()
        assert not left_out or "are drawn; the table has all" in chart["remarks"], chart["id"]
        assert drawn or chart["reason"], chart["id"]
        for row, cells in zip(chart["rows"], chart["table"][1:], strict=True):
            assert row["label"] in cells, (chart["id"], cells)
            assert row["value"] is None or any(says(cell, row["value"]) for cell in cells), (
                chart["id"],
                row["value"],
                cells,
            )


def test_it_can_be_used_with_the_keyboard_alone(open_report, demo_report):
    """One walk from the top to the end: filter, open a table, fetch a file; focus always seen."""
    opened = open_report(demo_report)
    page = opened.page
    stops = press_tab(page, 1)
    assert stops[0].name.startswith("Skip to"), "the first stop is the link to the contents"
    assert stops[0].is_in_view, "the link is seen when it has the focus"
    stops += tab_to(page, "#filter-facility")
    before = page.locator("#status").inner_text()
    page.keyboard.press("ArrowDown")
    opened.wait_until("s => document.getElementById('status').innerText !== s", before)
    assert "facility_id" in opened.state()
    stops += tab_to(page, "#chart-appointment-status details.table summary")
    page.keyboard.press("Enter")
    opened.wait_until("!!document.activeElement.parentElement.querySelector('table tr td')")
    stops += tab_to(page, "#chart-appointment-status button.csv")
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert download.value.suggested_filename.endswith(".csv")
    stops += tab_to(page, "body")
    *stops, _ = stops
    controls = page.evaluate(
        """() => [...document.querySelectorAll(
                'a[href], button, select, input, summary, [tabindex="0"]')]
            .filter(e => e.checkVisibility() && !e.disabled).length"""
    )
    assert len(stops) == controls
    assert not [stop for stop in stops if not stop.is_focus_visible]
    assert not [stop for stop in stops if not stop.is_in_view]
    assert opened.problems() == []


def test_the_skip_link_keeps_the_filters(report):
    report.set_filters(compare="year")
    report.page.focus("a.skip")
    report.page.keyboard.press("Enter")
    report.page.wait_for_timeout(50)
    assert report.state()["compare"] == "year"
    assert "compare=year" in report.page.url, "a link copied now would have lost the filters"
    report.page.keyboard.press("Tab")
    assert report.page.evaluate("document.activeElement.closest('main') !== null")
