"""What the viewer reports, and what it does when access ends or the server falters."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from browser.viewing import READY, Seen

pytestmark = pytest.mark.browser


def test_what_was_seen_is_reported_once_with_counts_and_the_token(seen: Seen, stage: Any) -> None:
    # One by one: a picture that the next key overtakes before it is drawn was not seen, and is not counted.
    for number in (26, 27):
        seen.press("ArrowDown")
        seen.has(slice=number)
        seen.settle()
    seen.page.goto("about:blank")
    while not stage.viewed:  # the test's own time limit ends this
        seen.page.wait_for_timeout(50)
    assert stage.viewed == [{"series": "chest", "frames": 3, "ranges": [[24, 26]]}]
    assert stage.tokens == ["token-of-the-page"]


@pytest.mark.parametrize(
    ("status", "title"),
    [
        (401, "You're signed out"),
        (302, "You're signed out"),
        (404, "This scan isn't open to you any more"),
        (410, "This scan isn't open to you any more"),
    ],
)
def test_when_access_ends_the_picture_goes_and_loading_stops(seen: Seen, stage: Any, status: int, title: str) -> None:
    seen.has(loaded=48)
    stage.status["/frames/ramp"] = status
    seen.series("Ramp")
    seen.has(state="error")
    expect(seen.page.get_by_role("heading", name=title)).to_be_visible()
    expect(seen.page.locator("canvas")).to_have_count(0)
    fetched = len(stage.fetched)
    seen.page.keyboard.press("ArrowDown")
    seen.page.wait_for_timeout(300)
    assert len(stage.fetched) == fetched


def test_when_the_report_is_refused_the_picture_goes(seen: Seen, stage: Any) -> None:
    stage.status["/viewed"] = 401
    seen.page.evaluate(
        """() => { Object.defineProperty(document, 'hidden', {value: true, configurable: true});
                   document.dispatchEvent(new Event('visibilitychange')); }"""
    )
    seen.has(state="error", reason="signed-out")
    expect(seen.page.get_by_role("link", name="Sign in")).to_have_attribute("href", "/sign-in")


def test_a_study_that_cannot_be_opened_says_so_and_can_be_tried_again(reader: Seen, stage: Any) -> None:
    stage.status["/viewer.json"] = 503
    reader.page.goto(stage.url)
    reader.page.wait_for_selector("#scan-viewer[data-state=error][data-reason=network]")
    stage.status.clear()
    reader.button("Try again")
    reader.page.wait_for_selector(READY)


def test_a_frame_of_the_wrong_length_is_named_and_the_others_are_shown(reader: Seen, stage: Any) -> None:
    stage.series[0].frames[25] = b"short"
    seen = reader.open()
    seen.press("ArrowDown")
    expect(reader.page.get_by_text("This picture couldn't be loaded.")).to_be_visible()
    stage.series[0].frames[25] = stage.series[0].frames[24]
    seen.button("Try again")
    expect(reader.page.get_by_text("This picture couldn't be loaded.")).to_be_hidden()


def test_only_a_few_frames_are_fetched_at_once(reader: Seen, stage: Any) -> None:
    stage.delay = 0.02
    seen = reader.open()
    # The slice that is shown is asked for first; a busy machine may let several rounds of six arrive before it.
    assert "chest/24" in stage.fetched[:30]
    seen.has(loaded=48)
    assert stage.most_busy <= 6
    assert sorted(set(stage.fetched)) == sorted(stage.fetched)  # none twice
