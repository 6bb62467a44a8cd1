"""What a patient without an account asks by letter: the desk enters it, and it binds as if it came by the portal."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse

from cast import NOW, PLACE, Cast
from journeys.test_release_pages import page_of
from rooms.release.helping import TODAY, later
from scanward.access.actions import AccessRefused
from scanward.law.bases import Basis, RecipientKind
from scanward.people.models import PatientLink
from scanward.release import packages, rights, sharing
from scanward.release.corrections import statements_of
from scanward.release.models import AmendmentRequest, Restriction
from scanward.release.moving import kept_from

pytestmark = pytest.mark.django_db


def test_a_correction_by_letter_counts_from_the_day_on_which_it_came(cast: Cast) -> None:
    """Requirements H7, I15; 45 CFR 164.526(b): sixty days from receipt; her statement by letter goes along, too."""
    hal, here = page_of(cast.hal), reverse("patient-wishes", args=[cast.alices.pk])
    came = TODAY - timedelta(days=5)
    form = {"do": "amend", "study": str(cast.chest.pk), "text": "It was the left one.", "received": came.isoformat()}
    hal.post(here, form)
    asked = AmendmentRequest.objects.get()
    assert (asked.due_on, asked.study) == (came + timedelta(days=60), cast.chest)
    answer = {"do": "deny", "ground": rights.wishes.AmendmentGround.ACCURATE.value, "text": "We looked again."}
    hal.post(reverse("wish-answer", args=[asked.pk]), answer)
    assert "Keep the statement" in hal.get(here).content.decode()
    hal.post(here, {"do": "disagree", "asked": str(asked.pk), "text": "I know my lungs."})
    assert [one.disagreement for one in statements_of([cast.chest])] == ["I know my lungs."]


def test_a_restriction_by_telephone_binds_and_ends_with_her_word(cast: Cast) -> None:
    """45 CFR 164.522(a)(1)(vi), (a)(2): paid in full, so at once; it ends only if she agrees."""
    hal, here = page_of(cast.hal), reverse("patient-wishes", args=[cast.alices.pk])
    hal.post(here, {"do": "restrict", "kept_from": "plan", "paid": "1"})
    asked = Restriction.objects.get()
    assert asked.agreed
    end = {"do": "end", "asked": str(asked.pk)}
    assert "stays restricted" in hal.post(here, end, follow=True).content.decode()
    plan = {"patient": cast.alices.pk, "studies": [cast.chest.pk]}
    assert kept_from(RecipientKind.HEALTH_PLAN, Basis.PAYMENT, **plan)
    hal.post(here, {**end, "agrees": "1"})
    assert not kept_from(RecipientKind.HEALTH_PLAN, Basis.PAYMENT, **plan)


def test_nothing_of_another_patient_is_named_on_her_page(cast: Cast) -> None:
    """Fault C1: a scan, a correction and a restriction of somebody else are not there."""
    hal, here = page_of(cast.hal), reverse("patient-wishes", args=[cast.charlies.pk])
    asked = rights.ask_amendment(cast.alices, text="x", by=cast.alice, now=NOW, place=PLACE)
    for form in (
        {"do": "amend", "study": str(cast.chest.pk), "text": "x"},
        {"do": "disagree", "asked": str(asked.pk), "text": "x"},
        {"do": "end", "asked": str(asked.pk)},
        {"do": "restrict", "kept_from": "nobody"},
        {"do": "anything"},
    ):
        assert hal.post(here, form).status_code == 404
    assert AmendmentRequest.objects.count() == 1


def test_nobody_at_the_desk_decides_what_she_asks_herself(cast: Cast) -> None:
    """Fault C16: a clerk is a patient, too; her correction and her restriction wait for somebody else."""
    PatientLink.objects.filter(account=cast.alice).update(account=cast.hal)
    asked = rights.ask_amendment(cast.alices, text="x", by=cast.hal, now=NOW, place=PLACE)
    with pytest.raises(AccessRefused, match="herself"):
        rights.decide_amendment(asked, accepted=True, answer="Yes.", by=cast.hal, now=NOW, place=PLACE)
    kept = rights.ask_restriction(
        cast.alices, recipients=[RecipientKind.FAMILY], bases=[Basis.INVOLVED_PERSON], by=cast.hal, now=NOW, place=PLACE
    )
    with pytest.raises(AccessRefused, match="herself"):
        rights.decide_restriction(kept, agreed=True, by=cast.hal, now=NOW, place=PLACE)


def test_an_accepted_correction_names_who_has_the_old_text(cast: Cast) -> None:
    """Requirement H7; 45 CFR 164.526(c)(3)(ii): the doctor who opened her link, and neither herself nor a later one."""
    wish: dict[str, Any] = {"studies": [cast.chest], "expires_at": later(days=9)}

    def opened(name: str, now: datetime) -> None:
        made = sharing.create(sharing.Wish(recipient_name=name, **wish), by=cast.alice, now=now, place=PLACE)
        sharing.redeem(made.secret, visitor=name, passcode="", now=now, place=PLACE)

    opened("Dr. Okoye", NOW)
    hers = packages.PurposeOfUse.PATIENT_REQUEST
    packages.prepare(cast.alice, cast.chest, purpose=hers, language="en", now=NOW, place=PLACE)
    asked = rights.ask_amendment(
        cast.alices, study=cast.chest, text="It was the left one.", by=cast.alice, now=NOW, place=PLACE
    )
    answered = later(minutes=30)
    rights.decide_amendment(asked, accepted=True, answer="Corrected.", by=cast.hal, now=answered, place=PLACE)
    opened("Dr. Later", later(minutes=40))
    page = page_of(cast.hal).get(reverse("patient-wishes", args=[cast.alices.pk])).content.decode()
    assert ("Dr. Okoye" in page, "Dr. Later" in page, "alice@example.org" in page) == (True, False, False)


def test_the_desk_ends_a_link_for_whom_it_has_not_reached(cast: Cast) -> None:
    """Requirement J6: she telephones from the road; what was open is named, and opens nothing from then on."""
    wish = sharing.Wish(recipient_name="Dr. Okoye", studies=[cast.chest], expires_at=later(days=9))
    made = sharing.create(wish, by=cast.alice, now=NOW, place=PLACE)
    hal, here = page_of(cast.hal), reverse("patient-links", args=[cast.alices.pk])
    assert here in hal.get(reverse("patient-people", args=[cast.alices.pk])).content.decode()
    assert "Dr. Okoye" in hal.get(here).content.decode()
    others = reverse("patient-links", args=[cast.charlies.pk])
    assert hal.post(others, {"link": str(made.share.pk)}).status_code == 404
    assert "Dr. Okoye" not in hal.post(here, {"link": str(made.share.pk)}, follow=True).content.decode()
    with pytest.raises(sharing.LinkRefused):
        sharing.redeem(made.secret, visitor="Dr. Okoye", passcode="", now=later(minutes=5), place=PLACE)
    assert page_of(cast.priya).get(here).status_code == 200
