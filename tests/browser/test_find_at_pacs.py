"""Records staff find a patient's scan at a PACS and have it fetched, in the browser."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from browser.hospital import Hospital, clean, running
from browser.test_small_pages import fits
from cast import ALICE, CHARLIE, abdomen_of, chest_of
from rooms.intake.talking_pacs import Pacs, write_file

pytestmark = pytest.mark.browser
HERS, HIS = abdomen_of(ALICE, seed=91), chest_of(CHARLIE, seed=92)


@pytest.fixture(scope="module")
def hospital(tmp_path_factory):
    """One of its own: the scan that is fetched would be the newest of Alice's in all other journeys."""
    with running(tmp_path_factory.mktemp("pacs") / "data") as opened:
        opened.sign(0)
        yield opened


@pytest.fixture
def pacs(hospital: Hospital) -> Iterator[Pacs]:
    """A PACS that answers with everything that it has, whatever is asked; the hospital's file names it."""
    one = Pacs(leaks=True)
    one.hold(*(bytes(file.data) for made in (HERS, HIS) for file in made.files))
    file = hospital.folder / "pacs.toml"
    write_file(file, kind="dicom", host="127.0.0.1", port=one.start(), ae_title="PACS")
    yield one
    one.stop()
    file.unlink()


def worker(hospital: Hospital) -> "subprocess.Popen[bytes]":
    """Let the worker do what waits, and stop."""
    env = clean() | {"SCANWARD_DATA": str(hospital.folder), "SCANWARD_DEMO": "1"}
    return subprocess.Popen([sys.executable, "-m", "scanward.cli", "worker", "--once"], env=env)


def test_a_clerk_finds_a_scan_by_its_number_and_has_it_fetched(hospital, pacs, visit, sign_in, picture, no_barriers):
    """Issue, Pull: the patient's own, by accession number; it comes whole; what the PACS says about others is nowhere;
    and where the PACS is off, a calm word.
    """
    page = visit()
    sign_in(page, "hal")
    page.goto("/desk/find/")
    page.get_by_label("Patient number").fill(ALICE.patient_id)
    page.get_by_role("button", name="Find", exact=True).click()
    page.get_by_role("link", name="Open Alice Rivera").click()
    page.get_by_role("link", name="Find at PACS").click()
    fits(page, no_barriers, picture, "pacs-ask")

    page.get_by_label("Accession number").fill(HERS.accession_number)
    page.get_by_role("button", name="Ask Archive").click()
    expect(page.get_by_text(f"Number {HERS.accession_number}")).to_be_visible()
    expect(page.get_by_text("not for certain about this patient")).to_be_visible()
    assert not [each for each in (HIS.accession_number, CHARLIE.patient_id, "Novak") if each in page.content()]
    assert HERS.accession_number not in page.url
    fits(page, no_barriers, picture, "pacs-found")

    pacs.stops_after = 3
    page.get_by_role("button", name="Fetch it").click()
    with worker(hospital) as working:
        expect(page.get_by_text("On its way")).to_be_visible()
        fits(page, no_barriers, picture, "pacs-on-its-way")
        pacs.go.set()
        assert working.wait(300) == 0
    expect(page.get_by_text("All here")).to_be_visible()
    count = len(HERS.files)
    expect(page.get_by_text(f"Archive: {count} of {count} images.")).to_be_visible()
    fits(page, no_barriers, picture, "pacs-all-here")

    pacs.stop()
    page.get_by_role("button", name="Ask Archive").click()
    expect(page.get_by_text("was not reached, or did not answer")).to_be_visible()
    fits(page, no_barriers, picture, "pacs-off")
    page.get_by_role("link", name="Alice Rivera").click()
    expect(page.get_by_text("CT of the abdomen").first).to_be_visible()
