"""How the browser tests wait on a busy machine: long, and after a click until the page that it leads to is there.

A click returns before the browser has gone anywhere. Whoever then asks for the address, reloads, or looks at the text
gets the old page, sometimes. People wait for the page, and so do these tests.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import BrowserContext, Download, Error, Locator, Page, expect

PATIENCE = 60_000
# Notes on the page's own window that a form was sent or a link followed; the next page begins without the note.
WATCH = """() => {
    const leaves = (event) => !event.defaultPrevented;
    addEventListener("submit", (event) => { if (leaves(event) && !event.target.target) window.leaving = true; });
    addEventListener("click", (event) => {
        const link = event.target.closest?.("a[href]");
        if (!link || !leaves(event) || link.target || link.download) return;
        const [here, there] = [location.href, link.href].map((address) => address.split("#")[0]);
        if (here !== there) window.leaving = true;
    });
}"""


def be_patient(context: BrowserContext) -> None:
    """Prepare a window of the tests."""
    context.set_default_timeout(PATIENCE)
    context.add_init_script(f"({WATCH})()")


@contextmanager
def arriving(page: Page) -> Iterator[None]:
    """After a click wait until the page that was asked for is there; a download comes instead of a page."""
    kept: list[Download] = []

    def keep(download: Download) -> None:
        kept.append(download)

    page.on("download", keep)
    try:
        yield
        until = time.monotonic() + PATIENCE / 1000
        while _is_leaving(page) and not kept:
            assert time.monotonic() < until, f"no page came after {page.url}"
            page.wait_for_timeout(50)
        if not kept:
            page.wait_for_load_state()
    finally:
        page.remove_listener("download", keep)


def settle(page: Page) -> None:
    """Wait until no colour is half way to another: axe would measure a contrast that nobody sees."""
    until = time.monotonic() + PATIENCE / 1000
    while page.evaluate("() => document.getAnimations().some((one) => one instanceof CSSTransition)"):
        assert time.monotonic() < until, f"the colours of {page.url} never come to rest"
        page.wait_for_timeout(50)


def _is_leaving(page: Page) -> bool:
    """Return whether the page waits for another one; between two pages there is none to ask."""
    try:
        return bool(page.evaluate("() => window.leaving === true"))
    except Error:
        return not page.is_closed()


@contextmanager
def patience() -> Iterator[None]:
    """Let every click arrive, and every expectation wait."""
    of_a_locator, of_a_page = Locator.click, Page.click

    def click(self: Locator, **options: Any) -> None:
        with arriving(self.page):
            of_a_locator(self, **options)

    def click_on(self: Page, selector: str, **options: Any) -> None:
        with arriving(self):
            of_a_page(self, selector, **options)

    expect.set_options(timeout=PATIENCE)
    Locator.click, Page.click = click, click_on  # type: ignore[method-assign]
    yield
    Locator.click, Page.click = of_a_locator, of_a_page  # type: ignore[method-assign]
