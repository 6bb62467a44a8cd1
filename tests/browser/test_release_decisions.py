"""What the desk decides, in the browser: a defective authorization, a denial and its review, a Texas report, rights."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from browser.hospital import today

pytestmark = pytest.mark.browser
LAST = (today() + timedelta(days=90)).isoformat()


def ask(page, way="me"):
    """Ask for the chest CT in the portal, page by page, and return the number."""
    page.goto(f"/requests/new/?for={way}")
    page.locator("input[name=study]").first.check()
    for _step in range(2):
        page.locator("button[name=go]").first.click()
    page.locator("#signature").fill("Alice Rivera")
    page.locator("button[name=go][value=send]").click()
    return re.search(r"R-\d{4}-\d{3}-\d{3}", page.get_by_role("heading", level=1).inner_text())[0]


def take_up(page, number):
    page.goto("/desk/requests/")
    page.get_by_role("link", name=number).click()
    for step in ("Take it up", "Verified"):
        page.get_by_role("button", name=step, exact=True).first.click()


def test_an_attorneys_defective_authorization_goes_back(visit, sign_in, no_barriers, picture):
    """A8, D1 to D7, B1: a letter is entered at the desk, and returned with each defect and its clause."""
    page = visit()
    sign_in(page, "hal")
    page.goto("/desk/requests/new/")
    no_barriers(page)
    page.get_by_label("By", exact=True).select_option(label="Letter")
    page.get_by_label("Arrived on").fill(today().isoformat())
    page.get_by_label("What kind").select_option(label="Somebody else asks, with an authorization")
    page.get_by_label("Patient number, if known").fill("LH-100482")
    page.locator("#name").fill("Alice Rivera")
    page.locator("#requester").fill("Lawson & Partners")
    page.locator("#recipient_kind").select_option(label="Attorney")
    page.locator("#recipient_name").fill("Lawson & Partners")
    page.locator("#recipient_address").fill("9 Court Street")
    page.get_by_role("button", name="Put it into the queue").click()
    page.get_by_role("button", name="Take it up", exact=True).click()
    page.locator("#proof").select_option("a badge, letterhead or written authority of an office")
    page.locator("#how").select_option("by post")
    page.locator("#note").fill("called back")
    page.get_by_role("button", name="Verified", exact=True).click()
    page.get_by_label("Which information").fill("All CT images")
    page.locator("#a-signature").fill("Alice Rivera")
    page.get_by_role("button", name="Check it").click()
    expect(page.get_by_text("It has no expiration date or event.").first).to_be_visible()
    expect(page.get_by_text("45 CFR 164.508(c)(1)(v)").first).to_be_visible()
    no_barriers(page)
    picture(page, "release-defects")
    page.get_by_role("button", name="Send it back with all of these").click()
    expect(page.get_by_text("Returned: defective").first).to_be_visible()
    no_barriers(page)
    picture(page, "release-returned")


def test_a_denial_is_reviewed_by_another_professional(visit, sign_in, no_barriers, picture):
    """A12, I18: the lead denies on what Dana judged, Alice asks for a review, somebody else decides it."""
    alice, lead, officer = visit(), visit(), visit()
    sign_in(alice, "alice")
    sign_in(lead, "lena")
    sign_in(officer, "priya")
    number = ask(alice)
    take_up(lead, number)
    lead.get_by_text("Other steps").click()
    for part in ("images", "report"):
        lead.locator(f"input[name=withheld][value={part}]").check()
    options = lead.locator("#ground option").all_inner_texts()
    lead.locator("#ground").select_option(label=next(text for text in options if "life" in text))
    lead.locator("#judge").select_option(label="Dana")
    lead.locator("#deny-text").fill("She said that she would harm herself.")
    lead.get_by_role("button", name="Deny", exact=True).click()
    expect(lead.get_by_text("Denied. The letter says why")).to_be_visible()
    no_barriers(lead)
    alice.reload()
    expect(alice.get_by_role("heading", name="We said no")).to_be_visible()
    no_barriers(alice)
    picture(alice, "release-denied")
    alice.get_by_role("button", name="Ask for a review").click()
    expect(alice.get_by_role("heading", name="Being reviewed")).to_be_visible()
    officer.goto(lead.url)
    officer.locator("#reviewer").select_option(label="Dora")
    officer.locator("#outcome").select_option(value="granted")
    no_barriers(officer)
    officer.get_by_role("button", name="Note the outcome").click()
    expect(officer.get_by_text("The outcome of the review is noted.")).to_be_visible()
    alice.reload()
    expect(alice.get_by_role("heading", name="The review is done")).to_be_visible()
    picture(alice, "release-reviewed")


def test_a_correction_and_its_answer(visit, sign_in, no_barriers, picture):
    """H7: asked in the portal, answered at the desk, and the letter is there."""
    alice, hal = visit(small=True), visit()
    sign_in(alice, "alice")
    alice.goto("/my-rights/")
    no_barriers(alice)
    picture(alice, "rights-phone")
    alice.locator("#amend-text").fill("It says left; it is the right lung.")
    alice.get_by_role("button", name="Ask for a correction").click()
    sign_in(hal, "hal")
    hal.goto("/desk/wishes/")
    no_barriers(hal)
    picture(hal, "rights-desk")
    hal.get_by_role("button", name="Accept", exact=True).first.click()
    alice.reload()
    expect(alice.get_by_text("We accepted it.").first).to_be_visible()
    no_barriers(alice)


def test_permission_and_forms_in_spanish(visit, sign_in, no_barriers, picture):
    """B11, B12, D1 to D5, I18: from the first page to the signed permission, every page in Spanish."""
    page = visit(language="es")
    sign_in(page, "alice")
    page.goto("/requests/new/")
    no_barriers(page)
    page.get_by_role("link", name="Alguien que lo pide").click()
    page.locator("input[name=study]").first.check()
    no_barriers(page)
    page.locator("button[name=go]").first.click()
    page.locator("#recipient_name").fill("Ada Lawson")
    page.locator("#recipient_address").fill("9 Court Street")
    page.locator("#purpose").fill("porque yo lo pido")
    page.locator("#expires_on").fill(LAST)
    no_barriers(page)
    picture(page, "permission-es-1")
    page.locator("button[name=go]").first.click()
    no_barriers(page)
    page.locator("button[name=go]").first.click()
    expect(page.get_by_text("Puede anular este permiso")).to_be_visible()
    no_barriers(page)
    picture(page, "permission-es-2")
    page.locator("#signature").fill("Alice Rivera")
    page.locator("button[value=send]").click()
    expect(page.get_by_role("link", name="El permiso que firmó (PDF)")).to_be_visible()
    no_barriers(page)
    picture(page, "permission-es-3")
    page.goto("/where-my-scans-went/")
    expect(page.locator("form .danger").first).to_be_visible()
    page.goto("/forms/")
    no_barriers(page)
    picture(page, "forms-es")
