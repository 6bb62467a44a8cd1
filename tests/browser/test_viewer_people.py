"""The viewer for everyone: by keyboard, by finger, read aloud, in Spanish, on a small phone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import CDPSession, Page, expect

from browser.patience import settle
from browser.viewing import Seen

pytestmark = pytest.mark.browser
FOCUS_RING = "() => getComputedStyle(document.activeElement).outlineStyle"
# Name, width, height and what overflows, of each control in sight.
CONTROLS = """() => [...document.querySelectorAll('#scan-viewer :is(button, input)')]
    .filter(control => control.checkVisibility())
    .map(control => [control.textContent || control.type, control.offsetWidth, control.offsetHeight,
                     control.scrollWidth - control.clientWidth])"""


def test_changes_are_announced_politely(seen: Seen) -> None:
    status = seen.page.get_by_role("status")
    seen.press("ArrowDown", "ArrowDown")
    expect(status).to_have_text("Slice 27 of 48")
    seen.press("2")
    expect(status).to_have_text("Lung: level -600, width 1500")
    expect(seen.page.get_by_role("slider")).to_have_attribute("aria-valuetext", "Slice 27 of 48")


def test_everything_is_reached_by_tab_and_focus_is_visible(seen: Seen) -> None:
    names = []
    for _ in range(24):
        seen.page.keyboard.press("Tab")
        names.append(seen.page.evaluate("() => document.activeElement.className.split(' ')[0]"))
        if names[-1] in ("sv-tool", "sv-pane", "sv-slider", "sv-row"):
            assert seen.page.evaluate(FOCUS_RING) == "solid"
    assert {"sv-tool", "sv-look", "sv-row", "sv-pane", "sv-slider"} <= set(names)


def test_it_speaks_spanish_and_takes_words_from_the_page(reader: Seen, stage: Any) -> None:
    stage.language, stage.words = "es", {"fit": "Encajar"}
    reader.open()
    expect(reader.page.get_by_role("button", name="Encajar")).to_be_visible()
    expect(reader.page.get_by_text("Para mirar, no para diagnosticar", exact=False)).to_be_visible()


def test_on_a_phone_nothing_overflows_and_targets_are_large(phone: Seen) -> None:
    for language in ("en", "es"):
        phone.stage.language = language
        phone.open()
        assert phone.page.evaluate("() => document.documentElement.scrollWidth") == 360
        sizes = phone.page.evaluate(CONTROLS)
        assert [size for size in sizes if size[1] < 44 or size[2] < 44 or size[3] > 0] == []
        assert phone.page.locator(".sv-pane").bounding_box()["height"] > 240  # type: ignore[index]


def fingers(session: CDPSession, kind: str, *points: tuple[float, float]) -> None:
    touched = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(points)]
    session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touched})


def test_one_finger_scrolls_and_two_fingers_zoom(phone: Seen) -> None:
    seen = phone.open()
    session = phone.page.context.new_cdp_session(phone.page)
    x, y = seen.on_screen(96, 80)
    fingers(session, "touchStart", (x, y))
    for step in range(1, 9):
        fingers(session, "touchMove", (x, y + 8 * step))
    fingers(session, "touchEnd")
    assert seen.slice > 30
    fingers(session, "touchStart", (x - 30, y), (x + 30, y))
    for step in range(1, 9):
        fingers(session, "touchMove", (x - 30 - 5 * step, y), (x + 30 + 5 * step, y))
    fingers(session, "touchEnd")
    assert seen.zoom == pytest.approx(140 / 60, rel=0.1)


def violations(page: Page) -> list[str]:
    """What axe-core finds; its source goes in by the debugger, so that the page's policy stays as it is."""
    import axe_playwright_python.base as axe

    source = Path(axe.AXE_FILE_PATH).read_text()
    page.context.new_cdp_session(page).send("Runtime.evaluate", {"expression": source})
    settle(page)
    found = page.evaluate("() => axe.run('#scan-viewer')")
    return [f"{one['id']}: {node['html'][:120]}" for one in found["violations"] for node in one["nodes"]]


def test_axe_finds_nothing_in_any_state(seen: Seen, stage: Any) -> None:
    seen.has(loaded=48)
    assert violations(seen.page) == []
    seen.press("?")
    expect(seen.page.get_by_role("dialog")).to_be_visible()
    assert violations(seen.page) == []
    seen.page.keyboard.press("Escape")
    seen.three_planes()
    assert violations(seen.page) == []
    stage.status["/frames"] = 401
    seen.series("Ramp")
    seen.has(state="error")
    assert violations(seen.page) == []


def test_axe_finds_nothing_on_a_phone(phone: Seen) -> None:
    phone.open()
    assert violations(phone.page) == []
