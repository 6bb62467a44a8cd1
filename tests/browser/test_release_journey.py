"""A second opinion, in the browser: Alice asks, Hal fulfils, the doctor opens the link, Alice sees it and ends it."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from browser.hospital import today

pytestmark = pytest.mark.browser
PASSCODE = "blue-heron-7"


def ask(page, no_barriers, picture):
    page.get_by_role("link", name="My requests").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("My requests")
    no_barriers(page)
    page.get_by_role("link", name="Ask for records").click()
    no_barriers(page)
    picture(page, "release-1-who")
    page.get_by_role("link", name="A copy for myself").click()
    no_barriers(page)
    picture(page, "release-2-ask")
    page.get_by_label("CT of the chest").check()
    page.get_by_role("button", name="Next").click()
    no_barriers(page)
    picture(page, "release-2-how")
    page.get_by_role("button", name="Next").click()
    no_barriers(page)
    picture(page, "release-2-check")
    page.get_by_label("Your full name, as your signature").fill("Alice Rivera")
    page.get_by_role("button", name="Send the request").click()
    expect(page.get_by_text("We have your request.")).to_be_visible()
    no_barriers(page)
    picture(page, "release-3-received")
    return re.search(r"R-\d{4}-\d{3}-\d{3}", page.get_by_role("heading", level=1).inner_text())[0]


def fulfil(page, number, no_barriers, picture):
    page.goto("/desk/requests/")
    no_barriers(page)
    picture(page, "release-4-queue")
    page.get_by_role("link", name=number).click()
    no_barriers(page)
    picture(page, "release-5-request")
    for step in ("Take it up", "Verified", "Approve", "Build the package", "It leaves now"):
        page.get_by_role("button", name=step, exact=True).first.click()
    expect(page.get_by_text("Delivered, with its proof.")).to_be_visible()
    no_barriers(page)
    picture(page, "release-6-delivered")


def share(page, no_barriers, picture):
    page.goto("/scans/")
    page.get_by_role("link", name="CT of the chest").click()
    page.get_by_role("link", name="Share with a doctor").click()
    page.get_by_label("Who is it for?").fill("Dr. Okoye")
    page.get_by_label("Practice or hospital").fill("Riverside Clinic")
    page.get_by_label("Last day").fill((today() + timedelta(days=14)).isoformat())
    page.get_by_label("Passcode").fill(PASSCODE)
    no_barriers(page)
    picture(page, "release-7-share")
    page.get_by_role("button", name="Make the link").click()
    no_barriers(page)
    picture(page, "release-8-link")
    return page.get_by_label("Link", exact=True).input_value()


def test_a_second_opinion_from_the_request_to_the_end_of_the_link(visit, sign_in, no_barriers, picture):
    """H6, I4, J1 to J7, B18, D12: in Chromium, each page without a barrier; fault C7: no code in any address."""
    alice, hal, doctor = visit(), visit(), visit(small=True)
    sign_in(alice, "alice")
    number = ask(alice, no_barriers, picture)
    sign_in(hal, "hal")
    fulfil(hal, number, no_barriers, picture)
    alice.reload()
    expect(alice.get_by_role("heading", name="Done")).to_be_visible()
    address = share(alice, no_barriers, picture)
    asked = []
    doctor.on("request", lambda request: asked.append((request.url, request.headers.get("referer", ""))))
    doctor.goto(address)
    expect(doctor.locator("#code")).not_to_have_value("")
    assert "#" not in doctor.url
    no_barriers(doctor)
    picture(doctor, "release-9-door-phone")
    doctor.get_by_label("Your name").fill("Dr. Okoye")
    doctor.locator("#passcode").fill("blue-hedgehog")
    doctor.get_by_role("button", name="Open").click()
    expect(doctor.get_by_role("alert")).to_contain_text("That is not the passcode")
    no_barriers(doctor)
    # After a slip only the passcode is typed again.
    doctor.locator("#passcode").fill(PASSCODE)
    doctor.get_by_role("button", name="Open").click()
    expect(doctor.get_by_role("heading", level=1)).to_contain_text("Scans of")
    assert doctor.evaluate("sessionStorage.length") == 0
    no_barriers(doctor)
    doctor.get_by_role("link", name="CT of the chest").click()
    doctor.wait_for_selector("#scan-viewer[data-state=ready]")
    no_barriers(doctor)
    picture(doctor, "release-10-shared-phone")
    secret = address.split("#")[1]
    assert not [line for line in asked if secret in line[0].split("#")[0] or secret in line[1]]
    alice.goto("/where-my-scans-went/")
    expect(alice.get_by_text("Dr. Okoye, Riverside Clinic").first).to_be_visible()
    no_barriers(alice)
    picture(alice, "release-11-where")
    alice.goto("/links/")
    no_barriers(alice)
    picture(alice, "release-12-links")
    alice.get_by_role("button", name="End this link").first.click()
    doctor.reload()
    expect(doctor.get_by_role("heading", name="The link has ended")).to_be_visible()
    no_barriers(doctor)


@pytest.mark.parametrize("small", [False, True])
def test_the_forms_fit_a_telephone_and_a_keyboard(visit, sign_in, small):
    """Nothing sticks out sideways, and the form can be sent without a mouse."""
    page = visit(small=small)
    sign_in(page, "alice")
    for address in ("/requests/", "/requests/new/?for=other", "/requests/help/", "/links/", "/where-my-scans-went/"):
        page.goto(address)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_in_spanish_from_start_to_end(visit, sign_in, no_barriers, picture):
    """I18: the pages of a request speak the reader's language as far as the catalogue goes."""
    page = visit(language="es")
    sign_in(page, "alice")
    page.goto("/requests/new/?for=me")
    assert page.locator("html").get_attribute("lang") == "es"
    no_barriers(page)
    picture(page, "release-es")
