"""Spanish from the first page to the last, in Chromium: pages, mails, letters and what is downloaded."""

import io
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from browser.hospital import Hospital, running, today

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))
import messages  # noqa: E402  (it lies in the tools folder)

pytestmark = pytest.mark.browser
PASSCODE = "garza-azul-7"
MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
# Small words that stand in nearly every English sentence and in no Spanish one.
WORDS = f"the|and|your|you|of|with|for|from|is|are|was|this|that|we|not|by|to|{MONTHS}"
ENGLISH = re.compile(rf"\b({WORDS})\b", re.IGNORECASE)
# What is not ours to translate: the doctor's own words, names, and what people typed in.
TAKEN_OUT = "main .words, script, style, .language, #scan-viewer [lang=en]"
SEEN = """() => {
  const copy = document.body.cloneNode(true);
  copy.querySelectorAll(%r).forEach(node => node.remove());
  const told = [document.title];
  for (const node of copy.querySelectorAll('*')) {
    for (const child of node.childNodes) if (child.nodeType === 3 && child.data.trim()) told.push(child.data.trim());
    for (const name of ['aria-label', 'title', 'alt', 'placeholder']) told.push(node.getAttribute(name) || '');
    if (node.matches('input[type=submit], input[type=button]')) told.push(node.value);
  }
  return told;
}"""


@pytest.fixture(scope="module")
def hospital(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hospital]:
    """One of its own: what others typed in English in the one that all share would be read here, too."""
    with running(tmp_path_factory.mktemp("hospital-es") / "data") as opened:
        yield opened


@pytest.fixture(scope="module")
def only_english() -> set[str]:
    """What is said in English and otherwise in Spanish."""
    rows = [row for row in messages.translations("es") if row.id and isinstance(row.id, str)]

    said = {row.string for row in rows if isinstance(row.string, str)}
    # The same word in both languages, in the viewer's own catalogue.
    return {row.id for row in rows if isinstance(row.string, str)} - said - {"Series"}


def english_in(texts: list[str], only_english: set[str]) -> list[str]:
    """Return every text that is English."""
    lines = [line.strip() for text in texts for line in text.splitlines() if line.strip()]
    return [line for line in lines if line in only_english or ENGLISH.search(line)]


class Reader:
    """Somebody who reads Spanish only, and remembers whatever was not."""

    def __init__(self, only_english: set[str], picture: Callable[[Page, str], None], folder: Path) -> None:
        self.found: dict[str, list[str]] = {}
        self._only_english, self._picture, self._folder = only_english, picture, folder

    def looks(self, page: Page, name: str) -> None:
        """Read a page: its title, its text, and what only a screen reader says."""
        assert page.locator("html").get_attribute("lang") == "es", name
        self.reads(page.evaluate(SEEN % TAKEN_OUT), name)
        self._picture(page, f"es-{name}")

    def goes(self, page: Page, *addresses: str) -> None:
        """Go to pages and read each."""
        for address in addresses:
            page.goto(address)
            self.looks(page, address.strip("/").replace("/", "-") or "home")

    def reads(self, texts: list[str], name: str) -> None:
        """Read texts."""
        if english := english_in(texts, self._only_english):
            self.found[name] = english

    def opens(self, document: bytes, name: str, *, words: str = "") -> None:
        """Read a PDF; of one that holds the radiologist's own words only what the house wrote around them."""
        text = pdf_text(document, self._folder)
        assert re.search(r"\d{1,2} de [a-z]+ de \d{4}", text), name
        if not words:
            self.reads([text], name)
        else:
            assert words in text
            assert not re.search(rf"\b({MONTHS}|Findings|Impression|Page)\b", text)


def ask(alice: Page, reader: Reader) -> str:
    """Ask for a copy, page by page, and return the address of the request."""
    reader.goes(alice, "/requests/new/", "/requests/new/?for=me")
    alice.locator("input[name=study]").first.check()
    for name in ("ask-how", "ask-check"):
        alice.locator("button[name=go]").first.click()
        reader.looks(alice, name)
    alice.locator("#signature").fill("Alice Rivera")
    alice.locator("button[name=go][value=send]").click()
    reader.looks(alice, "received")
    return alice.url


def fulfil(hal: Page, number: str) -> None:
    """The desk's own language is its own: Hal reads English."""
    hal.goto("/desk/requests/")
    hal.get_by_role("link", name=number).click()
    for step in ("Take it up", "Verified", "Approve", "Build the package", "It leaves now"):
        hal.get_by_role("button", name=step, exact=True).first.click()
    expect(hal.get_by_text("Delivered, with its proof.")).to_be_visible()


def letters_and_copy(alice: Page, reader: Reader) -> None:
    """Read each letter of a request, take the copy, and read what lies in it."""
    reader.looks(alice, "done")
    for link in alice.locator("a[href*='/letters/']").all():
        reader.opens(alice.request.get(str(link.get_attribute("href"))).body(), f"letter {link.inner_text()}")
    alice.locator("a[href$='/copy']").first.click()
    reader.looks(alice, "copy")
    with alice.expect_download() as coming:
        alice.locator("main form button").first.click()
    package = zipfile.ZipFile(io.BytesIO(Path(coming.value.path()).read_bytes()))
    for name in package.namelist():
        if name.endswith(".pdf"):
            reader.opens(package.read(name), name, words="Informe")
        elif name.endswith("LEEME.txt"):
            reader.reads([package.read(name).decode("utf-8-sig")], name)


def share(alice: Page, doctor: Page, reader: Reader) -> None:
    """Give a link away, and have it opened."""
    alice.goto("/scans/")
    alice.locator("main a[href*='/scans/']").first.click()
    alice.wait_for_selector("#scan-viewer[data-state=ready]")
    reader.looks(alice, "scan")
    study = alice.url
    alice.goto(f"{study}ask/")
    reader.looks(alice, "scan-ask")
    alice.goto(f"{study}share")
    reader.looks(alice, "scan-share")
    alice.locator("#name").fill("Dr. Okoye")
    alice.locator("#last_day").fill((today() + timedelta(days=14)).isoformat())
    alice.locator("#passcode").fill(PASSCODE)
    alice.locator("main form button[type=submit]").first.click()
    reader.looks(alice, "link")
    doctor.goto(alice.locator("#address").input_value())
    reader.looks(doctor, "link-door")
    doctor.locator("#visitor").fill("Dr. Okoye")
    doctor.locator("#passcode").fill(PASSCODE)
    doctor.locator("main form button[type=submit]").first.click()
    reader.looks(doctor, "link-scans")
    doctor.locator("main a[href*='/shared/scans/']").first.click()
    doctor.wait_for_selector("#scan-viewer[data-state=ready]")
    reader.looks(doctor, "link-scan")


def test_in_spanish_from_the_door_to_the_end_of_the_link(
    visit, sign_in, hospital, picture, only_english, tmp_path
) -> None:
    """Requirements B11, B17, B19, G6, I4, I18, L5: no English word on a page, in a mail, a letter or a copy."""
    alice, hal, doctor = visit(language="es"), visit(), visit(language="es", small=True)
    reader = Reader(only_english, picture, tmp_path)
    reader.goes(alice, "/account/login/")
    sign_in(alice, "alice")
    reader.goes(alice, "/scans/", "/requests/", "/links/", "/my-rights/", "/who-has-looked/", "/security/", "/forms/")
    address = ask(alice, reader)
    number = re.search(r"R-\d{4}-\d{3}-\d{3}", alice.get_by_role("heading", level=1).inner_text())
    assert number
    sign_in(hal, "hal")
    fulfil(hal, number[0])
    alice.goto(address)
    letters_and_copy(alice, reader)
    share(alice, doctor, reader)
    alice.goto("/where-my-scans-went/")
    expect(alice.get_by_text("Dr. Okoye").first).to_be_visible()
    reader.looks(alice, "where")
    token = str(alice.locator("input[name=csrfmiddlewaretoken]").first.input_value())
    headers = {"X-CSRFToken": token, "Accept-Language": "es"}
    made = alice.request.post("/where-my-scans-went/accounting.pdf", headers=headers)
    reader.opens(made.body(), "accounting")
    alice.goto("/links/")
    alice.locator("main form button").first.click()
    reader.looks(alice, "link-ended")
    doctor.reload()
    reader.looks(doctor, "link-over")
    reader.goes(alice, "/emergency-code/", "/nowhere/")
    mails = hospital.letters("alice@example.org")
    assert any("noticias" in mail or "novedades" in mail for mail in mails), mails[:3]
    reader.reads(mails, "mails")
    assert reader.found == {}


def pdf_text(data: bytes, folder: Path) -> str:
    """What a PDF says, as its readers see it."""
    path = folder / "letter.pdf"
    path.write_bytes(data)
    return subprocess.run(["pdftotext", "-layout", str(path), "-"], capture_output=True, text=True, check=True).stdout
