"""What happens to people, in Chromium: an emergency, an authority, a bill, an invitation, a lost phone, a colleague."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
WORDS = "He is unconscious in the emergency room, and nobody knows his history."


def test_a_clinician_breaks_the_glass_and_the_privacy_officer_reviews_it(visit, sign_in, no_barriers, picture):
    """K8, K9, fault C15: also the patient sees it."""
    dana, priya, charlie = visit(), visit(), visit(small=True)
    sign_in(dana, "dana")
    dana.goto("/desk/find/")
    no_barriers(dana)
    dana.get_by_label("Patient number").fill("LH-100733")
    dana.get_by_role("button", name="Find").click()
    picture(dana, "people-1-find")
    no_barriers(dana)
    dana.get_by_role("link", name="Emergency access").click()
    no_barriers(dana)
    picture(dana, "people-2-emergency")
    dana.get_by_label("The patient's life is in danger").check()
    dana.get_by_label("In your own words").fill(WORDS)
    dana.get_by_role("button", name="Open the record").click()
    dana.get_by_role("link", name="Open CT").click()
    dana.wait_for_url("**/desk/scans/**")
    expect(dana.get_by_text("Emergency access to the record of Charlie Novak")).to_be_visible()
    no_barriers(dana)
    picture(dana, "people-3-open")
    sign_in(priya, "priya")
    priya.goto("/desk/reviews/")
    no_barriers(priya)
    picture(priya, "people-4-reviews")
    priya.get_by_role("link", name="Review Dana").first.click()
    expect(priya.get_by_text(WORDS)).to_be_visible()
    no_barriers(priya)
    picture(priya, "people-5-review")
    priya.get_by_role("radio", name="Yes").check()
    priya.get_by_label("What did you find?").fill("He was brought in without his papers.")
    priya.get_by_role("button", name="Write it down").click()
    expect(priya.get_by_text("Your review is written down.")).to_be_visible()
    priya.goto("/desk/explain/")
    priya.get_by_label("Somebody with an account").fill("bo@example.org")
    priya.get_by_label("What does the person want to do?").select_option(label="Look at the images")
    priya.get_by_label("Which record?").fill("LH-100482")
    priya.get_by_role("button", name="Ask").click()
    expect(priya.get_by_role("heading", name="No, they may not")).to_be_visible()
    expect(priya.get_by_text("Bo wants to look at the images.")).to_be_visible()
    no_barriers(priya)
    picture(priya, "people-6-explain")
    priya.set_viewport_size({"width": 390, "height": 844})
    assert priya.evaluate("() => document.documentElement.scrollWidth") <= 390
    picture(priya, "people-6-explain-phone")
    sign_in(charlie, "charlie")
    charlie.goto("/who-has-looked/")
    expect(charlie.get_by_text("Dana").first).to_be_visible()
    no_barriers(charlie)
    picture(charlie, "people-7-who-has-looked-phone")


def test_a_representatives_authority_ends_while_her_page_is_open(visit, sign_in, no_barriers, picture):
    """A3, C5, fault C14: entered at the desk with its paper, and gone from the scan and from the list by itself."""
    hal, charlie, small = visit(), visit(), visit(small=True)
    sign_in(hal, "hal")
    hal.goto("/desk/find/")
    hal.get_by_label("Patient number").fill("LH-100482")
    hal.get_by_role("button", name="Find").click()
    hal.get_by_role("link", name="People", exact=False).last.click()
    no_barriers(hal)
    picture(hal, "people-8-around")
    hal.get_by_role("link", name="Add a representative").click()
    no_barriers(hal)
    hal.get_by_label("E-mail address of the representative").fill("charlie@example.org")
    hal.get_by_label("Why may this person act").select_option(label="Court order")
    hal.get_by_label("Which papers did you see?").fill("court order of 3 May, identity card")
    paper = {"name": "order.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 order"}
    hal.get_by_label("Copy of the paper").set_input_files(paper)
    picture(hal, "people-9-representative")
    hal.get_by_role("button", name="Write it down").click()
    no_barriers(hal)
    picture(hal, "people-10-around")
    sign_in(charlie, "charlie")
    charlie.goto("/scans/")
    charlie.get_by_role("link", name="CT of the chest").click()
    charlie.wait_for_selector("#scan-viewer[data-state=ready]")
    address = charlie.url
    sign_in(small, "charlie")
    small.goto("/scans/")
    expect(small.get_by_text("Alice Rivera").first).to_be_visible()
    hal.get_by_role("button", name="End this now Charlie").click()
    expect(hal.get_by_text("Ended, at once.")).to_be_visible()
    # Nobody touches her page: it asks by itself, and the words take the place of the scan.
    expect(charlie.get_by_role("heading", name="You no longer act for this person")).to_be_visible()
    expect(charlie.get_by_text("Your authority to act for this person (Court order")).to_be_visible()
    expect(charlie.locator("canvas")).to_have_count(0)
    assert "Rivera" not in charlie.content()
    assert charlie.goto(address).status == 404
    no_barriers(charlie)
    picture(charlie, "people-11-ended")
    expect(small.get_by_role("heading", name="You no longer act for a person")).to_be_visible()
    assert "Rivera" not in small.content()
    no_barriers(small)
    picture(small, "people-11-ended-scans-phone")


def test_billing_sees_the_bill_and_not_the_scan(visit, sign_in, no_barriers, picture):
    """A5, K5: minimum necessary."""
    alice, bo = visit(), visit()
    sign_in(alice, "alice")
    alice.get_by_role("link", name="CT of the chest").click()
    scan = alice.url
    sign_in(bo, "bo")
    bo.goto("/desk/find/")
    bo.get_by_label("Patient number").fill("LH-100482")
    bo.get_by_role("button", name="Find").click()
    bo.get_by_role("link", name="Open Alice Rivera").click()
    expect(bo.get_by_text("You see only what your work needs: no images, no report.")).to_be_visible()
    assert "chest" not in bo.content().lower()
    no_barriers(bo)
    picture(bo, "people-12-bill")
    assert bo.goto(scan).status == 404


def test_an_administrator_invites_a_clerk_and_a_second_one_approves(visit, sign_in, no_barriers, picture, hospital):
    """K1: it takes two."""
    sam, sue = visit(), visit()
    sign_in(sam, "sam")
    sam.goto("/desk/people/")
    sam.get_by_role("link", name="Invite somebody").click()
    no_barriers(sam)
    sam.get_by_label("Name", exact=True).fill("Nell Park")
    sam.get_by_label("E-mail address").fill("nell@example.org")
    sam.get_by_label("Role", exact=True).select_option(label="Medical records")
    picture(sam, "people-13-invite")
    sam.get_by_role("button", name="Ask for approval").click()
    expect(sam.get_by_text("Another person decides")).to_be_visible()
    no_barriers(sam)
    picture(sam, "people-14-asked")
    sign_in(sue, "sue")
    sue.goto("/desk/people/")
    sue.get_by_role("button", name="Approve Nell Park").click()
    expect(sue.get_by_role("link", name="Change Nell Park: Medical records")).to_be_visible()
    no_barriers(sue)
    picture(sue, "people-15-approved")
    hospital.letter("nell@example.org", "Your account is ready")


def test_a_patient_signs_out_a_lost_phone(visit, sign_in, no_barriers, picture):
    """I9, I10, K4: whoever has the phone sees nothing any more, though nobody touches it."""
    phone, desk = visit(small=True), visit()
    sign_in(phone, "ruth")
    phone.goto("/who-has-looked/")
    sign_in(desk, "ruth")
    desk.goto("/security/")
    no_barriers(desk)
    picture(desk, "people-16-devices")
    desk.get_by_role("button", name="Sign out Chrome on Android").first.click()
    expect(desk.get_by_text("That device is signed out.")).to_be_visible()
    picture(desk, "people-16-signed-out-desk")
    phone.wait_for_url("**/account/login/**")
    expect(phone.get_by_text("You were signed out here from another of your devices.")).to_be_visible()
    assert "ruth" not in phone.inner_text("body").lower()
    no_barriers(phone)
    picture(phone, "people-17-signed-out-phone")


def test_a_clinician_compares_two_scans_side_by_side(visit, sign_in, no_barriers, picture):
    """A4, H8: from her list of patients to both scans at once, and on a phone one above the other."""
    dana, small = visit(), visit(small=True)
    for page, size in ((dana, "desk"), (small, "phone")):
        sign_in(page, "dana")
        page.goto("/desk/patients/")
        no_barriers(page)
        picture(page, f"people-18-my-patients-{size}")
        page.get_by_role("link", name="Nora Lind").first.click()
        page.get_by_role("link", name="Side by side").click()
        expect(page.locator(".scan-viewer[data-state=ready]")).to_have_count(2)
        assert page.evaluate("() => document.documentElement.scrollWidth") <= (390 if size == "phone" else 1200)
        no_barriers(page)
        picture(page, f"people-19-side-by-side-{size}")


def test_the_desk_brings_a_clinician_in_and_writes_down_a_death(visit, sign_in, no_barriers, picture):
    """A4, K10, fault C14: who treats a patient, and a record under special watch."""
    hal, dora, priya = visit(), visit(), visit()
    sign_in(hal, "hal")
    hal.goto("/desk/find/")
    hal.get_by_label("Patient number").fill("LH-100911")
    hal.get_by_role("button", name="Find").click()
    hal.get_by_role("link", name="People", exact=False).last.click()
    around = hal.url
    hal.get_by_text("Bring a clinician in").click()
    hal.get_by_label("E-mail address of the clinician").fill("dora@example.org")
    hal.get_by_label("Why", exact=True).select_option(label="Care team")
    no_barriers(hal)
    picture(hal, "people-20-care")
    hal.get_by_role("button", name="Open the record to them").click()
    expect(hal.get_by_text("The record is open to this person now.")).to_be_visible()
    sign_in(dora, "dora")
    dora.goto("/desk/patients/")
    dora.get_by_role("link", name="Nora Lind").first.click()
    scan = dora.url
    hal.get_by_role("button", name="End this now Dora").click()
    assert dora.goto(scan).status == 404
    sign_in(priya, "priya")
    priya.goto(around)
    priya.get_by_role("button", name="Watch this record").click()
    priya.get_by_text("The patient has died").click()
    no_barriers(priya)
    picture(priya, "people-21-watched")
    priya.get_by_role("button", name="End the watch").click()
    expect(priya.get_by_role("button", name="Watch this record")).to_be_visible()
