"""After the answer about a correction: the hospital's rebuttal of a statement, and who else was told of it."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from cast import NOW, PLACE, Cast
from journeys.test_release_pages import page_of
from journeys.test_suspensions import SHERIFF, given, statement
from rooms.release.helping import TODAY, later
from rooms.release.test_corrections import WORDS, words_of
from rooms.release.test_corrections import denied as denied  # noqa: PLC0414  a fixture
from scanward.audit.kinds import EventKind
from scanward.audit.models import Entry
from scanward.law.bases import Basis
from scanward.release import letters, rebuttals, rights, suspensions
from scanward.release.corrections import have_the_old_text, statement_document
from scanward.release.disclosures import account_for
from scanward.release.models import AmendmentRequest, CorrectionTold, Disclosure, Letter

pytestmark = pytest.mark.django_db
REBUTTAL = "Two radiologists read it again. Both see the right lung."


@pytest.fixture
def accepted(cast: Cast) -> AmendmentRequest:
    """Alice's correction was accepted, after a doctor and a sheriff had the old text."""
    given(cast, "Dr. Okoye", Basis.TREATMENT)
    given(cast, SHERIFF, Basis.POLICE_PROCESS)
    asked = rights.ask_amendment(
        cast.alices, study=cast.chest, text="It was the left one.", by=cast.alice, now=NOW, place=PLACE
    )
    answered = later(minutes=1)
    rights.decide_amendment(asked, accepted=True, answer="Corrected.", by=cast.hal, now=answered, place=PLACE)
    return asked


def say(hal: Client, asked: AmendmentRequest, do: str, **fields: str) -> str:
    """Press a button of the desk's page, and return what it says then."""
    here = reverse("patient-wishes", args=[asked.patient_id])
    return hal.post(here, {"do": do, "asked": str(asked.pk), **fields}, follow=True).content.decode()


def test_the_rebuttal_goes_along_with_the_statement_and_the_patient_gets_it(
    cast: Cast, denied: AmendmentRequest
) -> None:
    """Requirement H7; 45 CFR 164.526(d)(3), (d)(5)(i): in every copy behind her words, in a letter, and on her page."""
    hal, alice = page_of(cast.hal), page_of(cast.alice)
    assert "answers a statement" in say(hal, denied, "rebut", text=REBUTTAL)
    rights.disagree(denied, text=WORDS, by=cast.alice, now=NOW, place=PLACE)
    assert REBUTTAL in say(hal, denied, "rebut", text=REBUTTAL)
    made = statement_document([cast.chest], language="en", day=NOW.date())
    assert made
    assert 0 < words_of(made).find(WORDS) < words_of(made).find(REBUTTAL)
    newest = Letter.objects.filter(template="amendment").latest("sent_at")
    assert REBUTTAL in words_of(letters.pdf(newest))
    for page in (reverse("rights"), f"/scans/{cast.chest.pk}/"):
        assert REBUTTAL in alice.get(page).content.decode()
    assert Entry.objects.filter(kind=EventKind.AMENDMENT_REBUTTED).count() == 1


def test_a_rebuttal_is_written_once_by_the_house_and_by_nobody_else(cast: Cast, denied: AmendmentRequest) -> None:
    """45 CFR 164.526(d)(3); fault C16: what was sent to her is not exchanged; she writes none herself."""
    rights.disagree(denied, text=WORDS, by=cast.alice, now=NOW, place=PLACE)
    hal = page_of(cast.hal)
    assert "Say why" in say(hal, denied, "rebut", text="  ")
    say(hal, denied, "rebut", text=REBUTTAL)
    assert "once" in say(hal, denied, "rebut", text="Something else.")
    here = reverse("patient-wishes", args=[cast.alices.pk])
    assert page_of(cast.alice).post(here, {"do": "rebut", "asked": str(denied.pk), "text": "x"}).status_code == 404
    denied.refresh_from_db()
    assert (denied.rebuttal, denied.rebutted_by) == (REBUTTAL, cast.hal)


def test_who_was_told_of_a_correction_is_written_down_for_the_patient_too(
    cast: Cast, accepted: AmendmentRequest
) -> None:
    """Requirement H7; 45 CFR 164.526(c)(3): who has the old text, whom she names, when, and by whom they were told."""
    hal, alice = page_of(cast.hal), page_of(cast.alice)
    okoye = "Dr. Okoye, 5 Hill Road"
    before = hal.get(reverse("patient-wishes", args=[cast.alices.pk])).content.decode()
    assert f"<option>{okoye}</option>" in before
    assert f"<option>{okoye}</option>" not in say(hal, accepted, "told", known=okoye, told_on=TODAY.isoformat())
    say(hal, accepted, "told", named="My sister Eve, 2 Elm Road", told_on=TODAY.isoformat())
    hers = alice.get(reverse("rights")).content.decode()
    assert okoye in hers
    assert "My sister Eve, 2 Elm Road" in hers
    assert "(Hal)" in hers
    assert Entry.objects.filter(kind=EventKind.CORRECTION_TOLD).count() == 2


def test_telling_of_a_correction_is_a_disclosure_like_any_other(cast: Cast, accepted: AmendmentRequest) -> None:
    """Requirements L5, L6, D12; 45 CFR 164.528(a)(1): on her page in words, and in the accounting unless excluded."""
    hal = page_of(cast.hal)
    say(hal, accepted, "told", known="Dr. Okoye, 5 Hill Road", told_on=TODAY.isoformat())
    say(hal, accepted, "told", named="My sister Eve", told_on=TODAY.isoformat())
    rows = Disclosure.objects.filter(description="What was corrected in the record")
    said = {(row.recipient, row.address, row.basis, row.accountable) for row in rows}
    assert said == {
        ("Dr. Okoye", "5 Hill Road", Basis.TREATMENT.value, False),
        ("My sister Eve", "", Basis.REQUIRED_BY_LAW.value, True),
    }
    assert all(row.at >= accepted.answered_at and row.study_ids == [str(cast.chest.pk)] for row in rows)
    # Who was told has not "the old text" because of it.
    assert have_the_old_text(accepted) == [f"{SHERIFF}, 5 Hill Road", "Dr. Okoye, 5 Hill Road"]
    alice = page_of(cast.alice)
    assert "By telephone, letter or e-mail" in alice.get(reverse("sent")).content.decode()
    alice.cookies.load({"django_language": "es"})
    assert "Lo que se corrigió en el expediente" in alice.get(reverse("sent")).content.decode()
    entries = account_for(cast.alices, now=later(days=1))
    assert "My sister Eve" in {entry.first.recipient for entry in entries}


def test_nobody_is_told_too_early_in_the_future_twice_or_of_a_denial(
    cast: Cast, accepted: AmendmentRequest, denied: AmendmentRequest
) -> None:
    """45 CFR 164.526(c)(3): what is written down can have happened."""
    hal, today = page_of(cast.hal), TODAY.isoformat()
    say(hal, accepted, "told", named="Eve", told_on=today)
    for asked, named, told_on, said in (
        (accepted, "Eve", today, "already"),
        (accepted, "", today, "Say who"),
        # Two days: TODAY is the day an hour before the tests began, so the next one may have come.
        (accepted, "Ann", (TODAY + timedelta(days=2)).isoformat(), "not in the future"),
        (accepted, "Ann", (TODAY - timedelta(days=1)).isoformat(), "after the correction"),
        (denied, "Ann", today, "was accepted"),
    ):
        assert said in say(hal, asked, "told", named=named, told_on=told_on)
    assert [row.recipient for row in CorrectionTold.objects.all()] == ["Eve"]


def test_that_an_official_was_told_is_kept_from_her_as_long_as_the_official_asked(
    cast: Cast, accepted: AmendmentRequest
) -> None:
    """45 CFR 164.528(a)(2): what the accounting leaves out, no other page says."""
    rebuttals.note_told(
        accepted, recipient=f"{SHERIFF}, 5 Hill Road", told_on=TODAY, by=cast.hal, now=later(minutes=2), place=PLACE
    )
    alice = page_of(cast.alice)
    assert SHERIFF in alice.get(reverse("rights")).content.decode()
    suspensions.suspend(cast.alices, statement(), by=cast.priya, now=NOW, place=PLACE)
    for page in ("rights", "sent"):
        assert SHERIFF not in alice.get(reverse(page)).content.decode()
