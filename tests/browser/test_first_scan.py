"""What Alice sees: from the sign-in to her scan, her copy, and the list of who has looked."""

import zipfile

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def opened(page):
    """Wait until the viewer shows a picture."""
    page.wait_for_selector("#scan-viewer[data-state=ready]")
    return page.locator("#scan-viewer")


@pytest.fixture
def alice(visit, sign_in):
    page = visit()
    sign_in(page, "alice")
    return page


def test_alice_reads_looks_and_keeps(alice, picture, no_barriers, tmp_path):
    """I1, I3, I5, I17, H1, L5: the story of the first scan."""
    expect(alice.get_by_role("heading", level=1)).to_have_text("My scans")
    no_barriers(alice)
    picture(alice, "scans")
    alice.get_by_role("link", name="CT of the chest").click()
    expect(alice.get_by_role("heading", name="The radiologist's report")).to_be_visible()
    opened(alice)
    no_barriers(alice)
    picture(alice, "study")
    alice.get_by_role("link", name="Keep a copy").click()
    no_barriers(alice)
    picture(alice, "copy")
    with alice.expect_download() as download:
        alice.get_by_role("button", name="Download", exact=True).click()
    download.value.save_as(tmp_path / "scan.zip")
    assert zipfile.ZipFile(tmp_path / "scan.zip").testzip() is None
    alice.get_by_role("link", name="Who has looked").click()
    expect(alice.get_by_text("Downloaded a copy.").first).to_be_visible()
    expect(alice.get_by_text("Looked through the images").first).to_be_visible()
    no_barriers(alice)
    picture(alice, "who-has-looked")
    check_the_copy(alice, tmp_path / "scan.zip", "good", no_barriers)
    picture(alice, "check-good")


def check_the_copy(page, path, verdict, no_barriers):
    page.goto("/check-a-download/")
    page.set_input_files("#zip", path)
    page.wait_for_selector(f"#check[data-verdict={verdict}]")
    no_barriers(page)


def test_a_changed_copy_is_found_out(alice, picture, no_barriers, tmp_path):
    """A14: by anyone, in the browser."""
    alice.get_by_role("link", name="CT of the chest").click()
    alice.get_by_role("link", name="Keep a copy").click()
    with alice.expect_download() as download:
        alice.get_by_role("button", name="Download", exact=True).click()
    download.value.save_as(tmp_path / "scan.zip")
    with zipfile.ZipFile(tmp_path / "scan.zip") as package:
        where = package.infolist()[-1].header_offset
    raw = bytearray((tmp_path / "scan.zip").read_bytes())
    raw[where + 5000] ^= 1
    (tmp_path / "changed.zip").write_bytes(raw)
    check_the_copy(alice, tmp_path / "changed.zip", "bad", no_barriers)
    expect(alice.get_by_text("This copy is not what the hospital gave out")).to_be_visible()
    picture(alice, "check-bad")


def test_the_window_presets_scroll_and_measure(alice):
    alice.get_by_role("link", name="CT of the chest").click()
    viewer = opened(alice)
    alice.get_by_role("button", name="AXIAL SOFT TISSUE").click()
    expect(viewer).to_have_attribute("data-slices", "6")
    opened(alice)
    alice.get_by_role("button", name="Lung", exact=True).click()
    expect(viewer).to_have_attribute("data-window", "-600/1500")
    before = viewer.get_attribute("data-slice")
    alice.locator(".sv-pane").first.focus()
    alice.keyboard.press("ArrowDown")
    expect(viewer).not_to_have_attribute("data-slice", before)


def test_charlie_finds_nothing_of_alices(visit, sign_in, alice, picture):
    """Fault C1: the same page as for an address that never was."""
    alice.get_by_role("link", name="CT of the chest").click()
    address = alice.url
    charlie = visit()
    sign_in(charlie, "charlie")
    answer = charlie.goto(address)
    assert answer.status == 404
    expect(charlie.get_by_text("There is nothing here for you")).to_be_visible()
    picture(charlie, "not-found")


def test_signing_in_has_no_barriers(visit, no_barriers, picture):
    page = visit()
    for address, name in (
        ("/account/login/", "sign-in"),
        ("/account/password/reset/", "reset"),
        ("/check-a-download/", "check"),
    ):
        page.goto(address)
        no_barriers(page)
        picture(page, name)


def test_a_wrong_password_says_so_and_nothing_more(visit, no_barriers):
    """C13: the same words for an address that is known and one that is not."""
    said = []
    for address in ("alice@example.org", "nobody@example.org"):
        page = visit()
        page.goto("/account/login/")
        page.fill("input[name=login]", address)
        page.fill("input[name=password]", "wrong-password-here")
        page.click("form[action='/account/login/'] button[type=submit]")
        said.append(page.locator(".errorlist").inner_text())
        no_barriers(page)
    assert said[0] == said[1]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_on_a_phone_nothing_is_cut_off(visit, sign_in, no_barriers, picture, dark):
    page = visit(small=True, dark=dark)
    sign_in(page, "alice")
    for name, open_page in (
        ("scans", lambda: page.goto("/scans/")),
        ("study", lambda: page.get_by_role("link", name="CT of the chest").click()),
        ("copy", lambda: page.get_by_role("link", name="Keep a copy").click()),
        ("who-has-looked", lambda: page.goto("/who-has-looked/")),
    ):
        open_page()
        if name == "study":
            opened(page)
        assert page.evaluate("() => document.documentElement.scrollWidth") <= 390, name
        no_barriers(page)
        picture(page, f"phone-{name}-{'dark' if dark else 'light'}")


def test_in_spanish_from_the_first_word(visit, sign_in, no_barriers, picture):
    page = visit(language="es")
    sign_in(page, "alice")
    expect(page.locator("html")).to_have_attribute("lang", "es")
    expect(page.get_by_role("heading", level=1)).to_have_text("Mis estudios")
    page.get_by_role("link", name="TC de tórax").click()
    opened(page)
    no_barriers(page)
    picture(page, "estudio")


def test_by_keyboard_alone(visit, sign_in, hospital):
    """WCAG 2.1.1: sign in, open the scan, and reach the copy without a mouse."""
    page = visit()
    sign_in(page, "alice")
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to the content")).to_be_focused()
    for _ in range(20):
        page.keyboard.press("Tab")
        if "scan" in (page.evaluate("() => document.activeElement.className") or ""):
            break
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("CT of the chest")


def test_a_passkey_is_offered_added_and_used(visit, sign_in):
    """I8: with a virtual authenticator, as a phone has one."""
    page = visit()
    page.goto("/account/login/")
    expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_visible()
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    session.send(
        "WebAuthn.addVirtualAuthenticator",
        {
            "options": {
                "protocol": "ctap2",
                "transport": "internal",
                "hasResidentKey": True,
                "hasUserVerification": True,
                "isUserVerified": True,
                "automaticPresenceSimulation": True,
            }
        },
    )
    # Nobody else's sign-in: with a passkey there are no codes by mail any more.
    sign_in(page, "ravi")
    page.goto("/account/2fa/webauthn/add/")
    if page.locator("input[name=password]").count():
        from cast import PASSWORD

        page.fill("input[name=password]", PASSWORD)
        page.click("main button[type=submit]")
    page.fill("input[name=name]", "My phone")
    page.check("input[name=passwordless]")
    page.click("#mfa_webauthn_add")
    page.wait_for_url("**/account/2fa/**")
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/account/login/")
    page.goto("/account/login/")
    page.click("#passkey_login")
    page.wait_for_url("**/desk/")
