"""A patient brings a disc of another hospital, in the browser."""

import io
import zipfile

import pytest
from playwright.sync_api import expect

from cast import ALICE, chest_of

pytestmark = pytest.mark.browser


def test_a_patient_brings_a_disc(visit, sign_in, no_barriers, picture):
    """A14, B14: a ZIP with images that are here already, and a viewer; all tests share the hospital."""
    disc = io.BytesIO()
    with zipfile.ZipFile(disc, "w") as archive:
        for file in chest_of(ALICE).files:
            archive.writestr(file.name, bytes(file.data))
        archive.writestr("VIEWER.EXE", b"MZ")
    page = visit(small=True)
    sign_in(page, "alice")
    page.get_by_role("link", name="Bring scans from another hospital").click()
    no_barriers(page)
    picture(page, "bring")
    page.locator("#files").set_input_files(
        {"name": "disc.zip", "mimeType": "application/zip", "buffer": disc.getvalue()}
    )
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.get_by_role("heading", name="What you have brought")).to_be_visible(timeout=60_000)
    expect(page.get_by_text("disc.zip > VIEWER.EXE")).to_be_visible()
    expect(page.get_by_text("Here already", exact=True)).to_be_visible()
    no_barriers(page)
    picture(page, "brought")
