"""The pictures: every grey, place and length against a phantom whose every value is known."""

from __future__ import annotations

import time
from io import BytesIO

import pytest
from PIL import Image
from playwright.sync_api import expect

from browser.viewing import Seen, phantom

pytestmark = pytest.mark.browser


def expected_grey(value: float, center: float, width: float) -> int:
    """PS3.3 C.11.2.1.2.1 for 8 bits, written here once more on its own."""
    if value <= center - 0.5 - (width - 1) / 2:
        return 0
    if value > center - 0.5 + (width - 1) / 2:
        return 255
    return int(((value - (center - 0.5)) / (width - 1) + 0.5) * 255 + 0.5)


PRESETS = {"1": (40, 400), "2": (-600, 1500), "3": (400, 1800), "4": (40, 80), "0": (50, 350)}


def test_every_preset_shows_known_hounsfield_values_in_the_right_grey(seen: Seen) -> None:
    values = {"air": phantom.AIR, "tissue": phantom.TISSUE, "lung": phantom.LUNG, "bone": phantom.BONE}
    for key, (center, width) in PRESETS.items():
        seen.press(key)
        seen.has(window=f"{center}/{width}", slice=25, slices=48)
        for place, value in values.items():
            assert seen.grey(place) == expected_grey(value, center, width), (key, place)


def test_what_is_on_the_screen_is_what_the_canvas_holds(seen: Seen) -> None:
    seen.press("1")
    seen.settle()
    until = time.monotonic() + 60
    # A busy machine may not have painted yet what the canvas holds.
    while (grey := pixel_at(seen, 96.5, 40.5)) != (128, 128, 128) and time.monotonic() < until:
        time.sleep(0.2)
    assert grey == (128, 128, 128)


def pixel_at(seen: Seen, column: float, row: float) -> object:
    """The colour that the screen shows there."""
    x, y = seen.on_screen(column, row)
    shot = seen.page.screenshot(clip={"x": x, "y": y, "width": 1, "height": 1})
    return Image.open(BytesIO(shot)).convert("RGB").getpixel((0, 0))


def test_the_keyboard_goes_through_the_slices(seen: Seen) -> None:
    for key, slice_now in [("ArrowDown", 26), ("ArrowUp", 25), ("PageDown", 35), ("PageUp", 25)]:
        seen.press(key)
        seen.has(slice=slice_now)
    for key, slice_now in [("Home", 1), ("ArrowUp", 1), ("End", 48), ("ArrowDown", 48)]:
        seen.press(key)
        seen.has(slice=slice_now)


def test_wheel_drag_and_slider_go_through_the_slices(seen: Seen) -> None:
    x, y = seen.on_screen(96, 80)
    seen.page.mouse.move(x, y)
    seen.page.mouse.wheel(0, 100)
    seen.has(slice=26)
    seen.page.mouse.wheel(0, -100)
    seen.has(slice=25)
    seen.drag((x, y), (x, y + 80))
    assert seen.slice > 30
    seen.page.get_by_role("slider", name="Slice").fill("2")
    seen.has(slice=3)


def test_each_slice_shows_its_own_frame(seen: Seen) -> None:
    seen.press("1")
    column, row, height = phantom.PIN
    seen.becomes(column, row, [0, 0, 0])  # the lung
    seen.page.get_by_role("slider").fill(str(phantom.SLICES - 1 - height))
    seen.has(slice=phantom.SLICES - height)
    seen.becomes(column, row, [255, 255, 255])


def test_a_rod_of_100_mm_measures_100_mm(seen: Seen) -> None:
    seen.button("Measure")
    left, right = phantom.ROD_COLUMNS
    seen.drag(seen.on_screen(left, phantom.ROD_ROW), seen.on_screen(right, phantom.ROD_ROW))
    measured = float(seen.root.get_attribute("data-length") or 0)
    assert measured == pytest.approx(phantom.ROD_MM, abs=0.6)
    expect(seen.page.locator(".sv-length")).to_have_text(f"{measured:.1f} mm")


def test_lengths_are_measured_by_keyboard_too_and_taken_back(seen: Seen) -> None:
    seen.press("l", *["Shift+ArrowLeft"] * 4, "Enter", *["Shift+ArrowRight"] * 8, "Enter")
    seen.has(length="100.00")
    expect(seen.page.get_by_role("status")).to_have_text("Length 100.0 millimetres")
    seen.press("Delete")
    expect(seen.page.locator(".sv-length")).to_have_count(0)


def test_nothing_is_measured_where_the_pixel_size_is_unknown(seen: Seen) -> None:
    seen.series("Dose")
    seen.has(series="dose")
    seen.button("Measure")
    expect(seen.page.locator(".sv-toast")).to_contain_text("doesn't say how large its pixels are")
    seen.drag(seen.on_screen(20, 20), seen.on_screen(100, 20))
    assert seen.root.get_attribute("data-length") is None


def test_a_colour_picture_keeps_its_colours_and_offers_no_contrast(seen: Seen) -> None:
    seen.series("Dose")
    seen.has(series="dose")
    expect(seen.page.get_by_role("button", name="Lung")).to_be_hidden()
    assert seen.colour(40, 60) == [200, 40, 20]
    assert seen.colour(120, 60) == [20, 60, 220]


def test_monochrome1_is_shown_the_other_way_round_and_tall_pixels_stay_tall(seen: Seen) -> None:
    seen.series("Ramp")
    seen.has(series="ramp")
    seen.press("Home")
    scale_x, scale_y, _, _ = seen.placing()
    assert scale_y == pytest.approx(2 * scale_x, rel=1e-3)
    assert abs(seen.colour(100, 30)[0] - (255 - expected_grey(36, 0, 128))) <= 1


def test_contrast_zoom_move_fit_invert_and_start_over(seen: Seen) -> None:
    x, y = seen.on_screen(96, 80)
    seen.button("Contrast")
    seen.drag((x, y), (x + 60, y))
    assert seen.root.get_attribute("data-window") not in ("50/350", None)
    seen.drag((x, y), (x, y - 120), button="right")
    assert seen.zoom > 2
    seen.button("Fit")
    seen.has(zoom="1.000")
    before = seen.placing()
    seen.drag((x, y), (x + 30, y + 20), button="middle")
    assert [round(now - was) for now, was in zip(seen.placing(), before, strict=True)] == [0, 0, 30, 20]
    seen.button("Start over")
    seen.has(window="50/350", zoom="1.000")
    seen.press("1", "i")
    assert seen.grey("tissue") == 255 - 128


def test_three_planes_show_the_pin_on_the_left_and_towards_the_head(seen: Seen) -> None:
    seen.press("1")
    seen.three_planes()
    column, row, height = phantom.PIN
    depth = phantom.SLICES - 1 - height
    seen.page.mouse.click(*seen.on_screen(column + 0.5, row + 0.5))
    assert seen.colour(column, depth, pane=1) == [255, 255, 255]
    assert seen.colour(row, depth, pane=2) == [255, 255, 255]
    letters = [seen.panes.nth(index).locator(".sv-letter").all_text_contents() for index in range(3)]
    assert letters == [["A", "L", "P", "R"], ["H", "L", "F", "R"], ["H", "P", "F", "A"]]
    seen.button("3 planes")
    expect(seen.panes).to_have_count(1)


def test_three_planes_measure_in_mm_across_slices(seen: Seen) -> None:
    seen.three_planes()
    seen.panes.nth(1).focus()
    for key in ["l", "Enter", *["ArrowDown"] * 20, "Enter"]:
        seen.page.keyboard.press(key)
    seen.has(length=f"{20 * phantom.GAP:.2f}")


def test_three_planes_are_refused_with_the_reason(seen: Seen) -> None:
    seen.series("Dose")
    seen.button("3 planes")
    expect(seen.page.locator(".sv-toast")).to_have_text("Three planes need at least 8 slices of the same series.")
    seen.has(planes="false")
