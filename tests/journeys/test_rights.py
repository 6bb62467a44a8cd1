"""What else a patient may ask, on both sides' pages: a correction, a restriction, another address."""

from datetime import timedelta

import pytest
from django.urls import reverse

from cast import NOW, PLACE, Cast
from journeys.test_release_pages import page_of
from rooms.release.helping import in_review
from rooms.release.test_corrections import words_of
from scanward.law.bases import Basis, RecipientKind
from scanward.law.tracks import Track
from scanward.people.models import PatientLink
from scanward.release import actions, letters, rights
from scanward.release.actions import RecipientDetails
from scanward.release.machine import NotNow
from scanward.release.models import AmendmentRequest, ReleaseRequest, Restriction
from scanward.release.moving import restricted

pytestmark = pytest.mark.django_db


def amendment(cast: Cast) -> AmendmentRequest:
    form = {"do": "amend", "study": str(cast.chest.pk), "text": "It says left; it is my right lung."}
    page_of(cast.alice).post(reverse("rights-ask"), form)
    return AmendmentRequest.objects.get()


def test_a_denied_correction_can_be_disagreed_with(cast: Cast) -> None:
    """Requirement H7: sixty days, a ground, a letter with her rights, a statement for each later copy."""
    asked = amendment(cast)
    alice, hal = page_of(cast.alice), page_of(cast.hal)
    assert (asked.due_on - asked.received_at.date()).days in (59, 60)
    assert "my right lung" in hal.get(reverse("wishes")).content.decode()
    door = reverse("wish-answer", args=[asked.pk])
    hal.post(door, {"do": "deny", "text": "We looked at it again."})
    asked.refresh_from_db()
    assert asked.accepted is None
    hal.post(door, {"do": "deny", "text": "We looked at it again.", "ground": "It is accurate and complete."})
    asked.refresh_from_db()
    assert asked.accepted is False
    page = alice.get(reverse("rights")).content.decode()
    assert "About your correction" in page
    alice.post(reverse("rights-ask"), {"do": "disagree", "asked": str(asked.pk), "text": "I still see it otherwise."})
    asked.refresh_from_db()
    assert asked.disagreement == "I still see it otherwise."
    [letter] = cast.alices.letters.filter(template="amendment")
    assert letters.pdf(letter).startswith(b"%PDF")


def test_a_correction_is_extended_once_and_accepted(cast: Cast) -> None:
    """Requirement H7: each answer has its letter, and what is decided is not decided again."""
    asked = amendment(cast)
    hal, door = page_of(cast.hal), reverse("wish-answer", args=[asked.pk])
    later = (asked.due_on + timedelta(days=20)).isoformat()
    for _again in range(2):
        hal.post(door, {"do": "extend", "text": "The radiologist is away.", "new_date": later})
    hal.post(door, {"do": "accept", "text": ""})
    hal.post(door, {"do": "deny", "text": "No.", "ground": "It is accurate and complete."})
    asked.refresh_from_db()
    assert (asked.accepted, asked.extended_to.isoformat()) == (True, later)
    outcomes = [kept.values["outcome"] for kept in cast.alices.letters.filter(template="amendment")]
    assert outcomes == ["extended", "accepted"]


def test_what_was_paid_in_full_stays_from_the_plan(cast: Cast) -> None:
    """Requirement A5; 164.522(a)(1)(vi): in force at once, without anybody's yes."""
    page_of(cast.alice).post(reverse("rights-ask"), {"do": "restrict", "kept_from": "plan", "paid": "1"})
    plan = RecipientDetails(kind=RecipientKind.HEALTH_PLAN, name="Great Lakes Health", address="1 Plan Street")
    asked = actions.Asked(patient=cast.alices, studies=[cast.chest], track=Track.OPERATIONS, recipient=plan)
    request = actions.receive(asked, by=cast.hal, now=NOW, place=PLACE)
    assert Restriction.objects.get().agreed
    assert restricted(request, Basis.PAYMENT)
    assert not restricted(request, Basis.REQUIRED_BY_LAW)


def test_a_restriction_that_was_agreed_to_stops_the_release(cast: Cast) -> None:
    """Requirement A10; 164.522(a)(1)(iii): agreed at the desk, and nothing is approved then."""
    page_of(cast.alice).post(reverse("rights-ask"), {"do": "restrict", "kept_from": "provider"})
    page_of(cast.hal).post(reverse("wish-answer", args=[Restriction.objects.get().pk]), {"do": "agree"})
    to = RecipientDetails(kind=RecipientKind.PROVIDER, name="Dr. Okoye", address="2 Side Street")
    asked = actions.Asked(patient=cast.alices, studies=[cast.chest], track=Track.TREATMENT, recipient=to, care="lung")
    request = actions.receive(asked, by=cast.alice, now=NOW, place=PLACE)
    in_review(request, cast.hal)
    back = {"name": "Dr. Okoye", "address": "2 Side Street"}
    actions.confirm_recipient(request, back, by=cast.hal, now=NOW, place=PLACE)
    actions.note_local_rules(request, note="none", by=cast.hal, now=NOW, place=PLACE)
    with pytest.raises(NotNow, match="restriction"):
        actions.approve(request, by=cast.hal, basis=Basis.TREATMENT.value, now=NOW, place=PLACE)


def test_another_restriction_is_the_desks_to_decide(cast: Cast) -> None:
    """Requirement A8: asked, declined, and the letter says so."""
    page_of(cast.alice).post(reverse("rights-ask"), {"do": "restrict", "kept_from": "family", "text": "not my brother"})
    asked = Restriction.objects.get()
    assert asked.agreed is None
    page_of(cast.hal).post(reverse("wish-answer", args=[asked.pk]), {"do": "decline"})
    asked.refresh_from_db()
    assert asked.agreed is False
    assert cast.alices.letters.filter(template="restriction").exists()


def test_another_address_is_where_letters_go(cast: Cast) -> None:
    """Requirement G9: no reason is asked; the next letter has the new address."""
    alice = page_of(cast.alice)
    alice.post(reverse("rights-ask"), {"do": "reach", "address": "Box 12, Austin"})
    assert "Box 12, Austin" in alice.get(reverse("rights")).content.decode()
    actions.receive(actions.Asked(patient=cast.alices, studies=[cast.chest]), by=cast.alice, now=NOW, place=PLACE)
    [receipt] = ReleaseRequest.objects.get().letters.all()
    assert "Box 12, Austin" in receipt.values["recipient"]


def test_nobody_asks_in_the_name_of_others(cast: Cast) -> None:
    """Fault C1: a stranger's form about her scan changes nothing."""
    form = {"do": "amend", "study": str(cast.chest.pk), "text": "Wrong."}
    assert page_of(cast.charlie).post(reverse("rights-ask"), form).status_code == 404
    assert not AmendmentRequest.objects.exists()
    assert page_of(cast.bo).get(reverse("wishes")).status_code == 404


@pytest.mark.parametrize(("language", "asks"), [("en", "ask us"), ("es", "pregúntenos")])
def test_the_list_sends_nobody_to_a_portal_who_has_no_account(cast: Cast, language: str, asks: str) -> None:
    """Requirement I15; 45 CFR 164.528: with an account the rest is in the portal; without one, it is asked for."""

    def made() -> str:
        kept = rights.give_accounting(cast.alices, by=cast.hal, language=language, now=NOW, place=PLACE)
        return words_of(letters.pdf(kept))

    with_account = made()
    assert ("portal" in with_account, asks in with_account) == (True, False)
    PatientLink.objects.filter(patient=cast.alices).update(ended_at=NOW)
    without = made()
    assert ("portal" in without, asks in without) == (False, True)
