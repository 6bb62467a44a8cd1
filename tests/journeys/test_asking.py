"""Asking for records step by step: what each way asks, what it costs, and what is kept."""

import re
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from cast import NOW, Cast
from journeys.test_release_pages import page_of
from scanward.audit.kinds import EventKind
from scanward.audit.models import Entry
from scanward.law.tracks import Field, may_ask, must_ask
from scanward.portal.drafts import FIELDS, WAYS, pages_of
from scanward.portal.words import TO_HOSPITALS
from scanward.release.models import Authorization, ReleaseRequest
from scanward.release.ways import Arrival

pytestmark = pytest.mark.django_db
# Which question of the law each field of the form asks; the rest asks nothing about the record or the person.
ASKS = {
    "study": Field.EXAM, "series": Field.EXAM, "part": Field.EXAM, "exam": Field.EXAM,
    "first": Field.EXAM_DATES, "last": Field.EXAM_DATES, "images": Field.ITEMS, "report": Field.ITEMS,
    "recipient_kind": Field.RECIPIENT, "recipient_name": Field.RECIPIENT, "recipient_organization": Field.RECIPIENT,
    "recipient_state": Field.DESTINATION, "recipient_address": Field.DESTINATION, "care": Field.CARE,
    "purpose": Field.PURPOSE, "expires_on": Field.EXPIRY, "expires_when": Field.EXPIRY, "delivery": Field.DELIVERY,
    "medium": Field.FORMAT, "contact": Field.CONTACT, "signature": Field.SIGNATURE,
}  # fmt: skip
LAST = (NOW + timedelta(days=90)).date().isoformat()
LAWYER = {
    "recipient_kind": "an attorney", "recipient_name": "Ada Lawson", "recipient_organization": "Lawson & Partners",
    "recipient_address": "9 Court Street", "purpose": "at my request", "expires_on": LAST,
}  # fmt: skip


def base(cast: Cast, way: str, **changes: Any) -> dict[str, Any]:
    form = {"for": way, "study": str(cast.chest.pk), "images": "1", "report": "1", "medium": "dicom"}
    return {**form, "signature": "Alice Rivera", **changes}


def shown(client: Client, cast: Cast, way: str, go: str, **changes: Any) -> str:
    """The page that a step leads to."""
    return client.post(reverse("request-new"), base(cast, way, go=go, **changes)).content.decode()


def visible(page: str) -> set[str]:
    """The names of the fields that somebody is asked to fill in."""
    tags = re.findall(r"<(?:input|select|textarea)[^>]*>", page.split("<main", 1)[1].split("</main", 1)[0])
    return {re.search(r'name="(\w+)"', tag)[1] for tag in tags if 'type="hidden"' not in tag}  # type: ignore[index]


@pytest.mark.parametrize("way", sorted(WAYS))
def test_no_way_asks_more_than_its_track_may(cast: Cast, way: str) -> None:
    """Requirements B3 to B10, B12 to B14; traps T2, T4: every field of every page, held against the law's list."""
    client = page_of(cast.ruth if way == "them" else cast.alice)
    asked = visible(client.get(reverse("request-new") + f"?for={way}").content.decode())
    to = {**LAWYER, "care": "nodule"}
    for page in pages_of(WAYS[way])[1:]:
        asked |= visible(shown(client, cast, way, page, delivery="link" if WAYS[way].to_other else "portal", **to))
    track = WAYS[way].track
    questions = {ASKS[name] for name in asked if name in ASKS}
    assert questions <= may_ask(track)
    # Who she is, and that she may act, is known; the house itself discloses, and makes the statements.
    known = {Field.NAME, Field.BIRTH_DATE, Field.CONTACT, Field.DISCLOSER, Field.STATEMENTS}
    assert must_ask(track) - known <= questions
    assert asked <= {name for names in FIELDS.values() for name in names}


def test_the_scope_is_narrowed_by_day_part_and_series(cast: Cast) -> None:
    """Requirements B5, B6, B13: without a tick the days decide; a series that was chosen is what is asked for."""
    client = page_of(cast.alice)
    day = cast.chest.performed_at.date().isoformat()
    before = (cast.chest.performed_at - timedelta(days=9)).date().isoformat()
    wrong = client.post(reverse("request-new"), base(cast, "me", study="", last=before, delivery="portal"))
    assert wrong.status_code == 422
    one = cast.chest.series.first()
    client.post(
        reverse("request-new"),
        base(cast, "me", study="", first=before, last=(NOW + timedelta(days=1)).date().isoformat(), part="chest",
             series=str(one.pk), delivery="portal"),
    )  # fmt: skip
    request = ReleaseRequest.objects.get()
    assert list(request.studies.all()) == [cast.chest]
    assert request.series_ids == [str(one.pk)]
    assert (request.exam_first.isoformat(), day >= before) == (before, True)


def test_the_price_is_agreed_before_the_request_is_sent(cast: Cast) -> None:
    """Requirements E1, E5, E6, E8: no price no request; the price of that day is kept, and its letter explains it."""
    client = page_of(cast.alice)
    mailed = {"delivery": "mail", "contact": "1 Main Street"}
    page = shown(client, cast, "me", "check", **mailed)
    price = re.search(r'name="fee" value="([\d.]+)"', page)[1]  # type: ignore[index]
    assert client.post(reverse("request-new"), base(cast, "me", **mailed)).status_code == 422
    assert client.post(reverse("request-new"), base(cast, "me", fee="0.01", **mailed)).status_code == 422
    assert client.post(reverse("request-new"), base(cast, "me", fee=price, **mailed)).status_code == 302
    request = ReleaseRequest.objects.get()
    assert str(request.quotes.get().total) == price
    assert request.quotes.get().accepted_at
    assert {kept.template for kept in request.letters.all()} == {"receipt", "fee_quote"}


def test_plain_email_only_after_the_warning(cast: Cast) -> None:
    """Requirement G17; trap T10: the page warns, the answer is recorded with its time."""
    client = page_of(cast.alice)
    assert "like a postcard" in shown(client, cast, "me", "check", delivery="plain_email")
    assert client.post(reverse("request-new"), base(cast, "me", delivery="plain_email")).status_code == 422
    client.post(reverse("request-new"), base(cast, "me", delivery="plain_email", warned="1"))
    request = ReleaseRequest.objects.get()
    assert request.plain_email_warned_at
    assert Entry.objects.get(kind=EventKind.REQUEST_RECEIVED).detail["plain_email"] == "warned, and still wanted"
    for reader, name in ((client, "request"), (page_of(cast.hal), "desk-request")):
        assert "Still wanted after our warning" in reader.get(reverse(name, args=[request.pk])).content.decode()


def test_a_permission_is_signed_with_all_its_elements(cast: Cast) -> None:
    """Requirements D1 to D6, D14, B12: six elements, three statements, and a copy for the one who signed."""
    client = page_of(cast.alice)
    page = shown(client, cast, "asked", "check", **LAWYER)
    assert "take this permission back at any time" in page
    assert "pass it on" in page
    assert "depend on it" in page
    assert client.post(reverse("request-new"), base(cast, "asked", **LAWYER)).status_code == 302
    paper = Authorization.objects.get()
    assert (paper.recipient, paper.purpose, len(paper.statements)) == (
        "Ada Lawson, Lawson & Partners",
        "at my request",
        3,
    )
    assert "authorization" in {kept.template for kept in paper.request.letters.all()}
    assert "Ada Lawson" in client.get(reverse("sent")).content.decode()


@pytest.mark.parametrize("missing", ["recipient_name", "purpose", "expires_on", "signature"])
def test_a_permission_that_lacks_something_is_not_kept(cast: Cast, missing: str) -> None:
    """Requirement D7: nothing half-signed remains."""
    form = {**base(cast, "asked", **LAWYER), missing: ""}
    assert page_of(cast.alice).post(reverse("request-new"), form).status_code == 422
    assert (Authorization.objects.count(), ReleaseRequest.objects.count()) == (0, 0)


def test_a_doctor_who_treats_her_needs_no_signature(cast: Cast) -> None:
    """Requirement B12: the care is noted as what the basis rests on."""
    form = {**base(cast, "care", **LAWYER), "care": "nodule of the lung", "signature": ""}
    assert page_of(cast.alice).post(reverse("request-new"), form).status_code == 302
    request = ReleaseRequest.objects.get()
    assert (request.track, request.signature) == ("for treatment", "")
    assert request.evidence.get().note == "nodule of the lung"


def test_the_forms_are_there_for_everybody(cast: Cast) -> None:
    """Requirements B11, B12, B15, E8: two languages, large print, to type into, where to send them, prices."""
    stranger = Client()
    page = stranger.get(reverse("forms")).content.decode()
    files = re.findall(r"/forms/[\w-]+\.pdf", page)
    assert len(files) == 8
    prices = dict(re.findall(r"<dt>([^<]+)</dt><dd>([^<]+)</dd>", page))
    assert (prices["Disc or stick by mail"], prices["Download here in the portal"]) == ("$13.50", "free")
    assert "You can also get the forms at our desk" in page
    for file in files:
        form = b"".join(stranger.get(file).streaming_content)  # type: ignore[attr-defined]
        assert form.startswith(b"%PDF")
        assert b"/AcroForm" in form
    assert stranger.get("/forms/other.pdf").status_code == 404


def test_a_reminder_for_the_calendar_names_nobody(cast: Cast) -> None:
    """Requirement D13: a permission and a link each give an event before the end, without PHI, lines of 75 octets."""
    alice = page_of(cast.alice)
    alice.post(reverse("request-new"), base(cast, "asked", **LAWYER))
    address = reverse("permission-reminder", args=[Authorization.objects.get().pk])
    assert address in alice.get(reverse("sent")).content.decode()
    answer = alice.get(address)
    assert answer["Content-Type"].startswith("text/calendar")
    lines = answer.content.split(b"\r\n")
    assert (lines[0], lines[-2], lines[-1]) == (b"BEGIN:VCALENDAR", b"END:VCALENDAR", b"")
    assert max(map(len, lines)) <= 75
    event = dict(line.split(":", 1) for line in answer.content.decode().replace("\r\n ", "").splitlines())
    before = datetime.strptime(event["DTSTART;VALUE=DATE"], "%Y%m%d").date()
    assert (date.fromisoformat(LAST) - before).days == 7
    assert not [word for word in (b"Rivera", b"Lawson", b"chest", b"CT of") if word in answer.content]
    assert page_of(cast.charlie).get(address).status_code == 404


def test_a_connected_hospital_is_offered_before_a_link(cast, settings, tmp_path):
    """J8: straight into the hospital's system first, a link only then; and in the list of ways it stands above."""
    settings.PEERS_FILE = tmp_path / "peers.toml"
    peer = 'name = "Riverside Clinic"\nkind = "dicom"\nhost = "127.0.0.1"\nport = 104\nae_title = "RIVERSIDE"\n'
    client = page_of(cast.alice)
    without = client.get(f"/scans/{cast.chest.id}/share").content.decode()
    settings.PEERS_FILE.write_text(f"[[peer]]\n{peer}")
    page = client.get(f"/scans/{cast.chest.id}/share").content.decode()
    assert "Riverside Clinic" not in without
    assert page.index("Riverside Clinic") < page.index('name="organization"')
    assert TO_HOSPITALS.index(Arrival.EXCHANGE) < TO_HOSPITALS.index(Arrival.LINK)


@pytest.mark.parametrize(
    ("kind", "first"),
    [("hospital", "portal"), ("imaging centre", "pickup"), ("urgent care", "email")],
)
def test_what_a_house_of_its_kind_usually_gives_stands_first(cast, settings, kind, first):
    """F5: hospital, imaging centre and urgent care; every other way is still there."""
    settings.FACILITY_KIND = kind
    page = page_of(cast.alice).post(reverse("request-new"), base(cast, "me", go="how")).content.decode()
    ways = re.findall(r'name="delivery" value="(\w+)"', page)
    assert ways[0] == first
    assert sorted(ways) == ["email", "mail", "pickup", "plain_email", "portal"]
