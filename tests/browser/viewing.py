"""What the viewer's tests share: a server with the phantom, Chromium without WebGL, what a reader sees."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from browser.patience import PATIENCE

REPOSITORY = Path(__file__).resolve().parents[2]
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-3d-apis",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
READY = "#scan-viewer[data-state=ready]"


def load_file(path: Path) -> ModuleType:
    """A module that is in no package."""
    if path.stem in sys.modules:
        return sys.modules[path.stem]
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[path.stem] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


phantom = load_file(REPOSITORY / "viewer/dev/phantom.py")
serve = load_file(REPOSITORY / "viewer/dev/serve.py")


@pytest.fixture(scope="module")
def viewer_browser() -> Iterator[Browser]:
    """One Chromium for all tests here, with the viewer built from the sources as they are."""
    subprocess.run([sys.executable, REPOSITORY / "tools/build_viewer.py"], check=True, capture_output=True)
    program = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def stage() -> Iterator[Any]:
    """A fresh server per test."""
    with serve.served() as running:
        yield running


@pytest.fixture
def reader(viewer_browser: Browser, stage: Any) -> Iterator[Seen]:
    """Someone at a desk who hasn't opened the scan yet."""
    yield from seated(viewer_browser, stage, viewport={"width": 1280, "height": 860})


@pytest.fixture
def seen(reader: Seen) -> Seen:
    """What someone at a desk sees of the open scan."""
    return reader.open()


@pytest.fixture
def phone(viewer_browser: Browser, stage: Any) -> Iterator[Seen]:
    """Someone with a phone of 360 px who hasn't opened the scan yet."""
    size = {"width": 360, "height": 740}
    yield from seated(viewer_browser, stage, viewport=size, has_touch=True, is_mobile=True, device_scale_factor=2)


def seated(browser: Browser, stage: Any, **options: Any) -> Iterator[Seen]:
    """Open a page; any error of a script or breach of the policy fails the test."""
    context = browser.new_context(**options)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if "Security Policy" in said.text else None)
    yield Seen(page, stage)
    context.close()
    assert wrong == []


class Seen:
    """What a reader sees of the viewer."""

    def __init__(self, page: Page, stage: Any) -> None:
        self.page = page
        self.root = page.locator("#scan-viewer")
        self.panes = page.locator(".sv-pane")
        self.stage = stage

    def open(self) -> Seen:
        """Open the scan and wait until a picture is there."""
        self.page.goto(self.stage.url)
        self.page.wait_for_selector(READY)
        return self

    def button(self, name: str) -> None:
        """Press the button of that name."""
        self.page.get_by_role("button", name=name, exact=True).click()

    def series(self, label: str) -> None:
        """Open another series."""
        self.page.locator(".sv-row", has_text=label).click()

    @property
    def slice(self) -> int:
        return int(self.root.get_attribute("data-slice") or 0)

    @property
    def zoom(self) -> float:
        return float(self.root.get_attribute("data-zoom") or 0)

    def three_planes(self) -> None:
        """Press the button and wait for them."""
        self.button("3 planes")
        expect(self.page.locator(".sv-pane")).to_have_count(3)

    def press(self, *keys: str) -> None:
        self.panes.first.focus()
        for key in keys:
            self.page.keyboard.press(key)

    def has(self, **data: Any) -> None:
        """Wait until the viewer's data attributes say so."""
        for name, value in data.items():
            expect(self.root).to_have_attribute(f"data-{name}", str(value))

    def settle(self) -> None:
        """Two frames of the screen later, what was asked for is drawn."""
        self.page.evaluate("() => new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))")

    def placing(self, pane: int = 0) -> list[float]:
        self.settle()
        text = self.panes.nth(pane).get_attribute("data-placing")
        return [float(number) for number in (text or "").split()]

    def on_screen(self, column: float, row: float, pane: int = 0) -> tuple[float, float]:
        """Where an image point is on the page."""
        scale_x, scale_y, left, top = self.placing(pane)
        box = self.panes.nth(pane).bounding_box()
        assert box
        return box["x"] + left + column * scale_x, box["y"] + top + row * scale_y

    def colour(self, column: float, row: float, pane: int = 0) -> list[int]:
        """Red, green and blue in the middle of an image pixel, read from the canvas on the screen."""
        scale_x, scale_y, left, top = self.placing(pane)
        at = [left + (column + 0.5) * scale_x, top + (row + 0.5) * scale_y, pane]
        return self.page.evaluate(  # type: ignore[no-any-return]
            """([x, y, pane]) => {
                const canvas = document.querySelectorAll('.sv-canvas')[pane];
                const sharp = canvas.width / canvas.clientWidth;
                return [...canvas.getContext('2d').getImageData(x * sharp, y * sharp, 1, 1).data].slice(0, 3);
            }""",
            at,
        )

    def becomes(self, column: float, row: float, wanted: list[int]) -> None:
        """Wait for a colour: the slice is another one at once, its picture comes when it has come."""
        for _ in range(600):
            if self.colour(column, row) == wanted:
                return
            self.page.wait_for_timeout(100)
        assert self.colour(column, row) == wanted

    def grey(self, place: str, pane: int = 0) -> int:
        column, row, _ = phantom.PLACES[place]
        red, green, blue = self.colour(column, row, pane)
        assert red == green == blue
        return red

    def drag(self, start: tuple[float, float], end: tuple[float, float], button: Any = "left") -> None:
        self.page.mouse.move(*start)
        self.page.mouse.down(button=button)
        self.page.mouse.move(*end, steps=8)
        self.page.mouse.up(button=button)
