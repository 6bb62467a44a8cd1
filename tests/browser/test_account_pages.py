"""The pages about signing in: plain, without barriers, on a phone and at a desk, in both languages."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

OPEN_TO_ALL = ("/account/password/reset/", "/account/signup/")
PAGES = (
    "/security/",
    "/account/2fa/",
    "/account/2fa/webauthn/",
    "/account/password/change/",
    "/account/email/",
    "/account/reauthenticate/",
)
# Words of allauth's own pages, which people should never meet.
FOREIGN = ("Two-Factor", "Passwordless", "Authenticator", "Master key", "Clave maestra", "autenticación de dos")


def look(page, no_barriers, small):
    assert page.evaluate("() => document.documentElement.scrollWidth") <= (390 if small else 1200), page.url
    text = page.locator("main").inner_text()
    assert [word for word in FOREIGN if word in text] == [], page.url
    # A field says once what belongs in it.
    assert page.locator("[placeholder]").count() == 0, page.url
    no_barriers(page)


@pytest.mark.parametrize(("language", "small"), [("en", True), ("es", False)])
def test_account_pages_are_plain_and_have_no_barriers(visit, sign_in, no_barriers, language, small):
    """I8, I9, I13: from a forgotten password to the list of devices and the e-mails that one wants."""
    page = visit(language=language, small=small)
    for address in OPEN_TO_ALL:
        page.goto(address)
        look(page, no_barriers, small)
    sign_in(page, "ruth")
    for address in PAGES:
        page.goto(address)
        look(page, no_barriers, small)


def test_a_passkey_comes_before_the_other_ways(visit, sign_in):
    page = visit()
    sign_in(page, "ruth")
    page.goto("/account/2fa/")
    headings = page.locator("main h2").all_inner_texts()
    assert headings == ["Passkeys", "Sign-in app", "Recovery codes"]


def test_a_device_that_says_no_is_told_on_the_page(visit):
    """Nobody has a passkey in this browser: the page says so, not only the console."""
    page = visit(language="es")
    page.add_init_script("navigator.credentials.get = () => Promise.reject(new DOMException('no', 'NotAllowedError'))")
    page.goto("/account/login/")
    page.click("#passkey_login")
    expect(page.locator("main #passkey-error")).to_contain_text("Intente de nuevo")
    expect(page.locator("main #passkey-error")).to_be_visible()


def test_the_code_in_the_mail_is_the_hospitals(visit, hospital):
    """I14: who has forgotten the password makes a new one with a code, and nobody has to be called."""
    page = visit(language="es")
    page.goto("/account/password/reset/")
    known = hospital.codes("charlie@example.org")
    page.fill("input[name=email]", "charlie@example.org")
    page.click("main form button[type=submit]")
    code = hospital.code_for("charlie@example.org", known=known)
    letter = hospital.letter("charlie@example.org", code)
    assert "Lakeside Hospital: Su código para una contraseña nueva" in letter
    assert "localhost" not in letter and "127.0.0.1" not in letter
    page.fill("input[name=code]", code)
    page.click("main form:has(input[name=code]) button[type=submit]")
    expect(page.get_by_role("heading", level=1)).to_have_text("Crear una contraseña nueva")
