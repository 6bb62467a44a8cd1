"""Decides about what was kept apart: whose it is, or that it goes. Each decision settles a whole study's worth."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from scanward.access.actions import authorize
from scanward.access.actors import reference
from scanward.access.kinds import HOUSE, Action, Actor, RecordFacts
from scanward.archive import held as archive
from scanward.archive import quarantine, results
from scanward.archive.arrivals import arrival_of
from scanward.archive.damage import Damaged
from scanward.archive.errors import VaultError
from scanward.archive.models import QUARANTINE, HeldForm, HeldObject, HeldReason, Study
from scanward.archive.store import Arrival, Sender
from scanward.archive.versions import OutOfOrder
from scanward.audit.actions import record
from scanward.audit.event import Place, SubjectRef
from scanward.audit.kinds import EventKind, Outcome, SubjectKind
from scanward.dicom.errors import Refused
from scanward.dicom.read import inspect
from scanward.law.purpose import PurposeOfUse
from scanward.people.actions import NotAllowed
from scanward.people.matching import enrol
from scanward.people.models import Patient, PatientIdentifier

LEAST_REASON = 10

WHY_NOT = {
    HeldReason.STUDY_OF_OTHER_PATIENT: _(
        "This study belongs to another patient here, so it can't be given to this one."
    ),
    HeldReason.CONTENT_DIFFERS: _(
        "Another image with the same UID is here already. It is never overwritten; ask the sender which one is right."
    ),
    HeldReason.UNREADABLE: _("It can't be read, so it can't be given to anybody."),
    HeldReason.MALWARE: _("It may be malware, so it can't be given to anybody."),
}


def attach_case(case: HeldObject, patient: Patient, *, actor: Actor, place: Place, now: datetime) -> int:
    """Give everything of a case to a patient; return how many images that were.

    Raises:
        NotAllowed: they can't be this patient's. AccessRefused: the person may not decide this.
    """
    _may(actor, RecordFacts(patient.id), place=place, now=now)
    _only_images(case)
    if case.reason in QUARANTINE:
        raise NotAllowed(str(WHY_NOT[HeldReason(case.reason)]))
    sender = _sender(actor, place)
    return _each(case, lambda held: archive.attach(held, patient, sender=sender, now=now))


def attach_reports(case: HeldObject, study: Study, *, actor: Actor, place: Place, now: datetime) -> int:
    """Give the reports of a case to an examination, as a person has decided; return how many that were.

    Raises:
        NotAllowed: they can't be given to it. AccessRefused: the person may not decide this.
    """
    _may(actor, RecordFacts(study.patient_id, study.id), place=place, now=now)
    if case.form != HeldForm.HL7:
        raise NotAllowed(gettext("These are images. Choose the patient."))
    sender = _sender(actor, place)
    try:
        return _each(case, lambda held: results.attach_report(held, study, sender=sender, now=now))
    except OutOfOrder:
        raise NotAllowed(
            gettext("This examination has a later state of its report already. Reject this one.")
        ) from None


def attach_to_new_patient(case: HeldObject, *, actor: Actor, place: Place, now: datetime) -> int:
    """Make a record for the person whom the case names, and give everything to it.

    A number that is somebody else's already is not taken over: the new record then has none.
    Raises: NotAllowed, AccessRefused
    """
    _may(actor, HOUSE, place=place, now=now)
    _only_images(case)
    if case.reason in WHY_NOT:
        raise NotAllowed(str(WHY_NOT[HeldReason(case.reason)]))
    who = archive.about(case)
    if not who.family_name:
        raise NotAllowed(gettext("The images name nobody. Choose the patient."))
    taken = PatientIdentifier.objects.filter(value=who.patient_id, issuer=who.issuer).exists()
    with transaction.atomic():
        patient = enrol(replace(who, patient_id="") if taken else who)
        record(
            EventKind.PATIENT_CREATED,
            actor=reference(actor),
            subject=SubjectRef(SubjectKind.PATIENT, str(patient.id), str(patient.id)),
            purpose=PurposeOfUse.RECORDS,
            outcome=Outcome.SUCCESS,
            at=now,
            place=place,
        )
    return attach_case(case, patient, actor=actor, place=place, now=now)


def reject_case(case: HeldObject, reason: str, *, actor: Actor, place: Place, now: datetime) -> int:
    """Destroy everything of a case, with a reason; return how many images that were.

    Raises:
        NotAllowed: there is no reason. AccessRefused: the person may not decide this.
    """
    _may(actor, HOUSE, place=place, now=now)
    if len(reason) < LEAST_REASON:
        raise NotAllowed(gettext("Say why these images are rejected, in a sentence."))
    sender = _sender(actor, place)
    return _each(case, lambda held: archive.discard(held, reason, sender=sender, now=now))


def let_in(case: HeldObject, reason: str, *, actor: Actor, place: Place, now: datetime) -> None:
    """Take in what was put aside, with a reason: it is read once more, and what the scanner said of it is overruled.

    Raises:
        NotAllowed: there is no reason, or it still can't be read. AccessRefused: the person may not decide this.
    """
    _may(actor, HOUSE, place=place, now=now)
    if case.reason not in QUARANTINE:
        raise NotAllowed(gettext("Choose what is to be done."))
    if len(reason) < LEAST_REASON:
        raise NotAllowed(gettext("Say in a sentence why this file may be let in."))
    try:
        quarantine.let_in(case, reason, _read_again, sender=_sender(actor, place), now=now)
    except Refused as refused:
        raise NotAllowed(
            gettext("It still can't be read: %(why)s It stays aside.") % {"why": gettext(refused.reason.sentence)}
        ) from None
    except Damaged:
        raise
    except VaultError as error:
        raise NotAllowed(gettext("The vault does not answer. Try again later.")) from error


def _read_again(data: bytes) -> Arrival:
    """Read behind the guard of today, which may know more than the one that refused it."""
    return arrival_of(inspect(data), data)


def _each(case: HeldObject, deed: Callable[[HeldObject], object]) -> int:
    """Do it with each object of the case; what is done stays done if a later one fails."""
    count = 0
    try:
        for held in list(archive.together(case)):
            deed(held)
            count += 1
    except archive.StillHeld as still:
        raise NotAllowed(str(WHY_NOT[still.reason])) from None
    except Damaged:
        raise
    except VaultError as error:
        raise NotAllowed(
            gettext("The vault does not answer. What was decided so far stays; try again later.")
        ) from error
    return count


def _only_images(case: HeldObject) -> None:
    """Look whether a case can go to a patient as it is. Raises: NotAllowed: it is a report."""
    if case.form == HeldForm.HL7:
        raise NotAllowed(gettext("A report belongs to one examination. Choose the examination."))


def _may(actor: Actor, wanted: RecordFacts, *, place: Place, now: datetime) -> None:
    authorize(actor, Action.RESOLVE_CONFLICT, wanted, PurposeOfUse.RECORDS, now=now, place=place, told=True)


def _sender(actor: Actor, place: Place) -> Sender:
    return Sender(reference(actor), place, "")
