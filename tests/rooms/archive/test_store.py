"""What arrives is kept once, exactly as it came, with the right patient."""

from dataclasses import replace
from datetime import date

import pytest

from cast import ALICE, CHARLIE, NOW, actor, bring, chest_of, patient, sender, take_in
from scanward.access.actions import authorize
from scanward.access.kinds import Action, RecordFacts
from scanward.archive import reading
from scanward.archive.models import HeldObject, HeldReason, Instance, Study
from scanward.audit.kinds import EventKind
from scanward.audit.models import Entry
from scanward.dicom.synthetic import study
from scanward.intake.receive import Item, Outcome, receive
from scanward.law.purpose import PurposeOfUse
from scanward.people import matching
from scanward.people.models import Patient, PatientIdentifier

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_vault")]


def outcomes(received):
    return {item.outcome for item in received}


def test_a_study_is_kept_with_its_patient():
    made = chest_of(ALICE)
    assert outcomes(take_in(made)) == {Outcome.KEPT}
    kept = Study.objects.get()
    assert kept.patient == patient(ALICE)
    assert kept.patient.full_name == "Alice Rivera"
    assert Instance.objects.count() == len(made.files)


def test_what_arrived_comes_back_byte_for_byte(cast):
    """A14: nothing is altered on the way in."""
    grant = authorize(
        actor(cast.alice),
        Action.DOWNLOAD,
        RecordFacts(cast.alices.id, cast.chest.id),
        PurposeOfUse.PATIENT_REQUEST,
        now=NOW,
        place=sender().place,
    )
    for file in chest_of(ALICE).files:
        instance = Instance.objects.get(sop_instance_uid=file.sop_instance_uid)
        with reading.open(grant, instance, now=NOW) as stream:
            assert stream.read() == file.data


def test_the_same_again_changes_nothing():
    """Fault B11."""
    take_in(chest_of(ALICE))
    before = set(Instance.objects.values_list("locator", flat=True))
    assert outcomes(take_in(chest_of(ALICE))) == {Outcome.DUPLICATE}
    assert set(Instance.objects.values_list("locator", flat=True)) == before
    assert Entry.objects.filter(kind=EventKind.OBJECT_DUPLICATE).count() == 1


def test_twins_in_one_batch_are_stored_once():
    file = chest_of(ALICE).files[0]
    received = list(receive([Item("a", file.data), Item("b", file.data)], sender=sender(), now=NOW))
    assert [item.outcome for item in received] == [Outcome.KEPT, Outcome.DUPLICATE]


def test_other_pixels_under_the_same_uid_are_kept_apart():
    """Fault B10: the first one is never overwritten."""
    file = chest_of(ALICE).files[0]
    take_in(chest_of(ALICE))
    changed = file.data[:-2] + b"\x07\x00"
    [received] = receive([Item("changed", changed)], sender=sender(), now=NOW)
    assert received.outcome is Outcome.CONFLICT
    held = HeldObject.objects.get()
    assert held.reason == HeldReason.CONTENT_DIFFERS
    assert held.near_instance == Instance.objects.get(sop_instance_uid=file.sop_instance_uid)
    assert Entry.objects.filter(kind=EventKind.CONFLICT_OPENED).count() == 1


def test_the_same_conflict_again_is_the_same_case():
    take_in(chest_of(ALICE))
    changed = chest_of(ALICE).files[0].data[:-2] + b"\x07\x00"
    for _ in range(2):
        [received] = receive([Item("changed", changed)], sender=sender(), now=NOW)
        assert received.outcome is Outcome.CONFLICT
    assert HeldObject.objects.count() == 1


def test_a_study_of_another_patient_is_not_touched():
    """Fault B10, other patient: Charlie's name on Alice's study UID goes to a case."""
    mine = chest_of(ALICE)
    take_in(mine)
    take_in(chest_of(CHARLIE, seed=12))
    other = next(file for file in chest_of(CHARLIE, seed=12).files if file.kind == "soft")
    forged = other.data.replace(
        chest_of(CHARLIE, seed=12).study_instance_uid.encode(), mine.study_instance_uid.encode()
    ).replace(other.sop_instance_uid.encode(), other.sop_instance_uid[:-1].encode() + b"7")
    [received] = receive([Item("forged", forged)], sender=sender(), now=NOW)
    if len(mine.study_instance_uid) == len(chest_of(CHARLIE, seed=12).study_instance_uid):
        assert received.outcome is Outcome.CONFLICT
        assert HeldObject.objects.get().reason == HeldReason.STUDY_OF_OTHER_PATIENT
    else:
        assert received.outcome is Outcome.REFUSED
    assert Study.objects.get(study_instance_uid=mine.study_instance_uid).patient == patient(ALICE)


@pytest.mark.parametrize(
    "change",
    [{"birth_date": date(1990, 1, 1)}, {"name": "Smith^Jane"}, {"sex": "M"}],
    ids=["date of birth", "name", "sex"],
)
def test_a_known_number_with_other_demographics_is_a_case(change):
    take_in(chest_of(ALICE))
    other = replace(ALICE, **change)
    assert outcomes(take_in(study("chest", seed=3, patient=other, matrix=64, slices=4))) == {Outcome.CONFLICT}
    assert {held.reason for held in HeldObject.objects.all()} == {HeldReason.PATIENT_DIFFERS}
    assert Patient.objects.count() == 1


def test_a_namesake_born_the_same_day_is_a_case():
    take_in(chest_of(ALICE))
    double = replace(ALICE, patient_id="LH-999999")
    assert outcomes(take_in(study("chest", seed=3, patient=double, matrix=64, slices=4))) == {Outcome.CONFLICT}
    assert {held.reason for held in HeldObject.objects.all()} == {HeldReason.PATIENT_MAYBE_DOUBLE}


def test_a_record_that_another_process_makes_at_the_same_moment_is_no_namesake(monkeypatch):
    """Its number was not known when it was asked for, and its name was a moment later: it is the same record."""
    look, made = matching._namesake, []

    def look_late(arrived):
        made.extend([] if made else [matching.enrol(arrived)])
        return look(arrived)

    monkeypatch.setattr(matching, "_namesake", look_late)
    assert outcomes(take_in(chest_of(ALICE))) == {Outcome.KEPT}
    assert [Study.objects.get().patient] == made
    assert Patient.objects.count() == 1


def test_the_same_number_of_another_issuer_is_another_patient():
    take_in(chest_of(ALICE))
    other = replace(ALICE, issuer="ELSEWHERE", name="Okafor^Ben", birth_date=date(1950, 2, 2), sex="M")
    take_in(study("chest", seed=3, patient=other, matrix=64, slices=4))
    assert PatientIdentifier.objects.filter(value=ALICE.patient_id).count() == 2
    assert Patient.objects.count() == 2


def test_a_clerk_may_name_the_patient():
    take_in(chest_of(ALICE))
    outside = replace(ALICE, patient_id="X-1", issuer="ELSEWHERE")
    made = study("chest", seed=3, patient=outside, matrix=64, slices=4)
    assert outcomes(take_in(made, to=patient(ALICE))) == {Outcome.KEPT}
    assert Study.objects.get(study_instance_uid=made.study_instance_uid).patient == patient(ALICE)


def test_a_corrected_report_stands_beside_the_first(cast):
    assert [report.version for report in cast.chest.reports.all()] == [1]
    bring(chest_of(ALICE))
    assert [report.version for report in cast.chest.reports.all()] == [2, 1]


def other_pixels(file):
    return file.data[:-2] + b"\x07\x00"


@pytest.mark.parametrize("again", [False, True], ids=["in one batch", "and once more"])
@pytest.mark.parametrize("order", ["good first", "good last", "good twice"])
def test_a_conflict_that_comes_with_its_twins_is_one_case(order, again):
    """Fault B10, B11: however they are ordered, and however often they come, the first one stands."""
    file = chest_of(ALICE).files[0]
    good, bad = Item("good", file.data), Item("bad", other_pixels(file))
    take_in(chest_of(ALICE))
    batch = {"good first": [good, bad, bad], "good last": [bad, bad, good], "good twice": [good, bad, good]}[order]
    for _ in range(2 if again else 1):
        received = {(item.name, item.outcome) for item in receive(batch, sender=sender(), now=NOW)}
        assert received == {("good", Outcome.DUPLICATE), ("bad", Outcome.CONFLICT)}
    assert HeldObject.objects.count() == 1


def test_two_that_differ_and_are_both_new_are_one_image_and_one_case():
    """Fault B10: in one batch, sent again in one batch."""
    file = chest_of(ALICE).files[0]
    batch = [Item("a", file.data), Item("b", other_pixels(file)), Item("b again", other_pixels(file))]
    outcomes = [[item.outcome for item in receive(batch, sender=sender(), now=NOW)] for _ in range(2)]
    assert outcomes[0] == [Outcome.KEPT, Outcome.CONFLICT, Outcome.CONFLICT]
    assert outcomes[1] == [Outcome.DUPLICATE, Outcome.CONFLICT, Outcome.CONFLICT]
    assert HeldObject.objects.count() == 1
