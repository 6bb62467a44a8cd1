"""Pages that somebody opens in a hurry or seldom, on a desk's screen and on a telephone: read, fit, and no barrier."""

import pikepdf
import pytest

pytestmark = pytest.mark.browser


def fits(page, no_barriers, picture, name):
    """Look at a page at both widths: nothing sticks out, and axe finds nothing."""
    for width, height in ((1280, 900), (390, 844)):
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (name, width)
        picture(page, f"small-{name}-{width}")
        no_barriers(page)
    page.set_viewport_size({"width": 1280, "height": 900})


def test_questions_codes_papers_and_charts_fit_and_have_no_barrier(visit, sign_in, no_barriers, picture):
    """Requirements F10, H4, H10, B11: the mother's pages and the clerk's, in the order in which they need them."""
    alice, hal = visit(), visit()
    sign_in(alice, "alice")
    alice.goto("/scans/")
    alice.locator("main a[href*='/scans/']").first.click()
    study = alice.url
    alice.goto(f"{study}ask/")
    fits(alice, no_barriers, picture, "ask")
    alice.locator("#text").fill("What is a nodule?\nDo I have to come back?")
    alice.locator("main form button").first.click()
    fits(alice, no_barriers, picture, "asked")
    alice.goto("/emergency-code/")
    fits(alice, no_barriers, picture, "emergency")
    alice.locator("main form button").first.click()
    fits(alice, no_barriers, picture, "emergency-code")
    sign_in(hal, "hal")
    hal.goto("/desk/questions/")
    fits(hal, no_barriers, picture, "questions")
    hal.get_by_role("link", name="Alice Rivera").first.click()
    fits(hal, no_barriers, picture, "question")
    hal.goto("/desk/requests/new/")
    fits(hal, no_barriers, picture, "enter")
    hal.get_by_label("Arrived on").fill("2026-11-02")
    hal.get_by_label("Patient number, if known").fill("LH-100482")
    hal.locator("#name").fill("Alice Rivera")
    hal.locator("#contact").fill("1 Main Street")
    hal.locator("#paper").set_input_files(
        files=[{"name": "form.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.4 a form"}]
    )
    hal.get_by_role("button", name="Put it into the queue").click()
    assert hal.get_by_role("link", name="Request form or letter").is_visible()
    hal.get_by_text("Add a scanned paper").click()
    fits(hal, no_barriers, picture, "papers")
    hal.goto("/desk/requests/dates/")
    fits(hal, no_barriers, picture, "backlog")


def test_chosen_mails_and_the_locked_report_fit_in_spanish(visit, sign_in, no_barriers, picture):
    """Requirements I13, G7: the boxes for e-mails, and the report with a passphrase, on a desk's screen and a phone."""
    ruth = visit(language="es")
    sign_in(ruth, "ruth")
    ruth.goto("/security/")
    assert ruth.get_by_role("heading", name="Correos para usted").is_visible()
    ruth.locator("input[name=reminders]").check()
    fits(ruth, no_barriers, picture, "mails")
    ruth.get_by_role("button", name="Guardar").click()
    assert ruth.locator("input[name=reminders]").is_checked()
    ruth.goto("/scans/")
    ruth.locator("main a[href*='/scans/']").first.click()
    ruth.goto(f"{ruth.url}copy")
    fits(ruth, no_barriers, picture, "locked-report")
    passphrase = ruth.get_by_label("Frase de paso").input_value()
    assert len(passphrase) == 29
    with ruth.expect_download() as taken:
        ruth.get_by_role("button", name="Descargar el informe con llave").click()
    with pikepdf.open(taken.value.path(), password=passphrase) as report:
        assert len(report.pages) >= 1
