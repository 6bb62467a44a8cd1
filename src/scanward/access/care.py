"""Who treats a patient: what puts her on a clinician's worklist, and takes her off it again (A4, 45 CFR 164.506(c))."""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from scanward.access.actors import open_at
from scanward.access.kinds import Action
from scanward.access.linking import permit
from scanward.audit.event import Place
from scanward.audit.kinds import EventKind, SubjectKind
from scanward.people import actions
from scanward.people.actions import NotAllowed, note
from scanward.people.kinds import CLINICIANS, CareKind
from scanward.people.models import Account, CareRelation, Patient


def bring_in(
    clinician: Account,
    patient: Patient,
    *,
    kind: CareKind,
    until: datetime | None,
    by: Account,
    place: Place,
    now: datetime,
) -> CareRelation:
    """Say that a clinician treats a patient; the record opens to her at once.

    Raises:
        AccessRefused: who asks may not say so.
        NotAllowed: it is about herself, about nobody who treats people here, without an end, or known already.
    """
    actor = permit(Action.MANAGE_CARE, patient, by=by, place=place, now=now)
    if clinician.id == by.id:
        raise NotAllowed(_("Nobody brings in themselves: ask a colleague, or use the emergency access."))
    if not clinician.is_active or not clinician.roles_at(now) & CLINICIANS:
        raise NotAllowed(_("This person is no clinician here."))
    if kind is CareKind.REFERRAL and until is None:
        raise NotAllowed(_("A referral needs a last day."))
    if until is not None and until <= now:
        raise NotAllowed(_("The last day is over already."))
    with transaction.atomic():
        if treating(patient, now=now).filter(account=clinician, kind=kind.value).exists():
            raise NotAllowed(_("This is written down already."))
        return actions.add_care_relation(clinician, patient, kind=kind, until=until, actor=actor, place=place, now=now)


def let_go(relation: CareRelation, *, by: Account, place: Place, now: datetime) -> None:
    """End a relation of care; the record is closed to the clinician from this moment on."""
    actor = permit(Action.MANAGE_CARE, relation.patient, by=by, place=place, now=now)
    with transaction.atomic():
        if treating(relation.patient, now=now).filter(pk=relation.pk).update(valid_until=now):
            detail = {"care": "ended", "account": str(relation.account_id)}
            note(
                EventKind.PATIENT_CHANGED,
                SubjectKind.PATIENT,
                relation.patient_id,
                patient=relation.patient,
                actor=actor,
                place=place,
                now=now,
                detail=detail,
            )


def treating(patient: Patient, *, now: datetime) -> QuerySet[CareRelation]:
    """Return who treats the patient now."""
    rows = CareRelation.objects.filter(patient=patient, valid_from__lte=now).filter(open_at("valid_until", now))
    return rows.select_related("account").order_by("valid_from", "pk")
