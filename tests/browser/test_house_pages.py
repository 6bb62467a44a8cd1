"""What the officers keep about the house, in Chromium: a contract put on file, a safeguard looked at."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser


def test_the_privacy_officer_keeps_contracts_and_looks_at_the_rooms(visit, sign_in, no_barriers, picture):
    """A7, O6: at a desk and on a telephone, without barriers."""
    priya, phone = visit(), visit(small=True)
    sign_in(priya, "priya")
    priya.goto("/desk/contracts/")
    no_barriers(priya)
    priya.get_by_role("textbox", name="Company").fill("Northwind Teleradiology")
    priya.get_by_label("What it does for us").fill("Reads scans at night")
    priya.get_by_label("Signed on").fill("2025-03-01")
    priya.get_by_label("Where the contract is kept").fill("Cabinet 4")
    priya.get_by_label("I have read it.").check()
    priya.get_by_role("button", name="Put on file").click()
    expect(priya.get_by_text("The contract is on file.")).to_be_visible()
    expect(priya.get_by_text("In force")).to_be_visible()
    no_barriers(priya)
    picture(priya, "house-1-contracts")
    priya.goto("/desk/rooms-and-devices/")
    no_barriers(priya)
    priya.get_by_role("button", name="It is in order").first.click()
    expect(priya.get_by_text("Your check is written down.")).to_be_visible()
    picture(priya, "house-2-rooms")
    sign_in(phone, "priya")
    phone.goto("/desk/contracts/")
    no_barriers(phone)
    picture(phone, "house-3-contracts-phone")


def test_on_a_phone_the_menu_is_one_row_that_the_keyboard_opens(visit, sign_in, no_barriers, picture):
    """The privacy officer has the most places to go; on a wide screen they all stand there, and no button."""
    phone, desk = visit(small=True), visit()
    sign_in(phone, "priya")
    sign_in(desk, "priya")
    phone.goto("/desk/")
    menu, place = phone.locator("nav summary"), phone.locator("nav").get_by_role("link", name="Who saw what")
    expect(place).to_be_hidden()
    assert phone.locator("header").bounding_box()["height"] < 200
    no_barriers(phone)
    picture(phone, "menu-1-closed-phone")
    menu.focus()
    phone.keyboard.press("Enter")
    expect(place).to_be_visible()
    no_barriers(phone)
    picture(phone, "menu-2-open-phone")
    place.focus()
    phone.keyboard.press("Enter")
    expect(phone.get_by_role("heading", level=1, name="Who saw what")).to_be_visible()
    expect(place).to_be_hidden()
    desk.goto("/desk/")
    expect(desk.locator("nav summary")).to_be_hidden()
    expect(desk.locator("nav").get_by_role("link", name="Who saw what")).to_be_visible()
    no_barriers(desk)
    picture(desk, "menu-3-desktop")
