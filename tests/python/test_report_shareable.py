"""The shareable report is whole in itself: what it shows, of how many, and what it leaves out."""

from __future__ import annotations

import re

import pytest

import build_report  # noqa: F401  (registers every topic)
from report_browser import Opened, new_page
from report_reading import CHARTS as READ
from report_registry import CHARTS, CUBES, TILES, of_edition

# What a ready number is divided by, where the tables hold that; a rate of some other count lies.
DENOMINATORS = {
    "mean_cost": {"n"},
    "median_cost": {"n"},
    "mean_score": {"responses"},
    "patients": {"patients"},  # distinct people, which are counted
}
SHOWN = {id_: of_edition(each, True) for id_, each in (CHARTS | TILES).items()}
READY = [id_ for id_, each in SHOWN.items() if each.measure.kind == "given" and each.cube]


@pytest.fixture(scope="module")
def shared(browser, demo_shareable_report) -> Opened:
    opened = new_page(browser, demo_shareable_report)
    opened.unpack_all()
    yield opened
    opened.close()


@pytest.mark.parametrize("name", READY)
def test_n_is_what_the_number_was_divided_by(name):
    measure = SHOWN[name].measure
    if CUBES[SHOWN[name].cube].shareable is None:
        pytest.skip("not in this edition")
    if measure.n_is_part:
        assert measure.given["value"] == "share"
    else:
        assert set(measure.per) <= DENOMINATORS.get(measure.given["value"], set())


def test_what_is_not_held_is_no_column_of_dashes(shared):
    """A count that this edition has nowhere is no column; one that it hides is called hidden."""
    checked = 0
    for chart in shared.page.evaluate(READ):
        head, *body = chart["table"] or [[]]
        for i, name in enumerate(head):
            cells = {row[i] for row in body}
            assert cells != {"–"}, (chart["id"], name)
            checked += 1
    assert checked > 50
    tiles = shared.page.evaluate(
        "[...document.querySelectorAll('.tile')].map(e => [e.id, e.querySelector('.value')"
        ".textContent, e.querySelector('.interval').textContent])"
    )
    for name, value, interval in tiles:
        assert value != "–" or interval == "Hidden in this edition", name
    found = {name: value for name, value, _ in tiles}
    assert found["tile-length-of-stay"].endswith(" days")
    assert found["tile-cancer-cases"] == f"{cases_of(shared):,}"


def cases_of(shared: Opened) -> int:
    """All cases, as a chart of which nothing is hidden has them."""
    rows = shared.page.evaluate("window.wardhouse.rows('cancer-outcomes')")
    assert not any(row["hidden"] for row in rows)
    return int(sum(row["n"] for row in rows))


def test_an_n_that_lacks_hidden_counts_says_so(shared):
    for chart in shared.page.evaluate(READ):
        rows = [row for row in chart["rows"] if row["hidden"] and row["n"] is None]
        if "n\u00a0=" in chart["subtitle"]:
            assert ("without what is hidden" in chart["subtitle"]) == bool(rows), chart["id"]


def test_what_became_of_appointments_is_shown_as_far_as_it_is_held(shared):
    """Cancelled ones and those without an outcome together, as only their sum is held."""
    rows = shared.page.evaluate("window.wardhouse.rows('appointment-status')")
    assert [row["label"] for row in rows] == ["Attended", "Missed", "Cancelled or not recorded"]
    assert all(row["value"] for row in rows)
    assert sum(row["num"] for row in rows) == rows[0]["n"]
    note = shared.page.locator("#chart-appointment-status .note").text_content()
    assert "does not tell cancelled" in note


def test_it_speaks_of_nothing_that_it_does_not_hold(shared):
    """A chart of doctors, a drawn figure, a second line: those are of the other edition."""
    text = shared.page.evaluate(
        "[...document.querySelectorAll('main .note, main .subtitle')].map(e => e.textContent)"
    )
    assert not [words for words in text if re.search("caseload|both lines|figure|funnel", words)]
    quality = shared.page.locator("#quality").inner_text()
    assert "Every raw row is accounted for" in quality
    assert "They count single rows of the extracts: the internal edition has them." in quality


def test_both_editions_round_alike(report, shared):
    """What is rounded twice may differ in the last digit: 3.146 days is 3.1, 3.15 would be 3.2."""
    values = [
        opened.page.locator("#tile-length-of-stay .value").inner_text()
        for opened in (report, shared)
    ]
    assert values[0] == values[1]
