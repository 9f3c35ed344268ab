"""The checks of the report's page see what they look for: each is tried on a page that is bad."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import browser_fixtures
from conftest import ROOT
from report_browser import (
    CHOSEN,
    NARROW,
    REQUIRED,
    axe_violations,
    cut_off_command,
    find_browser,
    milliseconds_of_filters,
    pdf_of,
    press_tab,
    seconds_to_usable,
    squeezed,
    tab_to,
    text_of,
    wider_than_the_window,
)

GOOD = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Small</title>
<meta name="viewport" content="width=device-width">
<style>:focus-visible {{ outline: 3px solid #12436d }} {style}</style></head>
<body><main><h1>Small page</h1>{body}</main>
<script>
performance.mark('usable');
window.wardhouse = {{
    ready: Promise.resolve(), filters: {{}},
    async setFilters(f) {{
        Object.assign(this.filters, f);
        await new Promise(done => setTimeout(done, 30));
    }},
    state() {{ return this.filters }},
    chartIds() {{ return ['one'] }},
    async unpackAll() {{ document.querySelector('h1').textContent = 'Unpacked now' }},
}};
{script}
</script></body></html>"""


@pytest.fixture
def page_of(tmp_path):
    def write(body: str = "<p>Nothing wrong.</p>", style: str = "", script: str = "") -> Path:
        path = tmp_path / "page.html"
        path.write_text(GOOD.format(body=body, style=style, script=script), encoding="utf-8")
        return path

    return write


def test_a_good_page_has_no_problems(page_of, open_report):
    opened = open_report(page_of("<button>Go</button> <a href='#x' id='x'>there</a>"))
    opened.page.wait_for_timeout(100)
    assert opened.problems() == []
    assert axe_violations(opened.page) == []
    assert wider_than_the_window(opened.page) == []
    assert opened.chart_ids() == ["one"]


def test_the_browser_itself_has_no_network(browser, page_of, open_report):
    if not cut_off_command():
        pytest.skip("this machine lets nobody make a network namespace")
    opened = open_report(page_of())
    processes = [
        int(path.name)
        for path in Path("/proc").iterdir()
        if path.name.isdigit() and _is_child_of_tests(path)
    ]
    assert processes, "no process of the browser was found"
    outside = Path("/proc/self/ns/net").readlink()
    assert all(Path(f"/proc/{number}/ns/net").readlink() != outside for number in processes)
    assert opened.problems() == []


def _is_child_of_tests(path: Path) -> bool:
    try:
        command = (path / "cmdline").read_bytes()
        return b"--host-resolver-rules=MAP * ~NOTFOUND" in command and _descends(path)
    except OSError:
        return False


def _descends(path: Path) -> bool:
    number = int(path.name)
    while number > 1:
        if number == os.getpid():
            return True
        stat = Path(f"/proc/{number}/stat").read_text()
        number = int(stat.rpartition(")")[2].split()[1])
    return False


def test_a_page_that_asks_for_something_is_caught(page_of, open_report):
    body = """
        <img alt='x' src='http://one.invalid/pixel.png'>
        <link rel='stylesheet' href='https://two.invalid/a.css'>
        <img alt='x' src='file:///etc/hostname'>
        <iframe title='x' src='https://three.invalid/'></iframe>
        <div style='background: url(http://four.invalid/b.png)'>x</div>
        <script src='//five.invalid/c.js'></script>
        <link rel='prefetch' href='http://six.invalid/d'>"""
    script = """
        fetch('http://127.0.0.1:9/seven').catch(() => 0);
        navigator.sendBeacon('https://eight.invalid/', 'x');
        new WebSocket('ws://127.0.0.1:9/nine');
        new EventSource('http://127.0.0.1:9/ten');
        const x = new XMLHttpRequest(); x.open('GET', 'http://127.0.0.1:9/eleven'); x.send();"""
    opened = open_report(page_of(body, script=script))
    opened.page.wait_for_timeout(200)
    opened.page.evaluate("() => { setTimeout(() => { location.href = 'http://twelve.invalid/' }) }")
    opened.page.wait_for_timeout(200)
    for asked in (
        *("//one.", "//two.", "/etc/hostname", "//three.", "//four.", "//five.", "//six."),
        *("/seven", "//eight.", "/nine", "/ten", "/eleven", "//twelve."),
    ):
        assert any(asked in found for found in opened.requests), (asked, opened.requests)
        assert any(asked in found for found in opened.sent), (asked, opened.sent)


def test_an_error_is_caught(page_of, open_report):
    script = """
        console.error('broken'); console.warn('odd'); setTimeout(() => alert(1));
        setTimeout(() => { throw new Error('thrown') }); Promise.reject(new Error('unheard'))"""
    opened = open_report(page_of(script=script))
    opened.page.wait_for_timeout(200)
    assert set(opened.problems()) == {
        "console: error: broken",
        "console: warning: odd",
        "dialog: alert: 1",
        "error: thrown",
        "error: unheard",
    }


def test_a_page_that_shuts_people_out_is_caught(page_of, open_report):
    small = "style='width:9px;height:9px;padding:0;border:0'"
    bad = {
        "image-alt": "<img src='data:image/gif;base64,R0lGODlhAQABAAAAACw='>",
        "select-name": "<select><option>a</option></select>",
        "color-contrast": "<p style='color: #999; background: #fff'>pale words</p>",
        "heading-order": "<h4>too deep</h4>",
        "target-size": f"<button {small}>a</button><button {small}>b</button>",  # of WCAG 2.2
    }
    found = axe_violations(open_report(page_of("".join(bad.values()))).page)
    assert {line.split()[0] for line in found} == bad.keys()


def test_a_page_that_scrolls_sideways_is_caught(page_of, open_report):
    wide = "<div id='wide' style='width: 700px'>wide</div>"
    found = wider_than_the_window(open_report(page_of(wide), viewport=NARROW).page)
    assert any("div#wide" in line for line in found), found
    boxed = open_report(page_of(f"<div style='overflow-x: auto'>{wide}</div>"), viewport=NARROW)
    assert wider_than_the_window(boxed.page) == []


def test_the_walk_with_the_keyboard_sees_focus(page_of, open_report):
    body = (
        "<button id='seen'>Seen</button><button id='unseen'>Unseen</button>"
        "<button id='under'>Under</button><div id='lid'></div>"
    )
    style = (
        "#unseen:focus { outline: none }"
        "#under { position: fixed; left: 0; bottom: 0 }"
        "#lid { position: fixed; inset: auto 0 0 0; height: 90px; background: #fff }"
    )
    page = open_report(page_of(body, style)).page
    seen, unseen, under = press_tab(page, 3)
    assert (seen.id, seen.name) == ("seen", "Seen")
    assert (seen.is_focus_visible, seen.is_in_view) == (True, True)
    assert (unseen.is_focus_visible, unseen.is_in_view) == (False, True)
    assert (under.is_focus_visible, under.is_in_view) == (True, False)
    page.mouse.click(400, 300)
    with pytest.raises(AssertionError, match="#lid was not reached"):
        tab_to(page, "#lid", limit=6)


def test_printing_unpacks_first(page_of, open_report, tmp_path):
    opened = open_report(page_of("<p>Words on paper.</p>"))
    reader = pdf_of(opened, tmp_path / "page.pdf")
    text = squeezed(text_of(reader))
    assert "Unpackednow" in text and "Wordsonpaper." in text and "Smallpage" not in text


def test_times_are_measured_in_the_page(page_of, open_report):
    opened = open_report(page_of())
    assert 0 < seconds_to_usable(opened) < 5
    assert 30 <= milliseconds_of_filters(opened, {"facility": "F1"}) < 1000
    assert opened.state() == {"facility": "F1"}


def test_a_browser_that_is_named_must_be_there(tmp_path):
    with pytest.raises(FileNotFoundError, match=CHOSEN):
        find_browser({CHOSEN: str(tmp_path / "none")})
    own = tmp_path / "google-chrome"
    own.write_text("#!/bin/sh\n")
    own.chmod(0o755)
    assert find_browser({"PATH": str(tmp_path)}) == own
    assert find_browser({"PATH": str(tmp_path / "empty")}) is None


def test_without_a_browser_tests_are_skipped_unless_one_is_required(tmp_path):
    nowhere = {"PATH": str(tmp_path)}
    with pytest.raises(pytest.skip.Exception, match=f"install chromium or name it in {CHOSEN}"):
        browser_fixtures.need_browser(nowhere)
    with pytest.raises(pytest.fail.Exception, match=f"install chromium or name it in {CHOSEN}"):
        browser_fixtures.need_browser(nowhere | {REQUIRED: "1"})
    assert f"export {REQUIRED}=1" in (ROOT / ".ci" / "run").read_text()
