"""Labels a study as sensitive: what then stays hidden is the law's business (`standing.py`)."""

from datetime import datetime
from uuid import UUID

from django.db import transaction

from scanward.access.actions import authorize
from scanward.access.actors import actor_of, reference
from scanward.access.kinds import Action, RecordFacts
from scanward.access.models import SensitiveStudy
from scanward.audit.actions import record
from scanward.audit.event import Place, SubjectRef
from scanward.audit.kinds import EventKind, Outcome, SubjectKind
from scanward.law.purpose import PurposeOfUse
from scanward.law.representatives import Care
from scanward.people.models import Account, Patient


def label_study(
    study_id: UUID,
    patient: Patient,
    *,
    care: Care,
    by: Account,
    place: Place,
    now: datetime,
    consented_alone: bool = False,
    other_consent: bool = False,
    parent_agreed: bool = False,
) -> SensitiveStudy:
    """Say about which care a study is and who consented to it, 45 CFR 164.502(g)(3)(i)."""
    actor = actor_of(by, now=now)
    wanted = RecordFacts(patient.id, study_id)
    authorize(actor, Action.LABEL_STUDY, wanted, PurposeOfUse.RECORDS, now=now, place=place, told=True)
    with transaction.atomic():
        label, _made = SensitiveStudy.objects.update_or_create(
            study_id=study_id,
            defaults={
                "patient": patient,
                "care": care.value,
                "consented_alone": consented_alone,
                "other_consent": other_consent,
                "parent_agreed": parent_agreed,
                "labelled_by": by,
                "labelled_at": now,
            },
        )
        record(
            EventKind.STUDY_LABELLED,
            actor=reference(actor),
            subject=SubjectRef(SubjectKind.STUDY, str(study_id), patient=str(patient.id)),
            purpose=PurposeOfUse.RECORDS,
            outcome=Outcome.SUCCESS,
            at=now,
            place=place,
            # Which kind of care it is stays out of a list that a parent may come to see.
            detail={"label": "sensitive"},
        )
    return label


def unlabel_study(label: SensitiveStudy, *, by: Account, place: Place, now: datetime) -> None:
    """Take a label away that was a mistake; whoever it kept out may see the study again."""
    actor, wanted = actor_of(by, now=now), RecordFacts(label.patient_id, label.study_id)
    authorize(actor, Action.LABEL_STUDY, wanted, PurposeOfUse.RECORDS, now=now, place=place, told=True)
    with transaction.atomic():
        SensitiveStudy.objects.filter(pk=label.pk).delete()
        record(
            EventKind.STUDY_LABELLED,
            actor=reference(actor),
            subject=SubjectRef(SubjectKind.STUDY, str(label.study_id), patient=str(label.patient_id)),
            purpose=PurposeOfUse.RECORDS,
            outcome=Outcome.SUCCESS,
            at=now,
            place=place,
            detail={"label": "none"},
        )
