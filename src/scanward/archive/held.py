"""What is kept apart: who it may be about, and how it is settled. The bytes are never changed."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from django.conf import settings
from django.db import transaction

from scanward.archive import damage, facts
from scanward.archive.arrivals import arrival_of
from scanward.archive.identities import held_identity
from scanward.archive.models import QUARANTINE, HeldObject, HeldReason, Instance, Study
from scanward.archive.place import vault
from scanward.archive.planning import same_content
from scanward.archive.store import Arrival, Result, Sender, Settled, store
from scanward.audit.actions import record
from scanward.audit.event import SubjectRef
from scanward.audit.kinds import EventKind, Outcome, SubjectKind
from scanward.dicom.read import inspect
from scanward.law.purpose import PurposeOfUse
from scanward.people.matching import Demographics
from scanward.people.models import Patient


class StillHeld(Exception):
    """It can't go where it was sent; it stays where it is, and the reason says why."""

    def __init__(self, reason: HeldReason) -> None:
        super().__init__(reason)
        self.reason = reason


def about(held: HeldObject) -> Demographics:
    """Return whom the object names."""
    return facts.demographics(held.dicom_json, default_issuer=settings.FACILITY_ISSUER)


def together(held: HeldObject) -> Iterator[HeldObject]:
    """Yield the objects that one decision settles: of the same study, for the same reason, naming the same person."""
    who = about(held)
    rows = HeldObject.objects.filter(study_instance_uid=held.study_instance_uid, reason=held.reason, form=held.form)
    for other in rows.filter(near_patient=held.near_patient_id).order_by("received_at", "id").iterator():
        if other.pk == held.pk or about(other) == who:
            yield other


def attach(held: HeldObject, patient: Patient, *, sender: Sender, now: datetime) -> Settled:
    """Give one held object to a patient; it is stored like anything that arrives, and then the case is closed.

    Raises:
        StillHeld: its study is another patient's, or its UID is taken by another image; it stays held.
        Damaged: it can't be read any more. VaultError: nothing was changed.
    """
    with damage.about(damage.about_case(held)), vault().open(held.locator, held.key_id, held_identity(held)) as stream:
        data = stream.read()
    arrival = arrival_of(inspect(data), data)
    _check(arrival, patient)
    [settled] = store([arrival], sender=replace(sender, patient=patient, case=held.pk), now=now)
    if settled.result is Result.HELD:
        raise StillHeld(settled.held or HeldReason(held.reason))
    close(held, "attached", str(patient.id), sender=sender, now=now)
    return settled


def _check(arrival: Arrival, patient: Patient) -> None:
    """Look before it is stored: what would be held anew would be a second case.

    Raises:
        StillHeld: it would be.
    """
    seen = arrival.inspected
    study = Study.objects.filter(study_instance_uid=seen.study_instance_uid).first()
    if study and study.patient_id != patient.pk:
        raise StillHeld(HeldReason.STUDY_OF_OTHER_PATIENT)
    known = Instance.objects.filter(sop_instance_uid=seen.sop_instance_uid).select_related("series__study").first()
    if known and not same_content(arrival, known):
        raise StillHeld(HeldReason.CONTENT_DIFFERS)


def discard(held: HeldObject, reason: str, *, sender: Sender, now: datetime) -> None:
    """Destroy one held object, with the reason in the ledger; its key is gone, and with it every copy."""
    close(held, "rejected", str(held.near_patient_id or ""), sender=sender, now=now, reason=reason)


def close(held: HeldObject, decision: str, patient: str, *, sender: Sender, now: datetime, reason: str = "") -> None:
    """Take the case away and tell the ledger, then destroy the copy that was kept apart."""
    detail: dict[str, str | int] = {"decision": decision, "reason": held.reason}
    if reason:
        detail["because"] = reason[:200]
    with transaction.atomic():
        HeldObject.objects.filter(pk=held.pk).delete()
        record(
            EventKind.QUARANTINE_RELEASED if held.reason in QUARANTINE else EventKind.CONFLICT_RESOLVED,
            actor=sender.actor,
            subject=SubjectRef(SubjectKind.CASE, str(held.id), patient),
            purpose=PurposeOfUse.RECORDS,
            outcome=Outcome.SUCCESS,
            at=now,
            place=sender.place,
            detail=detail,
        )
    vault().erase(held.key_id)
