"""What is kept apart is settled by a person: given to a patient, made a new record, or destroyed."""

import pytest
from django.test import Client

from cast import ALICE, CHARLIE, NOW, PLACE, actor, chest_of, sender, take_in
from scanward.access.actions import AccessRefused
from scanward.archive.models import HeldObject, Instance, Study
from scanward.audit.models import Entry
from scanward.dicom.synthetic import SyntheticPatient, study
from scanward.intake import actions
from scanward.intake.receive import Item, Outcome, receive
from scanward.people.actions import NotAllowed

pytestmark = pytest.mark.django_db

# Alice's number with another name; and Alice by name and birth under another number.
MISTYPED = SyntheticPatient("Rivers^Alicia", ALICE.patient_id, ALICE.birth_date, "F", ALICE.issuer)
DOUBLE = SyntheticPatient(ALICE.name, "LH-999999", ALICE.birth_date, "F", ALICE.issuer)


@pytest.fixture
def hal(cast):
    return {"actor": actor(cast.hal), "place": PLACE, "now": NOW}


def held_study(who: SyntheticPatient, seed: int = 51):
    made = study("chest", seed=seed, patient=who, matrix=32, slices=3)
    take_in(made)
    return made


def case_of(made) -> HeldObject:
    return HeldObject.objects.filter(study_instance_uid=made.study_instance_uid).first()


def told(decision: str) -> int:
    return Entry.objects.filter(kind="conflict_resolved", body__contains=f'"decision":"{decision}"').count()


def test_a_whole_study_is_given_to_its_patient_unchanged(cast, hal):
    made = held_study(MISTYPED)
    before = set(HeldObject.objects.values_list("sop_instance_uid", "sha256"))
    assert actions.attach_case(case_of(made), cast.alices, **hal) == len(before) > 3
    kept = Study.objects.get(study_instance_uid=made.study_instance_uid)
    assert kept.patient == cast.alices
    assert set(Instance.objects.filter(series__study=kept).values_list("sop_instance_uid", "sha256")) == before
    assert not HeldObject.objects.exists()
    assert told("attached") == len(before)


def test_what_was_decided_survives_a_rebuild_of_the_index(cast, hal):
    from scanward.archive.rebuild import recover

    made = held_study(MISTYPED)
    actions.attach_case(case_of(made), cast.alices, **hal)
    recover(now=NOW, whole=True)
    assert not HeldObject.objects.exists()


def test_somebody_new_gets_a_record_of_their_own(cast, hal):
    made = held_study(DOUBLE)
    actions.attach_to_new_patient(case_of(made), **hal)
    kept = Study.objects.get(study_instance_uid=made.study_instance_uid)
    assert kept.patient not in (cast.alices, cast.charlies)
    assert list(kept.patient.identifiers.values_list("value", flat=True)) == [DOUBLE.patient_id]


def test_a_number_that_is_somebody_elses_is_not_taken_over(cast, hal):
    made = held_study(MISTYPED)
    actions.attach_to_new_patient(case_of(made), **hal)
    kept = Study.objects.get(study_instance_uid=made.study_instance_uid)
    assert not kept.patient.identifiers.exists()
    assert cast.alices.identifiers.get().value == ALICE.patient_id


def test_rejected_images_are_destroyed_with_the_reason(cast, hal):
    made = held_study(MISTYPED)
    key = case_of(made).key_id
    actions.reject_case(case_of(made), "Sent by mistake from the training scanner.", **hal)
    from scanward.archive.place import vault

    assert vault().is_erased(key)
    assert not HeldObject.objects.exists()
    assert told("rejected")
    assert Entry.objects.filter(body__contains="training scanner").exists()


def test_rejecting_needs_a_sentence(cast, hal):
    made = held_study(MISTYPED)
    with pytest.raises(NotAllowed):
        actions.reject_case(case_of(made), "no", **hal)
    assert HeldObject.objects.exists()


def test_another_image_under_a_known_uid_is_never_attached(cast, hal):
    """Fault B10: the first one is never overwritten."""
    first = chest_of(ALICE).files[0].data
    [received] = receive([Item("x", first[:-2] + b"\x07\x01")], sender=sender(), now=NOW)
    assert received.outcome is Outcome.CONFLICT
    before = Instance.objects.count()
    with pytest.raises(NotAllowed, match="never overwritten"):
        actions.attach_case(HeldObject.objects.get(), cast.alices, **hal)
    with pytest.raises(NotAllowed):
        actions.attach_to_new_patient(HeldObject.objects.get(), **hal)
    assert (Instance.objects.count(), HeldObject.objects.count()) == (before, 1)


@pytest.mark.parametrize("who", ["alice", "ruth", "charlie", "dana", "bo", "ravi", "sam"])
def test_only_records_staff_decide(cast, who):
    made = held_study(MISTYPED)
    by = {"actor": actor(getattr(cast, who)), "place": PLACE, "now": NOW}
    for deed in (
        lambda: actions.attach_case(case_of(made), cast.alices, **by),
        lambda: actions.attach_to_new_patient(case_of(made), **by),
        lambda: actions.reject_case(case_of(made), "A reason that is long enough.", **by),
    ):
        with pytest.raises(AccessRefused):
            deed()
    assert HeldObject.objects.exists()


def signed_in(account) -> Client:
    client = Client()
    client.force_login(account)
    return client


def test_the_page_shows_one_case_for_a_study_and_settles_it(cast):
    made = held_study(MISTYPED)
    hal = signed_in(cast.hal)
    page = hal.get("/desk/cases/").content.decode()
    assert page.count("<article") == 1
    assert "Rivers" in page
    assert "Rivera" in page
    answer = hal.post(f"/desk/cases/{case_of(made).id}/decide", {"decision": "near"}, follow=True)
    assert answer.status_code == 200
    assert Study.objects.get(study_instance_uid=made.study_instance_uid).patient == cast.alices


def test_the_page_attaches_by_number_and_says_when_nobody_has_it(cast):
    made = held_study(MISTYPED)
    hal, to = signed_in(cast.hal), f"/desk/cases/{case_of(made).id}/decide"
    answer = hal.post(to, {"decision": "number", "number": "nobody"}, follow=True)
    assert "No patient has this number" in answer.content.decode()
    hal.post(to, {"decision": "number", "number": CHARLIE.patient_id})
    assert Study.objects.get(study_instance_uid=made.study_instance_uid).patient == cast.charlies


@pytest.mark.parametrize("who", ["alice", "charlie", "dana", "bo"])
def test_for_everybody_else_there_is_no_such_page(cast, who):
    """Fault C1."""
    made = held_study(MISTYPED)
    client = signed_in(getattr(cast, who))
    assert client.post(f"/desk/cases/{case_of(made).id}/decide", {"decision": "near"}).status_code == 404
    assert client.get("/desk/cases/").status_code == 404
