"""The automatic log-off in Chromium: K4, WCAG 2.2.1 and 2.2.5. Nobody waits: the clocks are moved, here and there."""

import re

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser
WORDS = "The scan is of my left lung, not of the right one."
# A patient may rest for thirty minutes, and is warned two minutes before.
NEARLY, OVER = 28.5, 31


@pytest.fixture
def rest(hospital):
    """Let somebody touch nothing for so many minutes: on the page's clock and on the server's."""

    def wait(page: Page, minutes: float) -> None:
        hospital.rest(minutes)
        page.clock.fast_forward(int(minutes * 60_000))

    return wait


@pytest.fixture
def rights(visit, sign_in):
    """Open the page with the form, in a window whose clock can be moved."""

    def open_page(**window) -> Page:
        page = visit(**window)
        sign_in(page, "alice")
        page.clock.install()
        page.goto("/my-rights/")
        return page

    return open_page


def dialog(page: Page, name: str):
    return page.get_by_role("alertdialog", name=name)


def test_a_warning_comes_first_and_one_key_answers_it(rights, rest, no_barriers, picture):
    """K4: automatic logoff, 45 CFR 164.312(a)(2)(iii)."""
    page = rights(small=True)
    rest(page, NEARLY)
    warning = dialog(page, "Are you still there?")
    expect(warning).to_be_visible()
    expect(page.get_by_role("button", name="Stay signed in")).to_be_focused()
    expect(page.locator("#idle-time")).to_have_text(re.compile(r"\d+ (seconds|minutes)"))
    no_barriers(page)
    picture(page, "idle-1-warning-phone")
    page.keyboard.press("Enter")
    expect(warning).not_to_be_visible()
    # The answer to the key is on its way while the dialog is already gone.
    page.wait_for_function("async () => (await (await fetch('/security/time-left')).json()).seconds > 1500")
    # Nobody answers the next one, and nothing was written: the page goes away.
    rest(page, OVER)
    page.wait_for_url("**/account/login/**")
    assert "next=%2Fmy-rights%2F" in page.url


def test_a_half_written_form_outlives_the_session_and_nothing_shows_meanwhile(
    rights, rest, sign_in, no_barriers, picture
):
    page = rights()
    page.get_by_label("What is wrong, and what should it say?").fill(WORDS)
    rest(page, OVER)
    over = dialog(page, "You are signed out")
    expect(over).to_be_visible()
    expect(page.get_by_role("link", name="Sign in (opens a new tab)")).to_be_focused()
    assert "CT" not in page.inner_text("body")
    assert page.title() == "You are signed out"
    no_barriers(page)
    picture(page, "idle-2-signed-out")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="I have signed in").click()
    expect(page.get_by_text("You are not signed in yet.")).to_be_visible()
    tab = page.context.new_page()
    sign_in(tab, "alice")
    expect(tab.get_by_role("heading", name="scan", exact=False).first).to_be_visible()
    page.bring_to_front()
    page.get_by_role("button", name="I have signed in").click()
    expect(over).not_to_be_visible()
    expect(page.get_by_label("What is wrong, and what should it say?")).to_have_value(WORDS)
    page.get_by_role("button", name="Ask for a correction").click()
    expect(page.get_by_text(WORDS)).to_be_visible()
    kept = page.evaluate("() => [localStorage.length, sessionStorage.length]")
    assert kept == [0, 0]


def test_somebody_else_never_gets_the_page(rights, rest, sign_in, hospital):
    """Charlie signs in at the computer that Alice left: what she wrote is gone."""
    page = rights(language="es")
    page.locator("#amend-text").fill(WORDS)
    rest(page, OVER)
    expect(dialog(page, "Su sesión se ha cerrado")).to_be_visible()
    tab = page.context.new_page()
    sign_in(tab, "charlie")
    page.bring_to_front()
    page.wait_for_url(f"{hospital.address}/scans/")
    assert WORDS not in page.content()
