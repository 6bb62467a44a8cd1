"""Text that tries to run, in everything that a page shows: nothing runs, and the policy is never even asked."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from browser.hospital import Hospital, clean, running

pytestmark = pytest.mark.browser

PROGRAM = str(Path(__file__).with_name("hostile.py"))
MOST = 40
# Notes on the page's own window what a policy stopped; it runs before anything of the page does.
WATCH = """addEventListener('securitypolicyviolation',
    event => (window.stopped = (window.stopped || []).concat(event.violatedDirective + ' ' + event.sourceFile)))"""
LINKS = "() => [...document.links].map(link => link.href.split('#')[0])"


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hospital]:
    """A hospital of its own, with the hostile study in it."""
    folder = tmp_path_factory.mktemp("hostile") / "data"
    with running(folder) as opened:
        brought = subprocess.run(
            [sys.executable, PROGRAM, str(folder)], env=clean(), capture_output=True, text=True, check=False
        )
        assert brought.returncode == 0, brought.stderr
        yield opened


def watched(page: Page) -> list[str]:
    """Open a page's ears for everything that must not happen."""
    wrong: list[str] = []
    page.add_init_script(WATCH)
    page.on("dialog", lambda dialog: (wrong.append(f"dialog on {page.url}"), dialog.dismiss()))
    page.on("pageerror", lambda error: wrong.append(f"{error} on {page.url}"))
    page.on("console", lambda said: wrong.append(said.text) if "Security Policy" in said.text else None)
    return wrong


def crawl(page: Page, start: str, address: str) -> list[str]:
    """Follow every link of the site that only shows something; return the pages seen."""
    seen, waiting = [], [address + start]
    while waiting and len(seen) < MOST:
        url = waiting.pop(0)
        answer = page.goto(url)
        assert answer
        assert answer.status < 500, url
        seen.append(url)
        if page.locator("#scan-viewer").count():
            page.wait_for_selector("#scan-viewer[data-state=ready], #scan-viewer[data-state=error]")
        assert page.evaluate("() => [window.ran, window.stopped]") == [None, None], url
        for link in page.evaluate(LINKS):
            if link.startswith(address) and link not in [*seen, *waiting] and not link.endswith((".pdf", ".zip")):
                waiting.append(link)
    return seen


def test_nothing_that_a_scan_or_a_report_says_runs_for_its_patient(visit, sign_in, hospital):
    """fault C11: every DICOM text that is shown, the report, and a name; 0 executions, 0 breaches of the policy."""
    page = visit()
    wrong = watched(page)
    sign_in(page, "mallory")
    seen = crawl(page, "/scans/", hospital.address)
    assert any("/scans/" in url and len(url) > len(hospital.address) + 30 for url in seen)
    assert wrong == []


def test_nothing_runs_for_the_staff_who_look_after_it(visit, sign_in, hospital):
    """fault C11: the case that waits for a decision, and the desk around it."""
    page = visit()
    wrong = watched(page)
    sign_in(page, "hal")
    seen = crawl(page, "/desk/", hospital.address)
    assert f"{hospital.address}/desk/cases/" in seen
    assert wrong == []


def test_what_would_run_stands_there_as_text(visit, sign_in, hospital):
    """fault C11: it is shown as it was written, and not silently dropped."""
    page = visit()
    sign_in(page, "mallory")
    page.goto("/scans/")
    page.locator("a.scan").first.click()
    page.wait_for_url("**/scans/*-*/")
    shown = page.locator("main").inner_text()
    assert '<script>window.ran="script"</script>' in shown
    assert "{{7*7}}" in shown
