"""What the desk's pages ask before something leaves on another basis than the patient's own wish; who goes first."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from cast import BY, NOW, PLACE, Cast, sender
from journeys.test_release_pages import LAST_DAY, lead, page_of, step
from rooms.release.helping import in_review
from rooms.reporting.objects import sr
from scanward.archive.models import Instance
from scanward.intake.receive import Item, receive
from scanward.law.documents import Document
from scanward.law.identity import How, Proof
from scanward.law.tracks import Track
from scanward.people.contacts import change_contact
from scanward.people.kinds import ContactSystem
from scanward.release import actions
from scanward.release.models import Disclosure, ReleaseRequest
from scanward.release.ways import Channel

pytestmark = pytest.mark.django_db
AUTHORITY = {
    "channel": "letter", "number": "LH-100482", "name": "Alice Rivera", "contact": "1 Main Street", "images": "1",
    "report": "1", "medium": "dicom", "delivery": "link", "track": Track.PERMITTED.value,
    "recipient_kind": "a public authority", "recipient_name": "County Health Office",
    "recipient_address": "5 Hill Road",
}  # fmt: skip


def entered(hal: Client, cast: Cast, **changes: Any) -> ReleaseRequest:
    """A letter that Hal enters, verifies, matches and reads back, on the pages."""
    assert hal.post(reverse("desk-request-new"), {**AUTHORITY, **changes}).status_code == 302
    request = ReleaseRequest.objects.latest("received_at")
    step(hal, request, "claim")
    step(hal, request, "verify", proof=Proof.OFFICE.value, how=How.POST.value, note="called back")
    step(hal, request, "match", study=str(cast.chest.pk))
    step(hal, request, "confirm_recipient", back_name="county health office", back_address="5 hill road")
    return request


def test_an_exception_needs_its_law_and_its_paper(cast: Cast) -> None:
    """Requirements A9, A10, L6: chosen from a list, each document asked for by name; it is accounted for."""
    hal, lena = page_of(cast.hal), page_of(lead())
    request = entered(hal, cast, recipient_state="DC")
    step(hal, request, "local_rules", text="Nothing stricter.")
    page = hal.get(reverse("desk-request", args=[request.pk])).content.decode()
    page = page.split('<select id="basis"')[1].split("</select>")[0]
    for basis in ("required by law", "public health", "serious and imminent threat"):
        assert f'value="{basis}"' in page
    assert 'value="authorization"' not in page
    refused = step(hal, request, "approve", basis="required by law")
    assert request.state == "in_review"
    assert "the law that requires or permits it, by section" in refused
    for document in (Document.CITED_LAW, Document.AUTHORITY_REQUEST):
        step(hal, request, "file", document=document.value, text="State Code 4-201, cabinet 2")
    for who, do, fields in (
        (hal, "approve", {"basis": "required by law"}),
        (hal, "build", {}),
        (lena, "check_passed", {"text": "right patient"}),
        (hal, "deliver", {"last_day": LAST_DAY}),
    ):
        step(who, request, do, **fields)
    row = Disclosure.objects.get(request=request)
    assert (row.basis, row.accountable) == ("required by law", True)


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("NY", "The recipient is in another state: check that state&#x27;s rules."),
        ("", "The recipient is outside the United States, or the state is not known: check what binds them."),
        ("DC", "This kind of recipient is unusual: check local rules on releases to them."),
    ],
)
def test_the_desk_looks_up_local_rules_before_it_says_yes(cast: Cast, state: str, words: str) -> None:
    """Requirement A17: the page says why, nothing is approved without the note, and the note is in the ledger."""
    hal = page_of(cast.hal)
    request = entered(hal, cast, recipient_state=state)
    for document in (Document.CITED_LAW, Document.AUTHORITY_REQUEST):
        step(hal, request, "file", document=document.value, text="State Code 4-201, cabinet 2")
    page = hal.get(reverse("desk-request", args=[request.pk])).content.decode()
    assert words in page
    assert "Look up the local rules" in step(hal, request, "approve", basis="required by law")
    assert request.state == "in_review"
    step(hal, request, "local_rules", text="Asked counsel: the same.")
    assert words not in hal.get(reverse("desk-request", args=[request.pk])).content.decode()
    step(hal, request, "approve", basis="required by law")
    assert request.state == "approved"


@pytest.mark.parametrize(
    ("on_file", "contact", "asked"),
    [
        ("", "1 Main Street, Reno, NV 89501", True),
        ("1 Main Street, Reno, NV 89501", "alice@example.org", True),
        # Where she lives is on file; her letter came from a journey.
        ("1 Main Street, Washington, DC 20001", "Hotel, Reno, NV 89501", False),
        ("", "1 Main Street", False),
    ],
)
def test_a_patient_from_another_state_raises_the_prompt(
    cast: Cast, settings: Any, on_file: str, contact: str, asked: bool
) -> None:
    """Requirement A17: care across a border, known from the address on file or in the letter."""
    settings.FACILITY_STATE = "DC"
    if on_file:
        change_contact(cast.alices, ContactSystem.POST, on_file, confidential=False, actor=BY, place=PLACE, now=NOW)
    request = actions.receive(
        actions.Asked(
            patient=cast.alices, studies=[cast.chest], requester_name="Alice", contact=contact, channel=Channel.LETTER
        ),
        by=cast.hal, now=NOW, place=PLACE,
    )  # fmt: skip
    in_review(request, cast.hal)
    hal = page_of(cast.hal)
    said = "The patient lives in another state" in hal.get(reverse("desk-request", args=[request.pk])).content.decode()
    assert said is asked
    step(hal, request, "approve", basis="access")
    assert (request.state == "approved") is not asked


def test_what_is_urgent_stands_before_what_came_earlier(cast: Cast) -> None:
    """Requirements B16, A11: the reason is shown; nothing else, and no bill, moves a request down."""
    first, second = (
        actions.receive(
            actions.Asked(patient=cast.alices, studies=[cast.chest], expedited=bool(why), expedited_reason=why),
            by=cast.alice, now=NOW, place=PLACE,
        )
        for why in ("", "Surgery on Monday")
    )  # fmt: skip
    page = page_of(cast.hal).get(reverse("desk-requests")).content.decode()
    assert 0 < page.index(second.number) < page.index(first.number)
    assert "Surgery on Monday" in page_of(cast.hal).get(reverse("desk-request", args=[second.pk])).content.decode()


def test_a_copy_has_everything_that_is_kept_of_the_examination(cast: Cast) -> None:
    """Requirements A12, A15: images, report and the objects beside them, unless she asks for less."""
    [answer] = receive([Item("sr", sr())], sender=sender(), now=NOW)
    assert answer.instance_id
    request = actions.receive(
        actions.Asked(patient=cast.alices, studies=[cast.chest]), by=cast.alice, now=NOW, place=PLACE
    )
    hal = page_of(cast.hal)
    for do, fields in (("claim", {}), ("verify", {}), ("approve", {"basis": "access"}), ("build", {})):
        step(hal, request, do, **fields)
    package = request.packages.get()
    kept = Instance.objects.filter(series__study=cast.chest)
    manifest = package.manifest.decode()
    assert [one.pk for one in kept if one.sha256 not in manifest] == []
    assert kept.filter(pk=answer.instance_id).exists()
    assert package.report_ids
