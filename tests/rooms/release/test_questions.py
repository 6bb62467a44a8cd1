"""Questions about a scan, and the code for an emergency room."""

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db.models import Q
from django.test import Client

from cast import NOW, PLACE, Cast
from scanward.access.actions import AccessRefused
from scanward.audit.models import Entry
from scanward.law.errors import Unlawful
from scanward.people.models import Representation
from scanward.release import questions, sharing
from scanward.release.models import Disclosure, Question, Share

pytestmark = pytest.mark.django_db


def test_a_patient_asks_her_doctor_and_is_told_of_the_answer(
    cast: Cast, django_capture_on_commit_callbacks: Any
) -> None:
    """Requirements H4, I6: in a thread of the scan; the e-mails say nothing but that there is news."""
    with django_capture_on_commit_callbacks(execute=True):
        questions.ask(cast.chest, body="What is a nodule?", by=cast.alice, now=NOW, place=PLACE)
        thread = Question.objects.get()
        questions.answer(thread, body="A small spot.", by=cast.dana, now=NOW, place=PLACE)
    assert [message.body for message in thread.messages.all()] == ["What is a nodule?", "A small spot."]
    assert {sent.to[0] for sent in mail.outbox} == {cast.dana.email, cast.alice.email}
    assert not [sent for sent in mail.outbox if "nodule" in sent.body or "Rivera" in sent.body or "Alice" in sent.body]
    assert Entry.objects.filter(kind="message_sent").count() == 2


def test_strangers_neither_ask_nor_answer(cast: Cast) -> None:
    """Fault C1: about a scan of somebody else, or of a patient whom they don't treat."""
    questions.ask(cast.chest, body="Hello?", by=cast.alice, now=NOW, place=PLACE)
    thread = Question.objects.get()
    with pytest.raises(AccessRefused):
        questions.ask(cast.chest, body="Hello?", by=cast.charlie, now=NOW, place=PLACE)
    for who in (cast.bo, cast.ravi, cast.sam, cast.charlie):
        with pytest.raises(AccessRefused):
            questions.answer(thread, body="No.", by=who, now=NOW, place=PLACE)


def test_what_waits_longest_stands_first_and_a_doctor_sees_her_own(cast: Cast) -> None:
    """Requirement H4: nothing is forgotten, and nobody reads about patients who are not theirs."""
    questions.ask(cast.abdomen, body="First.", by=cast.charlie, now=NOW, place=PLACE)
    questions.ask(cast.chest, body="Second.", by=cast.alice, now=NOW + timedelta(hours=1), place=PLACE)
    assert [row.asked_by for row in questions.waiting(cast.hal, now=NOW)] == [cast.charlie, cast.alice]
    assert [row.asked_by for row in questions.waiting(cast.dana, now=NOW)] == [cast.alice]


def test_a_question_on_the_pages(cast: Cast) -> None:
    """Requirements H4, I6: asked in the portal, answered at the desk, escaped on both."""
    alice, hal = Client(), Client()
    alice.force_login(cast.alice)
    hal.force_login(cast.hal)
    assert alice.post(f"/scans/{cast.chest.pk}/ask/", {"text": "<script>1</script>"}).status_code == 302
    assert alice.post(f"/scans/{cast.chest.pk}/ask/", {"text": " "}).status_code == 422
    assert "Waits for an answer" in hal.get("/desk/questions/").content.decode()
    page = f"/desk/questions/{Question.objects.get().pk}/"
    assert "<script>1" not in hal.get(page).content.decode()
    assert hal.post(page, {"text": "We look into it."}).status_code == 302
    assert "We look into it." in alice.get(f"/scans/{cast.chest.pk}/ask/").content.decode()


def made(cast: Cast, who: str = "alice") -> str:
    """Make an emergency code on the page, and return it."""
    client = Client()
    client.force_login(cast.everybody()[who])
    page = client.post("/emergency-code/", {"patient": str(cast.alices.pk)})
    assert page.status_code == 200
    return str(page.context["code"])


def test_a_code_is_made_in_one_step_and_opens_however_it_is_typed(cast: Cast) -> None:
    """Requirement H10; fault C6: 134 bits, all scans and reports, in the register, told to the owner."""
    code = made(cast)
    assert len(sharing.SPOKEN) ** sharing.SPOKEN_LENGTH > 2**128
    typed = code.lower().replace("-", " ")
    visit = sharing.redeem(typed, visitor="Dr. Night", passcode="", now=NOW + timedelta(hours=2), place=PLACE)
    assert visit.share.report
    assert visit.share.images
    assert not Share.objects.filter(Q(token_hash__contains=code) | Q(recipient_name__contains=code)).exists()
    assert Disclosure.objects.get(share=visit.share).channel == "link"


def test_a_code_is_over_after_a_day(cast: Cast) -> None:
    """Requirements H10, J2; fault C6: by a second."""
    code, share = made(cast), Share.objects.get()
    assert share.expires_at - share.created_at == timedelta(hours=24)
    with pytest.raises(sharing.LinkRefused):
        sharing.redeem(code, visitor="x", passcode="", now=share.expires_at + timedelta(seconds=1), place=PLACE)
    with pytest.raises(sharing.LinkRefused):
        sharing.redeem(code, visitor="x", passcode="", now=share.expires_at, place=PLACE)
    before = share.expires_at - timedelta(seconds=1)
    assert sharing.redeem(code, visitor="x", passcode="", now=before, place=PLACE)


def test_a_representative_makes_one_only_while_she_may(cast: Cast) -> None:
    """Requirement H10; fault C14: and what she made ends with her authority."""
    made(cast, "ruth")
    Representation.objects.update(ended_at=NOW)
    share = Share.objects.get()
    assert not sharing.alive(share, now=NOW + timedelta(minutes=1))


def test_a_spoken_code_can_not_be_made_to_last(cast: Cast) -> None:
    """Requirement J2: short is what makes it safe enough to say aloud."""
    wish = sharing.Wish(recipient_name="ER", studies=[cast.chest], expires_at=NOW + timedelta(hours=25), spoken=True)
    with pytest.raises(Unlawful, match="a day at most"):
        sharing.create(wish, by=cast.alice, now=NOW, place=PLACE)
