"""One headless browser a session, and pages opened in it.

Usage: named in conftest.py
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping

import pytest
from playwright.sync_api import Browser

import report_browser
from report_browser import Opened
from report_reading import CHARTS


def need_browser(environment: Mapping[str, str]) -> None:
    """Skip the test where there is no browser; fail it where one is required."""
    if report_browser.find_browser(environment) is None:
        if environment.get(report_browser.REQUIRED):
            pytest.fail(report_browser.NO_BROWSER)
        pytest.skip(report_browser.NO_BROWSER)


@pytest.fixture(scope="session")
def browser(tmp_path_factory) -> Iterator[Browser]:
    """Headless Chromium without a network; skipped without one, unless one is required."""
    need_browser(os.environ)
    with report_browser.started(tmp_path_factory.mktemp("browser")) as browser:
        yield browser


@pytest.fixture
def open_report(browser) -> Iterator[Callable[..., Opened]]:
    """Open pages, each in a fresh profile (report_browser.new_page); closed after the test."""
    pages = []

    def opener(*arguments: object, **options: object) -> Opened:
        pages.append(report_browser.new_page(browser, *arguments, **options))
        return pages[-1]

    yield opener
    for page in pages:
        page.close()


@pytest.fixture(scope="session")
def _demo_page(browser, demo_report) -> Iterator[Opened]:
    opened = report_browser.new_page(browser, demo_report)
    opened.unpack_all()
    assert opened.problems() == []
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def demo_charts(_demo_page) -> list[dict]:
    """What each chart of the demo report says, draws and has in its table, without filters."""
    _demo_page.reset()
    return _demo_page.page.evaluate(CHARTS)


@pytest.fixture
def report(_demo_page) -> Iterator[Opened]:
    """The demo report, opened once a session and reset for each test, which must end in peace."""
    _demo_page.reset()
    _demo_page.forget()
    yield _demo_page
    assert _demo_page.problems() == []
