"""A real browser for tests of the report: headless Chromium that has no network.

Usage: imported by tests; the fixtures `browser` and `open_report` are in browser_fixtures.py

The browser is the machine's own (Debian's chromium, say) or the one that WARDHOUSE_CHROMIUM names.
It talks to the tests through pipes. Where the kernel lets us, it runs in a network namespace of
its own in which there is no network, not even loopback; everywhere it resolves no host name, and
each page notes what it asks for and is refused all of it.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import time
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from pypdf import PageObject, PdfReader
from pypdf.generic import DecodedStreamObject, NameObject

CHOSEN, REQUIRED = "WARDHOUSE_CHROMIUM", "WARDHOUSE_REQUIRE_BROWSER"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
NO_BROWSER = (
    f"no browser on this machine ({', '.join(NAMES)}); install chromium or name it in {CHOSEN}"
)
WIDE, NARROW = (1280, 900), (320, 800)
# What a page may use without asking anyone: parts of itself.
OWN_SCHEMES = ("data:", "blob:", "about:")
RULES = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
FLAGS = (
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
)


def find_browser(environment: Mapping[str, str] = os.environ) -> Path | None:
    """The browser that is named, or the first that is installed."""
    chosen = environment.get(CHOSEN)
    if chosen:
        path = Path(chosen)
        if not path.is_file():
            raise FileNotFoundError(f"no such browser, {CHOSEN}={chosen}")
        return path
    found = (shutil.which(name, path=environment.get("PATH")) for name in NAMES)
    return next((Path(path) for path in found if path), None)


def cut_off_command() -> list[str]:
    """The command that starts another one where there is no network; empty where not allowed."""
    for command in (["unshare", "--net", "--"], ["unshare", "--map-root-user", "--net", "--"]):
        if shutil.which("unshare"):
            tried = subprocess.run([*command, "true"], capture_output=True, check=False)
            if tried.returncode == 0:
                return command
    return []


@contextmanager
def started(folder: Path, *flags: str) -> Iterator[Browser]:
    """The browser, running until the end of the block; `folder` takes a small start script."""
    path = find_browser()
    assert path, NO_BROWSER
    # pipes, the only way to the browser, go on through the script
    script = folder / "browser-without-network"
    command = shlex.join([*cut_off_command(), str(path)])
    script.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
    script.chmod(0o755)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=script, args=[*FLAGS, *flags])
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Opened:
    """A page and all that it did which a person would not see."""

    page: Page
    address: str
    console: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)  # what no policy of the page held back

    def close(self) -> None:
        """Close the page and its profile."""
        self.page.context.close()

    def note_request(self, address: str) -> None:
        """Note what the page asks for, unless it is the page itself or a part of it."""
        if not address.startswith(OWN_SCHEMES) and address.split("#")[0] != self.address:
            self.requests.append(address)

    def forget(self) -> None:
        """Begin anew with what is noted."""
        for noted in (self.console, self.errors, self.requests, self.dialogs, self.sent):
            noted.clear()

    def problems(self) -> list[str]:
        """All that must be nothing."""
        return [
            *(f"console: {text}" for text in self.console),
            *(f"error: {text}" for text in self.errors),
            *(f"request: {text}" for text in self.requests),
            *(f"dialog: {text}" for text in self.dialogs),
        ]

    def state(self) -> dict:
        """The filters that the page says are set."""
        return self.page.evaluate("window.wardhouse.state()")

    def set_filters(self, **filters: str) -> None:
        """Set filters and wait until all that is visible is drawn again."""
        self.page.evaluate("f => window.wardhouse.setFilters(f)", filters)

    def wait_until(self, condition: str, argument: object = None) -> None:
        """Wait for a function of the page to give true; playwright's own way needs eval."""
        end = time.monotonic() + 10
        while not self.page.evaluate(condition, argument):
            assert time.monotonic() < end, f"never came true: {condition}"
            self.page.wait_for_timeout(20)

    def reset(self) -> None:
        """As freshly opened and drawn whole: no filters, nothing open, at the top."""
        self.page.emulate_media(media="null")  # paper on paper, screen on a screen
        self.page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
        self.page.evaluate(
            """async () => {
                if (location.hash) await window.wardhouse.setFilters({});
                await window.wardhouse.unpackAll();
                document.querySelectorAll('details').forEach(each => { each.open = false });
                document.activeElement.blur();
                window.scrollTo(0, 0);
            }"""
        )

    def chart_ids(self) -> list[str]:
        """The charts of the page."""
        return self.page.evaluate("window.wardhouse.chartIds()")

    def unpack_all(self) -> None:
        """Draw every chart and unpack every figure, as before printing."""
        self.page.evaluate("window.wardhouse.unpackAll()")


def open_page(
    context: BrowserContext, path: Path, hash_: str = "", wait_for_ready: bool = True
) -> Opened:
    """Open a file as a double-click does, with everything noted from the first moment on."""
    opened = Opened(context.new_page(), path.resolve().as_uri())
    page = opened.page
    page.on(
        "console",
        lambda said: (
            opened.console.append(f"{said.type}: {said.text}")
            if said.type in ("error", "warning", "assert")
            else None
        ),
    )
    page.on("pageerror", lambda error: opened.errors.append(str(error)))
    page.on("popup", lambda other: opened.errors.append(f"opened a window: {other.url}"))
    page.on("websocket", lambda socket: opened.requests.append(socket.url))
    page.on("websocket", lambda socket: opened.sent.append(socket.url))

    def refuse_dialog(dialog) -> None:  # noqa: ANN001
        opened.dialogs.append(f"{dialog.type}: {dialog.message}")
        dialog.dismiss()

    page.on("dialog", refuse_dialog)

    def answer(route) -> None:  # noqa: ANN001
        if route.request.url.split("#")[0] == opened.address:
            route.continue_()
        else:
            opened.note_request(route.request.url)
            opened.sent.append(route.request.url)
            route.abort()

    page.route("**/*", answer)
    # the browser's own log too, which sees what never reaches a route
    log = context.new_cdp_session(page)
    log.on("Network.requestWillBeSent", lambda e: opened.note_request(e["request"]["url"]))
    log.on("Network.webTransportCreated", lambda e: opened.note_request(e["url"]))
    log.send("Network.enable")
    page.goto(opened.address + hash_, wait_until="load")
    if wait_for_ready:
        has_started = page.evaluate("window.wardhouse !== undefined")
        assert has_started, f"the page did not start: {opened.problems()}"
        page.evaluate("Promise.resolve(window.wardhouse.ready).then(() => true)")
    return opened


def new_page(
    browser: Browser,
    path: Path,
    hash_: str = "",
    viewport: tuple[int, int] = WIDE,
    wait_for_ready: bool = True,
    **options: object,
) -> Opened:
    """Open a page in a fresh profile, which goes when the page is closed."""
    context = browser.new_context(
        viewport={"width": viewport[0], "height": viewport[1]},
        locale="en-AU",
        timezone_id="Australia/Sydney",
        **options,
    )
    return open_page(context, path, hash_, wait_for_ready)


def axe_violations(page: Page, *rules: str) -> list[str]:
    """What axe finds, one line each place: rule, what helps, where; all rules, or those named."""
    options = {
        "runOnly": {"type": "tag", "values": list(RULES)},
        "rules": {"target-size": {"enabled": True}},  # off until it is named
        "resultTypes": ["violations"],
    }
    if rules:
        options = {"runOnly": {"type": "rule", "values": list(rules)}}
    found = Axe().run(page, options=options).response
    return [
        f"{violation['id']} ({violation['impact']}): {node['failureSummary']} at {node['target']}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


def wider_than_the_window(page: Page) -> list[str]:
    """What makes the page scroll sideways; what scrolls inside a box of its own does not."""
    return page.evaluate(
        """() => {
            const root = document.documentElement;
            if (root.scrollWidth <= root.clientWidth) return [];
            const boxed = e => {
                for (let p = e.parentElement; p && p !== root; p = p.parentElement)
                    if (getComputedStyle(p).overflowX !== 'visible') return true;
                return false;
            };
            const named = e => `${e.tagName.toLowerCase()}${e.id && '#' + e.id}.${e.classList}`;
            const found = [...document.body.querySelectorAll('*')]
                .filter(e => e.getBoundingClientRect().right > root.clientWidth + 1 && !boxed(e))
                .map(e => `${named(e)} to ${Math.round(e.getBoundingClientRect().right)} px`);
            return [`the page is ${root.scrollWidth} px wide`, ...found];
        }"""
    )


@dataclass(frozen=True)
class Stop:
    """Where the Tab key came to."""

    tag: str
    id: str
    name: str
    is_focus_visible: bool
    is_in_view: bool


def press_tab(page: Page, times: int) -> list[Stop]:
    """Press Tab and tell where the focus is each time; the body means the page was left."""
    stops = []
    for _ in range(times):
        page.keyboard.press("Tab")
        found = page.evaluate(
            """() => {
                const e = document.activeElement;
                const box = e.getBoundingClientRect();
                const outlined = style => style.outlineStyle !== 'none'
                    && parseFloat(style.outlineWidth) > 0;
                const style = getComputedStyle(e);
                const middle = document.elementFromPoint(
                    Math.min(Math.max(box.left + Math.min(box.width, 40) / 2, 0), innerWidth - 1),
                    box.top + box.height / 2);
                return [e.tagName.toLowerCase(), e.id,
                    (e.getAttribute('aria-label') || e.innerText || '').trim().slice(0, 80),
                    e.matches(':focus-visible') && (outlined(style) || style.boxShadow !== 'none'),
                    !!middle && (e.contains(middle) || middle.contains(e))];
            }"""
        )
        stops.append(Stop(*found))
    return stops


def tab_to(page: Page, selector: str, limit: int = 800) -> list[Stop]:
    """Press Tab until the element has the focus; the stops on the way, it being the last."""
    stops = []
    for _ in range(limit):
        stops += press_tab(page, 1)
        if page.evaluate("s => document.activeElement.matches(s)", selector):
            return stops
    raise AssertionError(f"{selector} was not reached with {limit} presses of Tab")


def pdf_of(opened: Opened, path: Path) -> PdfReader:
    """The page printed on A4 as a person would print it, unpacked first."""
    opened.unpack_all()
    opened.page.pdf(path=path, prefer_css_page_size=True, print_background=True)
    return PdfReader(path)


def text_of(reader: PdfReader) -> str:
    """The text of a printed page; of its drawings, which are long, nothing is read."""
    found = []
    for sheet in reader.pages:
        texts = DecodedStreamObject()
        texts.set_data(b"\n".join(re.findall(rb"\bBT\s.*?\sET\b", _content(sheet), re.DOTALL)))
        sheet[NameObject("/Contents")] = texts
        found.append(sheet.extract_text())
    return "\n".join(found)


def _content(sheet: PageObject) -> bytes:
    content = sheet.get_contents()
    return b"" if content is None else content.get_data()


def squeezed(text: str) -> str:
    """Text without blanks and ligatures, to be looked for in a printed page."""
    return "".join(unicodedata.normalize("NFKC", text).split()).replace("\u00ad", "")


def seconds_to_usable(opened: Opened) -> float:
    """From the start of the navigation to the mark that the page sets when it can be used."""
    marks = opened.page.evaluate(
        "performance.getEntriesByName('usable').map(mark => mark.startTime)"
    )
    assert marks, "the page sets no performance mark 'usable'"
    return marks[0] / 1000


def milliseconds_of_filters(opened: Opened, filters: dict[str, str]) -> float:
    """From the change of the filters to the last chart drawn, measured inside the page."""
    return opened.page.evaluate(
        """async filters => {
            const start = performance.now();
            await window.wardhouse.setFilters(filters);
            return performance.now() - start;
        }""",
        filters,
    )


def choices(opened: Opened) -> dict[str, list[str]]:
    """What each filter offers, by the name that the page's state has for it."""
    return opened.page.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll('select[id^=filter-]')]
            .map(e => [e.id.slice(7), [...e.options].filter(o => !o.disabled).map(o => o.value)]))
        """
    )
