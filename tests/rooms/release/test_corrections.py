"""What goes along with every later copy of a record that somebody wanted corrected: on paper, by link and wire."""

import io
import subprocess
import zipfile
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pikepdf
import pydicom
import pytest
from django.test import Client
from django.utils import timezone

from cast import NOW, PLACE, Cast
from rooms.release.helping import later
from rooms.release.test_hostile import checked
from scanward.archive.models import Study
from scanward.law.errors import Unlawful
from scanward.law.wishes import AmendmentGround
from scanward.people.models import Account
from scanward.release import actions, packages, rights, sharing
from scanward.release.actions.exchanging import _items
from scanward.release.corrections import statement_document
from scanward.release.linked import open_shared
from scanward.release.models import AmendmentRequest, ReleaseRequest
from scanward.release.ways import Arrival, Medium

pytestmark = pytest.mark.django_db
Ask = Callable[..., ReleaseRequest]
WORDS = "I know that it is the left lung."


@pytest.fixture
def denied(cast: Cast) -> AmendmentRequest:
    """Alice asked for a correction of her chest CT, and it was denied."""
    asked = rights.ask_amendment(
        cast.alices, text="It was the left one.", study=cast.chest, by=cast.alice, now=NOW, place=PLACE
    )
    rights.decide_amendment(
        asked, accepted=False, ground=AmendmentGround.ACCURATE, answer="We looked again.", by=cast.hal, now=NOW,
        place=PLACE,
    )  # fmt: skip
    return asked


def words_of(pdf: bytes) -> str:
    """The words of a PDF, as a program reads them that we did not write."""
    found = subprocess.run(["pdftotext", "-", "-"], input=pdf, capture_output=True, check=True)
    return " ".join(found.stdout.decode().split())


def names(download: Any) -> list[str]:
    """The files of a ZIP."""
    return zipfile.ZipFile(BytesIO(b"".join(download.iterate(0, None)))).namelist()


def test_the_statement_says_what_was_asked_answered_and_why_she_disagrees(cast: Cast, denied: AmendmentRequest) -> None:
    """Requirement H7; 45 CFR 164.526(d)(5)(i): the request, the denial and the statement, in her own words."""
    rights.disagree(denied, text=WORDS, by=cast.alice, now=NOW, place=PLACE)
    made = statement_document([cast.chest], language="en", day=NOW.date())
    assert made
    said = words_of(made)
    assert all(text in said for text in ("It was the left one.", "We looked again.", WORDS))
    spanish = statement_document([cast.chest], language="es", day=NOW.date())
    assert spanish and "no está de acuerdo" in words_of(spanish)


def test_it_is_in_her_own_copy_and_in_that_of_whom_she_shares_with(cast: Cast, denied: AmendmentRequest) -> None:
    """Requirement H7; 45 CFR 164.526(d)(5): in a file that a person opens, and not before she said so."""

    def own() -> list[str]:
        made = packages.prepare(
            cast.alice, cast.chest, purpose=sharing.PurposeOfUse.PATIENT_REQUEST, language="en", now=NOW, place=PLACE
        )
        return names(packages.open_package(made, now=timezone.now(), place=PLACE))

    assert "report/statement.pdf" not in own()
    rights.disagree(denied, text=WORDS, by=cast.alice, now=NOW, place=PLACE)
    assert "report/statement.pdf" in own()
    wish = sharing.Wish(
        recipient_name="Dr. Okoye", studies=[cast.chest], may_download=True, max_uses=2, expires_at=later(days=9)
    )
    secret = sharing.create(wish, by=cast.alice, now=NOW, place=PLACE).secret
    visit = sharing.redeem(secret, visitor="Dr. Okoye", passcode="", now=timezone.now(), place=PLACE)
    assert "report/statement.pdf" in names(open_shared(visit, cast.chest, language="en", place=PLACE))


def test_who_opens_a_link_reads_it_beside_the_report(cast: Cast, denied: AmendmentRequest) -> None:
    """Requirement H7: on the page of a link, and on the patient's own page, which her doctor reads, too."""
    rights.disagree(denied, text=WORDS, by=cast.alice, now=NOW, place=PLACE)
    wish = sharing.Wish(recipient_name="Dr. Okoye", studies=[cast.chest], expires_at=later(days=9))
    secret = sharing.create(wish, by=cast.alice, now=NOW, place=PLACE).secret
    visitor = Client()
    visitor.post("/shared/", {"code": secret, "visitor": "Dr. Okoye"})
    assert WORDS in visitor.get(f"/shared/scans/{cast.chest.pk}/").content.decode()
    for reader in (cast.alice, cast.dana):
        client = Client()
        client.force_login(reader)
        pages = [f"/scans/{cast.chest.pk}/", f"/desk/scans/{cast.chest.pk}/"]
        assert any(WORDS in client.get(page).content.decode() for page in pages)


def test_it_is_printed_with_the_report_on_paper(cast: Cast, lena: Account, ask: Ask, denied: AmendmentRequest) -> None:
    """Requirements H7, G11."""
    rights.disagree(denied, text=WORDS, by=cast.alice, now=NOW, place=PLACE)
    wish = {"images": False, "medium": Medium.PAPER, "delivery": Arrival.MAIL, "contact": "1 Main Street"}
    request = checked(ask(**wish), cast, lena, basis="access")
    with pikepdf.open(io.BytesIO(actions.print_report(request, by=cast.hal, now=NOW, place=PLACE))) as printed:
        assert len(printed.pages) == 2


def test_another_hospital_gets_it_as_an_object_of_the_study(
    cast: Cast, lena: Account, ask: Ask, denied: AmendmentRequest
) -> None:
    """Requirements H7, G12: beside the report, with a title that says what it is."""
    rights.attach(denied, by=cast.alice, now=NOW, place=PLACE)
    request = checked(ask(delivery=Arrival.MAIL, contact="1 Main Street"), cast, lena, basis="access")
    sent = _items(request.packages.get(), by=cast.hal, place=PLACE)
    found = [pydicom.dcmread(BytesIO(item.read())) for item in sent[-2:]]
    assert [each.DocumentTitle for each in found] == ["Radiology report", "About a correction of this record"]
    assert found[1].StudyInstanceUID == cast.chest.study_instance_uid


def test_a_request_and_its_denial_go_along_without_a_statement_if_she_says_so(
    cast: Cast, denied: AmendmentRequest
) -> None:
    """45 CFR 164.526(d)(5)(ii): by the button on her page; nobody else says so for her."""
    client = Client()
    client.force_login(cast.charlie)
    assert client.post("/my-rights/ask", {"do": "attach", "asked": str(denied.pk)}).status_code == 404
    client.force_login(cast.alice)
    assert "Only let my request" in client.get("/my-rights/").content.decode()
    client.post("/my-rights/ask", {"do": "attach", "asked": str(denied.pk)})
    assert statement_document([cast.chest], language="en", day=NOW.date())
    assert "Only let my request" not in client.get("/my-rights/").content.decode()


def test_what_is_about_the_whole_record_goes_with_each_scan(cast: Cast) -> None:
    """45 CFR 164.526(c)(1): an accepted correction that names no scan; and with nobody else's."""
    asked = rights.ask_amendment(cast.alices, text="My name has one l.", by=cast.alice, now=NOW, place=PLACE)
    assert statement_document([cast.chest], language="en", day=NOW.date()) is None
    rights.decide_amendment(asked, accepted=True, answer="Done.", by=cast.hal, now=NOW, place=PLACE)
    assert statement_document([cast.chest], language="en", day=NOW.date())
    others = Study.objects.get(patient=cast.charlies)
    assert statement_document([others], language="en", day=NOW.date()) is None
    with pytest.raises(Unlawful, match="denied"):
        rights.attach(asked, by=cast.alice, now=NOW, place=PLACE)
