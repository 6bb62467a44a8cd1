"""Fixtures of the browser tests."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from browser.hospital import Hospital, running
from browser.patience import be_patient, patience, settle
from browser.viewing import phone, reader, seen, stage, viewer_browser

__all__ = ["phone", "reader", "seen", "stage", "viewer_browser"]

ARTEFACTS = Path(__file__).resolve().parent.parent.parent / "artefacts"
DESKTOP, PHONE = {"width": 1200, "height": 900}, {"width": 390, "height": 844}
ANDROID = (
    "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Mobile"
    " Safari/537.36"
)


@pytest.fixture(autouse=True)
def patient() -> Iterator[None]:
    """A busy machine may take its time."""
    with patience():
        yield


@pytest.fixture(scope="session")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hospital]:
    """A running hospital with the cast in it; all browser tests of a process share it."""
    with running(tmp_path_factory.mktemp("hospital") / "data") as opened:
        yield opened


@pytest.fixture
def visit(hospital: Hospital, viewer_browser: Browser) -> Iterator[Callable[..., Page]]:
    """Open a window of one's own on the hospital; `language` and `small` choose what it looks like."""
    contexts: list[BrowserContext] = []

    def open_window(*, language: str = "en", small: bool = False, dark: bool = False) -> Page:
        context = viewer_browser.new_context(
            base_url=hospital.address,
            viewport=PHONE if small else DESKTOP,  # type: ignore[arg-type]
            user_agent=ANDROID if small else None,
            locale=language,
            color_scheme="dark" if dark else "light",
            has_touch=small,
            accept_downloads=True,
        )
        be_patient(context)
        contexts.append(context)
        return context.new_page()

    yield open_window
    for context in contexts:
        context.close()


@pytest.fixture
def sign_in(hospital: Hospital) -> Callable[[Page, str], None]:
    """Sign somebody in as people do: address, password, and the code from the mail."""
    from cast import PASSWORD

    def walk_in(page: Page, name: str) -> None:
        address = f"{name}@example.org"
        known = hospital.codes(address)
        page.goto("/account/login/")
        page.fill("input[name=login]", address)
        page.fill("input[name=password]", PASSWORD)
        page.click("form[action='/account/login/'] button[type=submit]")
        page.fill("input[name=code]", hospital.code_for(address, known=known))
        page.click("form:has(input[name=code]) button[type=submit]")
        page.wait_for_url(lambda url: "/account/" not in url)

    return walk_in


@pytest.fixture
def picture() -> Callable[[Page, str], None]:
    """Keep a screenshot among CI's artefacts."""

    def take(page: Page, name: str) -> None:
        ARTEFACTS.mkdir(exist_ok=True)
        page.screenshot(path=ARTEFACTS / f"{name}.png", full_page=True)

    return take


@pytest.fixture
def no_barriers() -> Callable[[Page], None]:
    """Check a page with axe: 0 violations (WCAG 2.2 AA)."""
    from axe_playwright_python.sync_playwright import Axe

    def check(page: Page) -> None:
        settle(page)
        options = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
        found = Axe().run(page, options=options).response["violations"]
        told = [(rule["id"], [node["html"][:200] for node in rule["nodes"]]) for rule in found]
        assert told == []

    return check
