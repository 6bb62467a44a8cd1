"""What a patient asks by letter or telephone, and what officials ask: at both widths, and without a barrier."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect

from browser.hospital import today
from browser.test_release_decisions import LAST
from browser.test_small_pages import fits

pytestmark = pytest.mark.browser
SHERIFF = "Det. Jones, County Sheriff"


def around_alice(page, link):
    """Find her record as the desk does, and follow a link of the page about people around her."""
    page.goto("/desk/find/")
    page.get_by_label("Patient number").fill("LH-100482")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("link", name="People", exact=False).last.click()
    page.get_by_role("link", name=link).click()
    return page.url


def enter(page, *, channel, **fields):
    """Put what Alice asks by word or letter into the queue, with these fields filled in by their names."""
    page.goto("/desk/requests/new/")
    page.get_by_label("By", exact=True).select_option(label=channel)
    page.get_by_label("Arrived on").fill(today().isoformat())
    page.locator("#number").fill("LH-100482")
    page.locator("#name").fill("Alice Rivera")
    for name, value in fields.items():
        field = page.locator(f"#{name}")
        if field.evaluate("field => field.tagName") == "SELECT":
            field.select_option(label=value)
        else:
            field.fill(value)
    page.get_by_role("button", name="Put it into the queue").click()


def test_a_correction_by_letter_with_its_statement_and_its_rebuttal(visit, sign_in, no_barriers, picture):
    """H7, I15; 45 CFR 164.526(d)(2), (3): entered, denied, disagreed with, answered; the patient reads both."""
    hal, alice = visit(), visit(small=True)
    sign_in(hal, "hal")
    wishes = around_alice(hal, "Corrections and restrictions")
    hal.get_by_label("What is wrong, and what should it say?").fill("The nodule is 4 mm, not 5 mm.")
    hal.get_by_label("It came on").fill((today() - timedelta(days=3)).isoformat())
    hal.locator("button[value=amend]").click()
    expect(hal.get_by_text("It waits under Corrections")).to_be_visible()
    hal.goto("/desk/wishes/")
    mine = hal.locator("section", has_text="The nodule is 4 mm")
    mine.get_by_label("Our answer, in plain words").fill("We measured it again: 5 mm.")
    mine.get_by_label("If it is denied: the ground").select_option(label="It is accurate and complete.")
    fits(hal, no_barriers, picture, "wishes-answer")
    mine.get_by_role("button", name="Deny", exact=True).click()
    hal.goto(wishes)
    mine = hal.locator(".note", has_text="The nodule is 4 mm")
    mine.get_by_label("The statement of disagreement, in the patient's words").fill("Another doctor measured 4 mm.")
    fits(hal, no_barriers, picture, "wishes-statement")
    mine.get_by_role("button", name="Keep the statement").click()
    mine.get_by_text("Write a rebuttal").click()
    mine.get_by_label("Why the record stays as it is").fill("Both were measured; ours is along the long axis.")
    fits(hal, no_barriers, picture, "wishes-rebuttal")
    mine.get_by_role("button", name="Keep the rebuttal").click()
    expect(mine.get_by_text("Our rebuttal of")).to_be_visible()
    fits(hal, no_barriers, picture, "wishes-rebutted")
    sign_in(alice, "alice")
    alice.goto("/my-rights/")
    expect(alice.get_by_text("ours is along the long axis")).to_be_visible()
    fits(alice, no_barriers, picture, "rights-rebutted")


def test_who_was_told_of_a_correction(visit, sign_in, no_barriers, picture):
    """H7; 45 CFR 164.526(c)(3): whom the patient names, on which day; in Spanish on her page."""
    hal, alice = visit(), visit(small=True, language="es")
    sign_in(hal, "hal")
    wishes = around_alice(hal, "Corrections and restrictions")
    hal.get_by_label("What is wrong, and what should it say?").fill("My birthplace is Laredo.")
    hal.locator("button[value=amend]").click()
    hal.goto("/desk/wishes/")
    hal.locator("section", has_text="My birthplace").get_by_role("button", name="Accept", exact=True).click()
    hal.goto(wishes)
    mine = hal.locator(".note", has_text="My birthplace")
    mine.get_by_text("Write down who was told").click()
    if mine.locator("select[name=known]").count():
        mine.get_by_label("Who was told", exact=True).select_option(value="")
    mine.locator("input[name=named]").fill("Dr. Vega, 5 Hill Road")
    fits(hal, no_barriers, picture, "wishes-tell")
    mine.get_by_role("button", name="Write it down").click()
    expect(mine.get_by_text("Dr. Vega, 5 Hill Road, on")).to_be_visible()
    fits(hal, no_barriers, picture, "wishes-told")
    sign_in(alice, "alice")
    alice.goto("/my-rights/")
    expect(alice.get_by_text("Dr. Vega, 5 Hill Road, el")).to_be_visible()
    fits(alice, no_barriers, picture, "rights-told-es")


def test_a_restriction_by_telephone(visit, sign_in, no_barriers, picture):
    """I15; 45 CFR 164.522(a)(2): noted at once where it was paid for in full, and ended by her word only."""
    hal = visit()
    sign_in(hal, "hal")
    around_alice(hal, "Corrections and restrictions")
    hal.get_by_label("Who should not get them?").select_option(value="plan")
    hal.get_by_label("The patient paid for it, in full").check()
    hal.locator("button[value=restrict]").click()
    kept = hal.locator(".note", has_text="In force. Nothing goes out against it.").first
    expect(kept).to_be_visible()
    fits(hal, no_barriers, picture, "wishes-restriction")
    kept.get_by_role("button", name="End this restriction").click()
    expect(hal.get_by_text("What was paid for in full stays restricted.")).to_be_visible()
    kept.locator("input[name=agrees]").check()
    kept.get_by_role("button", name="End this restriction").click()
    expect(hal.get_by_text("The restriction has ended.")).to_be_visible()


def test_the_list_of_disclosures_and_an_official_who_asks_to_stay_off_it(visit, sign_in, no_barriers, picture):
    """L5; 45 CFR 164.528(a)(2): the list is made at the desk; the statement is the privacy officer's to write down."""
    hal, priya = visit(), visit()
    sign_in(hal, "hal")
    enter(
        hal, channel="Letter", track="Permitted or required by law", requester="County Sheriff",
        recipient_kind="Public authority", recipient_name=SHERIFF, recipient_address="5 Hill Road",
    )  # fmt: skip
    around_alice(hal, "Who received the records")
    fits(hal, no_barriers, picture, "accounting-clerk")
    with hal.expect_response(lambda answer: answer.request.method == "POST" and "/accounting/" in answer.url) as made:
        hal.get_by_role("button", name="Make the list (PDF)").click()
    assert (made.value.status, made.value.headers["content-type"]) == (200, "application/pdf")
    sign_in(priya, "priya")
    around_alice(priya, "Who received the records")
    priya.get_by_text("Write a statement down").click()
    priya.get_by_label("Who received the records", exact=True).select_option(label=SHERIFF)
    priya.get_by_label("Who made the statement, and for which agency").fill("Det. Jones, badge 411")
    priya.get_by_label("How", exact=True).select_option(label="Spoken")
    priya.get_by_label("What was said, or where the paper is kept").fill("It would warn a suspect.")
    priya.get_by_label("Day of the statement").fill(today().isoformat())
    priya.get_by_label("Last day on which it is left off").fill((today() + timedelta(days=60)).isoformat())
    fits(priya, no_barriers, picture, "suspension-form")
    priya.get_by_role("button", name="Leave it off until then").click()
    expect(priya.get_by_text("30 days").first).to_be_visible()
    priya.get_by_label("Last day on which it is left off").fill((today() + timedelta(days=20)).isoformat())
    priya.get_by_role("button", name="Leave it off until then").click()
    expect(priya.locator(".tag.warn", has_text="Left off until")).to_be_visible()
    fits(priya, no_barriers, picture, "suspension")
    priya.get_by_role("button", name="Put it back on the list now").click()
    expect(priya.get_by_text("It stands on the list again.")).to_be_visible()


def test_a_letter_takes_a_permission_back(visit, sign_in, no_barriers, picture):
    """D8, D9: signed in the portal, taken back by letter at the desk, and the patient sees when."""
    alice, hal = visit(small=True), visit()
    sign_in(alice, "alice")
    alice.goto("/requests/new/?for=asked")
    alice.locator("input[name=study]").first.check()
    alice.locator("button[name=go]").first.click()
    for name, value in (("recipient_name", "Eva Moss"), ("recipient_address", "9 Court Street")):
        alice.locator(f"#{name}").fill(value)
    alice.locator("#purpose").fill("at my request")
    alice.locator("#expires_on").fill(LAST)
    for _step in range(2):
        alice.locator("button[name=go]").first.click()
    alice.locator("#signature").fill("Alice Rivera")
    alice.locator("button[value=send]").click()
    number = re.search(r"R-\d{4}-\d{3}-\d{3}", alice.get_by_role("heading", level=1).inner_text())[0]
    sign_in(hal, "hal")
    hal.goto("/desk/requests/")
    hal.get_by_role("link", name=number).click()
    hal.get_by_text("It was taken back in writing").click()
    hal.get_by_label("How it came").select_option(label="Letter")
    hal.get_by_label("It came on").fill(today().isoformat())
    fits(hal, no_barriers, picture, "revoke-form")
    hal.get_by_role("button", name="Note it, and stop everything that rests on it").click()
    expect(hal.get_by_text("Taken back on").first).to_be_visible()
    fits(hal, no_barriers, picture, "revoked")
    alice.reload()
    fits(alice, no_barriers, picture, "revoked-patient")
    expect(alice.get_by_role("link", name="Your permission has ended", exact=False).first).to_be_visible()


def test_who_asks_by_telephone_has_her_address_read_back(visit, sign_in, no_barriers, picture):
    """C6: what does not agree is named, and nothing is approved before it agrees."""
    hal = visit()
    sign_in(hal, "hal")
    enter(hal, channel="Telephone", contact="1 Main Street", delivery="Disc or stick by mail")
    hal.get_by_role("button", name="Take it up", exact=True).click()
    hal.locator("#proof").select_option("answers that agree with the record")
    hal.locator("#how").select_option("on the telephone")
    hal.get_by_role("button", name="Verified", exact=True).click()
    expect(hal.get_by_text("Read the recipient back").first).to_be_visible()
    hal.locator("#back_name").fill("Alice Rivera")
    hal.locator("#back_address").fill("7 Main Street")
    fits(hal, no_barriers, picture, "read-back")
    hal.get_by_role("button", name="It agrees").click()
    expect(hal.get_by_text("Read back differently: address.")).to_be_visible()
    hal.locator("#back_name").fill("Alice Rivera")
    hal.locator("#back_address").fill("1 Main Street")
    hal.get_by_role("button", name="It agrees").click()
    expect(hal.get_by_text("The recipient is confirmed.")).to_be_visible()
    expect(hal.locator("#back_address")).to_have_count(0)


def test_plain_mail_that_she_insists_on_is_sent_after_the_warning_only(visit, sign_in, no_barriers, picture):
    """G17, trap T10: the box has no tick of its own, and without hers nothing is sent."""
    alice, hal = visit(small=True), visit()
    sign_in(alice, "alice")
    alice.goto("/requests/new/?for=me")
    alice.locator("input[name=study]").first.check()
    alice.locator("input[name=images]").uncheck()
    alice.locator("button[name=go]").first.click()
    alice.locator("select[name=medium]").select_option(value="pdf")
    alice.locator("input[name=delivery][value=plain_email]").check()
    fits(alice, no_barriers, picture, "plain-mail-choice")
    alice.locator("button[name=go]").first.click()
    expect(alice.get_by_text("like a postcard", exact=False)).to_be_visible()
    expect(alice.locator("input[name=warned]")).not_to_be_checked()
    alice.locator("#signature").fill("Alice Rivera")
    fits(alice, no_barriers, picture, "plain-mail-warning")
    alice.locator("button[name=go][value=send]").click()
    expect(alice.locator("input[name=warned]")).to_be_visible()
    alice.locator("input[name=warned]").check()
    alice.locator("button[name=go][value=send]").click()
    number = re.search(r"R-\d{4}-\d{3}-\d{3}", alice.get_by_role("heading", level=1).inner_text())[0]
    expect(alice.get_by_text("Plain e-mail, not encrypted")).to_be_visible()
    sign_in(hal, "hal")
    hal.goto("/desk/requests/")
    hal.get_by_role("link", name=number).click()
    expect(hal.get_by_text("Still wanted after our warning", exact=False)).to_be_visible()
    picture(hal, "small-plain-mail-desk")


def test_the_desk_ends_a_link_at_her_word(visit, sign_in, no_barriers, picture):
    """J6: made in the portal, named on the desk's page, and ended there."""
    alice, hal = visit(small=True), visit()
    sign_in(alice, "alice")
    alice.goto("/scans/")
    alice.locator("main a[href*='/scans/']").first.click()
    alice.goto(f"{alice.url}share")
    alice.locator("#name").fill("Dr. Linden")
    alice.locator("#last_day").fill((today() + timedelta(days=9)).isoformat())
    alice.locator("#passcode").fill("blue-heron-7")
    alice.locator("main form button[type=submit]").first.click()
    expect(
        alice.get_by_text("/shared/#", exact=False).or_(alice.locator("input[value*='/shared/#']")).first
    ).to_be_visible()
    sign_in(hal, "hal")
    around_alice(hal, "Links that are open")
    mine = hal.locator("section", has_text="Dr. Linden")
    expect(mine).to_be_visible()
    fits(hal, no_barriers, picture, "links-open")
    mine.get_by_role("button", name="End this link").click()
    expect(hal.get_by_text("The link has ended. Nobody can open it any more.")).to_be_visible()
    expect(mine).to_have_count(0)
    fits(hal, no_barriers, picture, "links-ended")
