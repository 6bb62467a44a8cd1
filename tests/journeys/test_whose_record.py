"""Whose record a paper means: what it lacks is asked for, a wrong number is refused, a wrong match is taken back."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from cast import ALICE, BY_PHOTO_ID, CHARLIE, NOW, PLACE, Cast
from journeys.test_release_pages import page_of, step
from scanward.access.actions import AccessRefused
from scanward.audit.models import Entry
from scanward.law.denials import Ground
from scanward.law.errors import Unlawful
from scanward.law.holds import Item
from scanward.law.identity import How, Proof
from scanward.people.models import PatientIdentifier
from scanward.release import actions, house
from scanward.release.machine import NotNow
from scanward.release.models import Denial, ReleaseRequest
from scanward.release.ways import Arrival

pytestmark = pytest.mark.django_db

LETTER = {
    "channel": "letter",
    "received": (house.today(NOW) - timedelta(days=3)).isoformat(),
    "track": "mine, or of someone I represent",
    "contact": "1 Main Street, Austin",
    "images": "1",
    "report": "1",
    "medium": "dicom",
    "delivery": "link",
}


def entered(hal: Client, **fields: str) -> ReleaseRequest:
    answer = hal.post(reverse("desk-request-new"), LETTER | fields)
    assert answer.status_code == 302, answer.content.decode()[:2000]
    return ReleaseRequest.objects.latest("received_at", "pk")


def in_review(hal: Client, **fields: str) -> ReleaseRequest:
    request = entered(hal, **fields)
    step(hal, request, "claim")
    step(hal, request, "verify", **BY_PHOTO_ID)
    return request


@pytest.mark.parametrize(
    "lacking",
    [{"name": "Alice Rivera"}, {"born": ALICE.birth_date.isoformat()}, {}],
    ids=["no date of birth", "no name", "neither"],
)
def test_a_letter_that_lacks_name_or_birthday_runs_and_reaches_no_record(cast: Cast, lacking: dict[str, str]) -> None:
    """Requirements B3, B4, F1; trap T1: it is in the queue, she is asked, and its date stays."""
    hal = page_of(cast.hal)
    request = in_review(hal, **lacking)
    due = request.due_on
    assert due == house.today(NOW) - timedelta(days=3) + timedelta(days=30)
    shown = step(hal, request, "match", study=str(cast.chest.pk))
    assert "Two of these must be this patient" in shown
    assert "Alice Rivera" not in shown.replace(request.asked_name or "-", "-")
    assert request.patient is None
    refused = step(hal, request, "approve", basis="access")
    assert "No scan has been matched to the request yet" in refused
    step(hal, request, "ask_info", text="Please give your full name and your date of birth.")
    assert request.waiting_on_requester
    step(hal, request, "restate", name="Alice Rivera", born=ALICE.birth_date.isoformat())
    assert not request.waiting_on_requester
    step(hal, request, "match", study=str(cast.chest.pk))
    step(hal, request, "approve", basis="access")
    assert (request.state, request.patient, request.due_on) == ("approved", cast.alices, due)


def test_what_is_restated_is_a_name_and_a_day_that_has_been(cast: Cast) -> None:
    """Requirement B4: nor is it changed under a record that is matched."""
    hal = page_of(cast.hal)
    request = in_review(hal, name="Alice Rivera")
    tomorrow = (house.today(NOW) + timedelta(days=2)).isoformat()
    for name, born in (("", "1961-04-17"), ("Alice Rivera", tomorrow)):
        assert "not in the future" in step(hal, request, "restate", name=name, born=born)
        assert (request.asked_name, request.asked_birth_date) == ("Alice Rivera", None)
    step(hal, request, "find", number=ALICE.patient_id)
    assert request.patient == cast.alices
    assert "Take that back first" in step(hal, request, "restate", name="Charlie Novak", born="1974-11-02")
    assert request.asked_name == "Alice Rivera"


@pytest.mark.parametrize("born", ["", ALICE.birth_date.isoformat()])
def test_a_mistyped_number_is_refused_and_everything_typed_stays(cast: Cast, born: str) -> None:
    """Requirements B3, B4, C1: Charlie's number on Alice's letter opens nothing of his, and nothing is half entered."""
    hal = page_of(cast.hal)
    wrong = LETTER | {"number": CHARLIE.patient_id, "name": "Alice Rivera", "born": born, "delivery": "pickup"}
    wrong |= {"language": "es", "expedited": "1", "expedited_reason": "surgery", "recipient_kind": "a school"}
    del wrong["report"]
    answer = hal.post(reverse("desk-request-new"), wrong)
    page = answer.content.decode()
    assert answer.status_code == 422
    assert ("date of birth on the request is not" if born else "Two of these must be this patient") in page
    assert "Novak" not in page
    assert not ReleaseRequest.objects.exists()
    for kept in ('value="pickup" selected', 'value="letter" selected', 'value="a school" selected', "surgery"):
        assert kept in page
    assert 'lang="es" selected' in page
    assert 'name="images" value="1" checked' in page
    assert 'name="report" value="1">' in page


@pytest.mark.parametrize("number", ["LH-999999", "TWICE"])
def test_a_number_that_nobody_has_or_two_have_is_no_number(cast: Cast, number: str) -> None:
    """Requirement C1: two hospitals may give the same one."""
    for patient, issuer in ((cast.alices, "EAST"), (cast.charlies, "WEST")):
        PatientIdentifier.objects.create(patient=patient, value="TWICE", issuer=issuer)
    answer = page_of(cast.hal).post(
        reverse("desk-request-new"), LETTER | {"number": number, "name": "Alice Rivera", "born": "1961-04-17"}
    )
    assert answer.status_code == 422
    assert "No patient has this number here, or more than one" in answer.content.decode()
    assert not ReleaseRequest.objects.exists()


def test_a_wrong_match_is_taken_back_with_all_that_hung_on_it(cast: Cast) -> None:
    """Requirements C1, C6, B2: who asks is verified anew, the clock runs on, the ledger names the wrong record."""
    hal = page_of(cast.hal)
    # Somebody else with her name and birthday: the number told them apart, and was misread.
    request = in_review(hal, name="Alice Rivera", born=ALICE.birth_date.isoformat(), channel="phone")
    step(hal, request, "match", study=str(cast.chest.pk))
    step(hal, request, "confirm_recipient", back_name="Alice Rivera", back_contact="1 Main Street, Austin")
    due = request.due_on
    assert request.read_back
    assert "Say why" in step(hal, request, "unmatch", text=" ")
    assert request.patient == cast.alices
    shown = step(hal, request, "unmatch", text="The caller is her cousin of the same name.")
    assert "It is not that patient" in shown
    assert "Took back whose record it is" in shown
    left = (request.state, request.patient, request.verified_at, request.shown_proof, request.read_back, request.due_on)
    assert left == ("verifying", None, None, "", {}, due)
    assert not request.studies.exists()
    told = Entry.objects.filter(subject_id=str(request.pk), body__contains="unmatch").order_by("seq")
    assert [entry.patient_id for entry in told] == [str(cast.alices.pk), ""]
    step(hal, request, "approve", basis="access")
    assert request.state == "verifying"
    step(hal, request, "verify", proof=Proof.FACTS.value, how=How.TELEPHONE.value)
    step(hal, request, "restate", name="Charlie Novak", born=CHARLIE.birth_date.isoformat())
    step(hal, request, "find", number=CHARLIE.patient_id)
    assert (request.state, request.patient) == ("in_review", cast.charlies)


def test_what_she_asked_in_the_portal_is_hers_and_stays_so(cast: Cast) -> None:
    """Requirement C3: her own link to the record says whose it is."""
    request = actions.receive(
        actions.Asked(patient=cast.alices, studies=[cast.chest]), by=cast.alice, now=NOW, place=PLACE
    )
    hal = page_of(cast.hal)
    step(hal, request, "claim")
    step(hal, request, "verify")
    assert "can&#x27;t be changed any more" in step(hal, request, "unmatch", text="wrong")
    assert (request.state, request.patient) == ("in_review", cast.alices)
    assert 'value="unmatch"' not in hal.get(reverse("desk-request", args=[request.pk])).content.decode()


@pytest.mark.parametrize("who", ["alice", "ruth", "charlie", "dana", "bo", "ravi", "sam"])
def test_only_the_desk_says_whose_record_it_is(cast: Cast, who: str) -> None:
    """Fault C1: every kind of person at this door."""
    request = in_review(page_of(cast.hal), name="Alice Rivera", born=ALICE.birth_date.isoformat())
    by = cast.everybody()[who]
    for do in ("unmatch", "restate"):
        posted = page_of(by).post(reverse("desk-request-act", args=[request.pk]), {"do": do, "text": "x", "name": "x"})
        assert posted.status_code == 404
    with pytest.raises(AccessRefused):
        actions.unmatch(request, by=by, reason="x", now=NOW, place=PLACE)
    with pytest.raises(AccessRefused):
        actions.restate(request, name="x", birth_date=None, by=by, now=NOW, place=PLACE)


def test_after_the_decision_nothing_is_matched_anew(cast: Cast) -> None:
    """Requirement D10: neither after an approval, nor after a part was denied."""
    hal = page_of(cast.hal)
    request = in_review(hal, name="Alice Rivera", born=ALICE.birth_date.isoformat())
    step(hal, request, "match", study=str(cast.chest.pk))
    step(hal, request, "approve", basis="access")
    assert request.state == "approved"
    with pytest.raises(NotNow):
        actions.unmatch(request, by=cast.hal, reason="late", now=NOW, place=PLACE)
    assert request.delivery == Arrival.LINK.value
    request = in_review(hal, name="Alice Rivera", born=ALICE.birth_date.isoformat())
    step(hal, request, "match", study=str(cast.chest.pk))
    Denial.objects.create(
        request=request, ground=Ground.LEGAL_PROCEEDING, withheld=[Item.REPORT], decided_by=cast.priya, decided_at=NOW
    )
    with pytest.raises(Unlawful, match="can't be changed"):
        actions.unmatch(request, by=cast.hal, reason="late", now=NOW, place=PLACE)
