"""Filters of the report: in the address, in the controls, and where they leave nothing."""

from __future__ import annotations

import json
import re

from report_browser import choices
from report_reading import CHARTS, first_choices


def test_a_link_brings_the_filters_back(report, open_report, demo_report):
    page = report.page
    offered = choices(report)
    wanted = first_choices(report, "facility", "department") | {
        "from": offered["from"][3],
        "to": offered["to"][-3],
        "compare": "year",
    }
    before = page.evaluate("window.wardhouse.rows(window.wardhouse.chartIds()[0])")
    report.set_filters(**wanted)
    report.unpack_all()  # the charts out of sight follow those in sight
    hash_, state = page.evaluate("[location.hash, window.wardhouse.state()]")
    rows = page.evaluate("window.wardhouse.rows(window.wardhouse.chartIds()[0])")
    assert rows != before
    assert set(wanted.values()) <= set(state.values())
    again = open_report(demo_report, hash_)
    again.unpack_all()
    assert again.state() == state
    for name, value in wanted.items():
        assert again.page.locator(f"#filter-{name}").input_value() == value
    assert again.page.evaluate("window.wardhouse.rows(window.wardhouse.chartIds()[0])") == rows
    status = again.page.locator("#status").inner_text()
    label = again.page.locator("#filter-facility option:checked").inner_text()
    assert label in status
    # in a page that is already open, an address typed over the old one is followed too
    again.page.evaluate("location.hash = ''")
    again.wait_until("s => document.getElementById('status').innerText !== s", status)
    assert again.state() == {"compare": "none"}
    assert again.problems() == []


def test_each_control_changes_the_address_and_reset_takes_it_back(report):
    page = report.page
    seen = {page.evaluate("location.hash")}
    for name in ("facility", "department", "from", "to", "compare"):
        options = page.evaluate(
            "n => [...document.getElementById(`filter-${n}`).options]"
            ".filter(o => !o.disabled && !o.selected).map(o => o.value)",
            name,
        )
        page.select_option(f"#filter-{name}", options[len(options) // 2])
        report.wait_until("seen => !seen.includes(location.hash)", list(seen))
        seen.add(page.evaluate("location.hash"))
    page.click("#reset")
    report.wait_until("location.hash === ''")
    assert report.state() == {"compare": "none"}


def test_the_link_is_copied_or_the_reader_is_told(report):
    page = report.page
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    report.set_filters(**first_choices(report, "facility"))
    page.click("#copy-link")
    report.wait_until("document.getElementById('copied').textContent.includes('copied')")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.url and "#facility=" in copied
    # where a browser or a policy of the house gives no clipboard
    page.evaluate(
        "Object.defineProperty(navigator, 'clipboard', {value: undefined, configurable: true})"
    )
    page.click("#copy-link")
    report.wait_until("document.getElementById('copied').textContent.includes('address')")


HOSTILE_HASHES = (
    "#facility=%3Cscript%3Ealert(1)%3C/script%3E",
    "#facility=<img src=x onerror=alert(1)>",
    "#__proto__=x&constructor=y&toString=z&hasOwnProperty=1",
    "#facility=__proto__&department=constructor&doctor=toString&from=valueOf&compare=__proto__",
    "#%E0%A4%A&facility=%",
    "#facility=" + "a" * 100_000,
    "#from=2020-13-45&to=0000-00",
    "#from=&to=&facility=&department=&doctor=&compare=",
    "#&&&===&=&facility",
    "#javascript:alert(1)",
    "#facility=all&department=all&doctor=all&period=all",
    "#\u202e\u0000%00%0d%0a",
    '#"><svg onload=alert(1)>',
)


def test_an_address_with_nonsense_is_ignored(report, open_report, demo_report):
    page = report.page
    for hash_ in HOSTILE_HASHES:
        page.evaluate("location.hash = 'compare=year'")
        report.wait_until("window.wardhouse.state().compare === 'year'")
        page.evaluate("h => { location.hash = h }", hash_)
        report.wait_until("window.wardhouse.state().compare !== 'year'")
        assert report.state() == {"compare": "none"}, hash_[:60]
    assert page.evaluate("({}).x === undefined && Object.keys(Object.prototype).length === 0")
    fresh = open_report(demo_report, "#%E0%A4%A&facility=%3Cscript%3Ealert(1)%3C/script%3E")
    assert fresh.state() == {"compare": "none"}
    assert fresh.problems() == []


def test_a_doctor_of_another_place_is_not_left_out_in_silence(report):
    """Whoever chooses a facility after a doctor is told that the doctor is no longer chosen."""
    page = report.page
    doctors = page.evaluate("JSON.parse(document.getElementById('page-data').textContent).doctors")
    one = next(name for name, works in doctors.items() if len(works["facilities"]) == 1)
    (home,) = doctors[one]["facilities"]
    other = next(place for place in choices(report)["facility"] if place not in ("", home))
    page.select_option("#filter-doctor", one)
    report.wait_until("window.wardhouse.state().doctor_id !== undefined")
    assert "all doctors are shown" not in page.locator("#status").inner_text()
    page.select_option("#filter-facility", other)
    report.wait_until("window.wardhouse.state().doctor_id === undefined")
    name, place = (
        page.locator(f"#filter-{box} option[value='{value}']").text_content()
        for box, value in (("doctor", one), ("facility", other))
    )
    said = f"{name} has nothing at {place}: all doctors are shown."
    report.wait_until("s => document.getElementById('status').innerText.includes(s)", said)
    page.click("#reset")
    report.wait_until("s => !document.getElementById('status').innerText.includes(s)", said)


def test_a_filter_that_is_not_known_is_said_to_be_left_out(report):
    report.page.evaluate("location.hash = 'facility=a_hospital_of_another_report'")
    words = "A filter that these data do not know was left out."
    report.wait_until("s => document.getElementById('status').innerText.includes(s)", words)
    report.set_filters(**first_choices(report, "facility"))
    assert words not in report.page.locator("#status").inner_text()


def test_a_place_without_any_of_it_is_named(report):
    """Surgery takes no appointments: that is no gap of the selection."""
    report.set_filters(department="surgery")
    report.unpack_all()
    charts = {chart["id"]: chart["reason"] for chart in report.page.evaluate(CHARTS)}
    assert charts["appointment-status"] == "Surgery has no appointments in these data."
    assert not charts["episodes-monthly"]
    assert "Surgery has none in these data" in report.page.locator("#tile-due").inner_text()


def test_what_is_unknown_or_called_none_is_no_riddle(report):
    page = report.page
    options = page.locator("#filter-department option").all_text_contents()
    assert "“None” in hospital appointments" in options and "None" not in options
    assert "Unknown facility" in page.locator("#filter-facility option").all_text_contents()
    labels = page.evaluate("window.wardhouse.rows('doctor-caseload').map(row => row.label)")
    assert "Unknown doctor" in labels and not any("Unknown, " in label for label in labels)


def test_months_the_wrong_way_round_are_turned(report):
    months = choices(report)["from"]
    report.set_filters(**{"from": months[9], "to": months[4]})
    state = report.state()
    assert (state["from"], state["to"]) == (months[4], months[9])


def test_nothing_is_lost_when_filters_leave_nothing(report):
    """A selection without any event says so everywhere, and breaks nothing."""
    page = report.page
    offered = choices(report)
    emptiest = {"facility": offered["facility"][-1], "department": offered["department"][1]}
    report.set_filters(**emptiest, **{"from": offered["from"][0], "to": offered["from"][0]})
    report.unpack_all()
    empty = 0
    for chart in page.evaluate(CHARTS):
        empty += bool(chart["reason"])
        assert chart["reason"] or chart["has_picture"], chart["id"]
        assert chart["is_plot_shown"] == (not chart["reason"]), chart["id"]
        text = json.dumps([chart[part] for part in ("headline", "subtitle", "table", "name")])
        assert not re.search(r"\b(NaN|undefined|null|Infinity)\b", text), (chart["id"], text)
    assert empty, "choose filters that leave some chart without data"
    assert not re.search(r"\b(NaN|undefined|Infinity)\b", page.locator("main").inner_text())
