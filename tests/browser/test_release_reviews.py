"""A denial of a part, in the browser: the rest goes out, and what the review grants follows by itself."""

import pytest
from playwright.sync_api import expect

from browser.test_release_decisions import ask, take_up

pytestmark = pytest.mark.browser


def test_the_report_follows_when_the_review_grants_it(visit, sign_in, no_barriers, picture):
    """A12, G19, I18: the images leave at once; the report, denied and then granted, comes as a request of its own."""
    alice, lead, officer = visit(), visit(), visit()
    sign_in(alice, "alice")
    sign_in(lead, "lena")
    sign_in(officer, "priya")
    number = ask(alice)
    take_up(lead, number)
    lead.get_by_text("Other steps").click()
    lead.locator("input[name=withheld][value=report]").check()
    options = lead.locator("#ground option").all_inner_texts()
    lead.locator("#ground").select_option(label=next(text for text in options if "life" in text))
    lead.locator("#judge").select_option(label="Dana")
    lead.locator("#deny-text").fill("She said that she would harm herself.")
    lead.get_by_role("button", name="Deny", exact=True).click()
    for step in ("Approve", "Build the package", "It leaves now"):
        lead.get_by_role("button", name=step, exact=True).first.click()
    expect(lead.get_by_text("Delivered, with its proof.")).to_be_visible()
    no_barriers(lead)
    picture(lead, "review-1-part-delivered")
    alice.reload()
    expect(alice.get_by_text("We keep back")).to_be_visible()
    alice.get_by_role("button", name="Ask for a review").click()
    no_barriers(alice)
    officer.goto("/desk/requests/")
    expect(officer.get_by_role("heading", name="Reviews of denials")).to_be_visible()
    no_barriers(officer)
    picture(officer, "review-2-queue")
    officer.goto(lead.url)
    officer.locator("#reviewer").select_option(label="Dora")
    officer.locator("#outcome").select_option(value="granted")
    officer.get_by_role("button", name="Note the outcome").click()
    expect(officer.get_by_text("Given after the review")).to_be_visible()
    lead.reload()
    lead.locator("dt:has-text('Given after the review') + dd a").click()
    for step in ("Build the package", "It leaves now"):
        lead.get_by_role("button", name=step, exact=True).first.click()
    expect(lead.get_by_text("Delivered, with its proof.")).to_be_visible()
    no_barriers(lead)
    picture(lead, "review-3-report-delivered")
    alice.reload()
    alice.locator("dt:has-text('Given after the review') + dd a").click()
    expect(alice.get_by_role("heading", level=1)).not_to_contain_text(number)
    no_barriers(alice)
    picture(alice, "review-4-patient")
