"""What the pages of a release say: prices, ways, reasons, who helps; and what is written down of an agreement."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from cast import NOW, PLACE, Cast
from rooms.release.helping import in_review
from scanward.audit.kinds import EventKind
from scanward.audit.models import Entry
from scanward.law.errors import Unlawful
from scanward.law.identity import WAYS_OF, How, Proof, Shown
from scanward.people.models import Account
from scanward.release import actions
from scanward.release.models import ReleaseRequest
from scanward.release.ways import Arrival, Medium

pytestmark = pytest.mark.django_db


def page_of(account: Account) -> Client:
    client = Client()
    client.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def steps_shown(cast: Cast) -> str:
    """The first two pages of asking for oneself."""
    alice, address = page_of(cast.alice), reverse("request-new")
    form = {"for": "me", "study": str(cast.chest.pk), "images": "1", "go": "how"}
    return alice.get(f"{address}?for=me").content.decode() + alice.post(address, form).content.decode()


def test_the_form_shows_formats_ways_prices_and_what_speaks_for_each(cast: Cast) -> None:
    """Requirements B7, B8, B9, E8, G14, H5: chosen by their pros and cons, with the price beside them."""
    shown = steps_shown(cast)
    for words in (
        "Digital images (DICOM)",
        "The report on paper",
        "Disc or stick by mail",
        "Encrypted file by e-mail",
        "($13.50)",
        "(free)",
        "Many computers have no disc drive",
        "A doctor who gives a second opinion needs them",
        "What the radiologist wrote about the images",
    ):
        assert words in shown


def test_a_reason_is_a_quick_pick_that_nobody_has_to_give(cast: Cast) -> None:
    """Requirement B21."""
    shown = steps_shown(cast)
    assert "For a second opinion" in shown
    form = {"for": "me", "study": str(cast.chest.pk), "images": "1", "signature": "Alice", "reason": "second_opinion"}
    page_of(cast.alice).post(reverse("request-new"), form)
    assert ReleaseRequest.objects.get().reason == "second_opinion"


def test_the_help_page_says_what_happens_who_helps_and_that_the_portal_is_not_needed(cast: Cast) -> None:
    """Requirements B14, B15, F7, I15, I18: advocate, privacy office, HHS; no notary, no visit, no form."""
    shown = page_of(cast.alice).get(reverse("request-help")).content.decode()
    way = ("The scan is made.", "writes the report", "as your doctor gets them", "You ask for a copy", "send the copy")
    assert sorted(way, key=shown.index) == list(way)
    for words in ("patient advocate", "privacy office", "hhs.gov/ocr", "no notary", "You don&#x27;t need the portal"):
        assert words in shown or words.replace("&#x27;", "'") in shown


def test_the_thread_is_read_on_both_sides(cast: Cast) -> None:
    """Requirement I6: a secure message, not an e-mail."""
    request = actions.receive(
        actions.Asked(patient=cast.alices, studies=[cast.chest]), by=cast.alice, now=NOW, place=PLACE
    )
    alice, hal = page_of(cast.alice), page_of(cast.hal)
    alice.post(reverse("request-act", args=[request.pk]), {"do": "message", "text": "Is the scout in it, too?"})
    hal.post(reverse("desk-request-act", args=[request.pk]), {"do": "say", "text": "Yes, it is."})
    for client, name in ((alice, "request"), (hal, "desk-request")):
        shown = client.get(reverse(name, args=[request.pk])).content.decode()
        assert "Is the scout in it, too?" in shown
        assert "Yes, it is." in shown


def test_another_format_is_agreed_on_and_written_down(cast: Cast) -> None:
    """Requirements G3, G4: what was agreed, by whom, stands in the history."""
    request = actions.receive(
        actions.Asked(patient=cast.alices, studies=[cast.chest], delivery=Arrival.EMAIL),
        by=cast.alice,
        now=NOW,
        place=PLACE,
    )
    in_review(request, cast.hal)
    actions.change_format(
        request,
        delivery=Arrival.PORTAL,
        medium=Medium.DICOM,
        by=cast.hal,
        now=NOW,
        place=PLACE,
        note="Too large for a mailbox; agreed on the telephone.",
    )
    step = request.steps.get(event="change_format")
    assert (step.by, step.note) == ("Hal", "Too large for a mailbox; agreed on the telephone.")


@pytest.mark.parametrize(("how", "proof"), [(how, proof) for proof, ways in WAYS_OF.items() for how in sorted(ways)])
def test_every_proof_of_identity_is_kept_with_its_way_who_and_when(cast: Cast, how: How, proof: Proof) -> None:
    """Requirements C1, C2, C4: of each proof there is one that nobody has to come for."""
    request = actions.receive(
        actions.Asked(patient=cast.alices, requester_name="Alice Rivera"), by=cast.hal, now=NOW, place=PLACE
    )
    actions.claim(request, by=cast.hal, now=NOW, place=PLACE)
    shown = Shown(how, proof, "called back")
    actions.verify(request, by=cast.hal, shown=shown, now=NOW, place=PLACE)
    request.refresh_from_db()
    assert (request.verified_by, request.verified_at, request.verified_how) == (cast.hal, NOW, "called back")
    assert (request.shown_how, request.shown_proof) == (how.value, proof.value)
    entry = Entry.objects.filter(kind=EventKind.REQUEST_VERIFIED.value).latest("seq")
    assert f'"proof":"{proof.name}"' in entry.body.replace(" ", "")
    page = page_of(cast.hal).get(f"/desk/requests/{request.pk}/").content.decode()
    assert escape(proof.value[1:]) in page
    assert "called back), " in page


@pytest.mark.parametrize("proof", sorted({proof for proof, ways in WAYS_OF.items() if How.TELEPHONE not in ways}))
def test_nothing_is_seen_on_the_telephone(cast: Cast, proof: Proof) -> None:
    """Requirement C1: an ID that was only read out proves nothing; the request stays where it is."""
    request = actions.receive(actions.Asked(patient=cast.alices), by=cast.hal, now=NOW, place=PLACE)
    actions.claim(request, by=cast.hal, now=NOW, place=PLACE)
    with pytest.raises(Unlawful, match="telephone"):
        actions.verify(request, by=cast.hal, shown=Shown(How.TELEPHONE, proof), now=NOW, place=PLACE)
    request.refresh_from_db()
    assert (request.state, request.verified_at, request.shown_proof) == ("verifying", None, "")
