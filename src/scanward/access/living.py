"""Facts about a patient that change who may act for her or look: her death, that she is of age, and a special watch."""

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext as _

from scanward.access.kinds import Action
from scanward.access.linking import permit, seen
from scanward.access.standing import today
from scanward.audit.event import ActorRef, Detail, Place
from scanward.audit.kinds import EventKind, SubjectKind
from scanward.people.actions import NotAllowed, note
from scanward.people.models import Account, Patient


def enter_death(
    patient: Patient, died_on: date | None, *, evidence: str, by: Account, place: Place, now: datetime
) -> None:
    """Write down on which day a patient died, or that this was a mistake (45 CFR 164.502(f) and (g)(4)).

    From that day on her own account and every authority but an executor's see nothing.

    Raises:
        AccessRefused: the role does not do this.
        NotAllowed: the day is still to come or before her birth, or nobody saw a paper.
    """
    actor = permit(Action.CHANGE_PATIENT, patient, by=by, place=place, now=now)
    seen(evidence)
    if died_on and (died_on > today(now) or died_on < (patient.birth_date or died_on)):
        raise NotAllowed(_("This day can't be right."))
    detail: Detail = {"died": "entered" if died_on else "taken back"}
    _change(patient, {"died_on": died_on}, detail, actor=actor, place=place, now=now)


def emancipate(patient: Patient, *, yes: bool, evidence: str, by: Account, place: Place, now: datetime) -> None:
    """Write down that a court has made a minor of age: a parent's authority ends with it, or that this was a mistake.

    Raises:
        AccessRefused: the role does not do this.
        NotAllowed: nobody saw a paper.
    """
    actor = permit(Action.CHANGE_PATIENT, patient, by=by, place=place, now=now)
    seen(evidence)
    _change(patient, {"emancipated": yes}, {"emancipated": int(yes)}, actor=actor, place=place, now=now)


def watch(patient: Patient, *, yes: bool, by: Account, place: Place, now: datetime) -> None:
    """Put a record under special watch, or end that: every look of the staff becomes a task for review (K10)."""
    actor = permit(Action.WATCH_PATIENT, patient, by=by, place=place, now=now)
    # Not which way: the entry would tell whoever reads it that somebody is thought to be of interest.
    _change(patient, {"watched": yes}, {"watch": "changed"}, actor=actor, place=place, now=now)


def _change(
    patient: Patient,
    values: dict[str, object],
    detail: Detail,
    *,
    actor: ActorRef,
    place: Place,
    now: datetime,
) -> None:
    """Change the patient's row, with its entry."""
    with transaction.atomic():
        Patient.objects.filter(pk=patient.pk).update(**values)
        note(
            EventKind.PATIENT_CHANGED,
            SubjectKind.PATIENT,
            patient.id,
            patient=patient,
            actor=actor,
            place=place,
            now=now,
            detail=detail,
        )
