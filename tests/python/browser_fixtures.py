"""One headless browser a session, and pages opened in it.

Usage: named in conftest.py
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from playwright.sync_api import Browser

import report_browser
from report_browser import WIDE, Opened


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
    """Open a page in a fresh profile; closed after the test."""
    contexts = []

    def opener(
        path: Path,
        hash: str = "",  # noqa: A002
        viewport: tuple[int, int] = WIDE,
        wait_for_ready: bool = True,
        **options,
    ) -> Opened:
        context = browser.new_context(
            viewport={"width": viewport[0], "height": viewport[1]},
            locale="en-AU",
            timezone_id="Australia/Sydney",
            **options,
        )
        contexts.append(context)
        return report_browser.open_page(context, path, hash, wait_for_ready)

    yield opener
    for context in contexts:
        context.close()
