"""A report that the law of Texas keeps back for some days, in the browser: the images go out meanwhile."""

import zipfile

import pytest
from playwright.sync_api import expect

from browser.hospital import running
from browser.test_reports import listening, tell
from cast import CHARLIE, abdomen_of
from rooms.intake.test_marked_reports import marked

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def hospital(tmp_path_factory):
    """The same hospital, in Texas."""
    with running(tmp_path_factory.mktemp("texas") / "data", SCANWARD_FACILITY_STATE="TX") as opened:
        opened.sign(0)
        yield opened


def test_the_report_is_held_to_the_third_day_while_the_images_go_out(
    visit, sign_in, no_barriers, picture, hospital, tmp_path
):
    """A16, F8, trap T8: Hal enters what the author says; Alice reads until when and why, and opens it on the day."""
    hal, alice = visit(), visit(small=True)
    sign_in(hal, "hal")
    hal.goto("/desk/find/")
    hal.fill("#number", "LH-100482")
    hal.get_by_role("button", name="Find").click()
    hal.get_by_role("link", name="People Alice Rivera").click()
    hal.get_by_role("link", name="Results that the law keeps back").click()
    hal.get_by_label("What does the author of the report say?").select_option(label="It is likely to show cancer")
    no_barriers(hal)
    hal.get_by_role("button", name="Save").click()
    expect(hal.get_by_text("Held until")).to_be_visible()
    no_barriers(hal)
    picture(hal, "texas-1-desk")

    sign_in(alice, "alice")
    alice.get_by_role("link", name="CT of the chest").click()
    expect(alice.get_by_text("A law of this state keeps it back")).to_be_visible()
    expect(alice.get_by_text("nodule")).to_have_count(0)
    expect(alice.locator("#scan-viewer canvas").first).to_be_visible()
    no_barriers(alice)
    picture(alice, "texas-2-patient")
    alice.get_by_role("link", name="Keep a copy").click()
    with alice.expect_download() as waiting:
        alice.get_by_role("button", name="Download", exact=True).click()
    waiting.value.save_as(tmp_path / "copy.zip")
    names = zipfile.ZipFile(tmp_path / "copy.zip").namelist()
    assert any(name.endswith(".dcm") for name in names)
    assert not any(name.endswith(".pdf") for name in names)

    hospital.sign(4)
    alice.goto("/scans/")
    alice.get_by_role("link", name="CT of the chest").click()
    expect(alice.get_by_text("nodule").first).to_be_visible()
    picture(alice, "texas-3-third-day")


def test_a_report_that_its_sender_marked_is_held_without_anybody_at_the_desk(
    visit, sign_in, no_barriers, picture, hospital
):
    """A16, F8, trap T8: the order of the HL7 feed says restricted, and the page says until when and why."""
    charlie, hal = visit(small=True), visit()
    sign_in(charlie, "charlie")
    charlie.get_by_role("link", name="CT of the abdomen").click()
    expect(charlie.get_by_text("A law of this state keeps it back")).to_have_count(0)
    who = {"number": CHARLIE.patient_id, "name": "Novak^Charlie", "born": CHARLIE.birth_date}
    message = marked("R", accession=abdomen_of(CHARLIE).accession_number, **who)
    with listening(hospital, FACILITY_STATE="TX") as ports:
        assert b"MSA|AA" in tell(ports[1], message.replace(b"19741102|F", b"19741102|M"))
    charlie.reload()
    expect(charlie.get_by_text("A law of this state keeps it back")).to_be_visible()
    expect(charlie.get_by_text("A mass.")).to_have_count(0)
    no_barriers(charlie)
    picture(charlie, "texas-4-marked")
    sign_in(hal, "hal")
    hal.goto("/desk/find/")
    hal.fill("#number", CHARLIE.patient_id)
    hal.get_by_role("button", name="Find").click()
    hal.get_by_role("link", name="People Charlie Novak").click()
    hal.get_by_role("link", name="Results that the law keeps back").click()
    expect(hal.get_by_text("Held until")).to_be_visible()
    no_barriers(hal)
    picture(hal, "texas-5-marked-desk")
