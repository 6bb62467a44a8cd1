"""What was brought by hand and can't be read is put aside, unread, until somebody lets it in or destroys it."""

import pytest
from django.test import Client

from cast import ALICE, NOW, PLACE, actor, chest_of, sender
from scanward.access.actions import AccessRefused
from scanward.archive import quarantine
from scanward.archive.models import HeldObject, HeldReason, Instance
from scanward.archive.rebuild import recover
from scanward.audit.models import Entry
from scanward.intake import actions, receive
from scanward.intake.receive import Item, Outcome
from scanward.people.actions import NotAllowed

pytestmark = pytest.mark.django_db

WHY = "The sender confirmed by telephone that it is sound."


@pytest.fixture
def hal(cast):
    return {"actor": actor(cast.hal), "place": PLACE, "now": NOW}


def slice_of(seed: int = 61) -> bytes:
    return bytes(chest_of(ALICE, seed=seed).files[-1].data)


def bring(*files: bytes) -> list:
    items = [Item(f"{number}.dcm", data) for number, data in enumerate(files)]
    return list(receive.receive(items, sender=sender(), now=NOW))


def aside() -> HeldObject:
    return HeldObject.objects.get(reason=HeldReason.UNREADABLE)


def test_a_scan_that_is_cut_short_is_put_aside_and_told(cast):
    """Fault B1: refused, and yet the only copy is not lost."""
    [answer] = bring(slice_of()[:-10])
    assert answer.outcome is Outcome.REFUSED
    assert "put aside" in answer.reason
    assert aside().detail == "truncated"
    assert Entry.objects.filter(kind="object_quarantined").count() == 1


def test_the_same_bytes_are_put_aside_once(cast):
    bring(slice_of()[:-10])
    bring(slice_of()[:-10], slice_of()[:-10])
    assert HeldObject.objects.count() == Entry.objects.filter(kind="object_quarantined").count() == 1


def test_what_is_no_scan_is_only_refused(cast):
    """Fault B2."""
    answers = bring(b"", b"a letter", b"\0" * 4096)
    assert {answer.outcome for answer in answers} == {Outcome.REFUSED}
    assert not HeldObject.objects.exists()


def test_a_full_quarantine_takes_no_more_and_says_so_by_keeping_silent(cast, monkeypatch):
    monkeypatch.setattr(quarantine, "MOST", 1)
    first, second = bring(slice_of()[:-10], slice_of()[:-12])
    assert "put aside" in first.reason
    assert "put aside" not in second.reason
    assert HeldObject.objects.count() == 1


def test_it_comes_back_with_the_index(cast):
    bring(slice_of()[:-10])
    before = HeldObject.objects.values("id", "sha256", "detail", "sop_instance_uid", "study_instance_uid").get()
    HeldObject.objects.all().delete()
    recover(now=NOW, whole=True)
    assert HeldObject.objects.values(*before).get() == before


def test_nobody_can_be_given_it(cast, hal):
    bring(slice_of()[:-10])
    with pytest.raises(NotAllowed, match="can't be read"):
        actions.attach_case(aside(), cast.alices, **hal)
    with pytest.raises(NotAllowed, match="can't be read"):
        actions.attach_to_new_patient(aside(), **hal)


def test_what_still_cannot_be_read_stays_aside(cast, hal):
    bring(slice_of()[:-10])
    with pytest.raises(NotAllowed, match="still can't be read"):
        actions.let_in(aside(), WHY, **hal)
    assert aside()


def test_what_a_newer_reader_can_read_is_let_in(cast, hal, monkeypatch):
    from scanward.dicom.errors import RefusalReason, Refused

    def older(_data, **_how):
        raise Refused(RefusalReason.UNSUPPORTED_SYNTAX)

    with monkeypatch.context() as then:
        then.setattr(receive, "inspect", older)
        bring(slice_of())
    actions.let_in(aside(), WHY, **hal)
    assert Instance.objects.filter(series__study__patient=cast.alices).count() >= 1
    assert not HeldObject.objects.exists()
    assert Entry.objects.filter(kind="quarantine_released", body__contains='"decision":"let in"').count() == 1


def test_destroying_it_needs_a_sentence_that_stays(cast, hal):
    bring(slice_of()[:-10])
    with pytest.raises(NotAllowed):
        actions.reject_case(aside(), "no", **hal)
    assert actions.reject_case(aside(), "Damaged, and she brought a good copy.", **hal) == 1
    assert Entry.objects.filter(kind="quarantine_released", body__contains="good copy").count() == 1
    assert not HeldObject.objects.exists()


@pytest.mark.parametrize("who", ["alice", "charlie", "bo", "dana", "priya", "sam", "ravi"])
def test_nobody_but_records_staff_decides(cast, who):
    """K1."""
    bring(slice_of()[:-10])
    with pytest.raises(AccessRefused):
        actions.let_in(aside(), WHY, actor=actor(getattr(cast, who)), place=PLACE, now=NOW)


def test_the_desk_shows_why_and_decides(cast):
    bring(slice_of()[:-10])
    client = Client()
    client.force_login(cast.hal, backend="allauth.account.auth_backends.AuthenticationBackend")
    page = client.get("/desk/cases/").content.decode()
    assert "A file that was put aside" in page
    assert "ends in the middle of an element" in page
    answer = client.post(f"/desk/cases/{aside().id}/decide", {"decision": "let-in", "reason": WHY}, follow=True)
    assert "still can&#x27;t be read" in answer.content.decode()
