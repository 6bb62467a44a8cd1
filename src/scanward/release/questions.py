"""What patients ask about a scan or its report (H4, I6): a secure thread with their doctor and the desk.

E-mails only say that there is news. A question is no request: it has no legal clock, and nothing leaves by it.
"""

from datetime import datetime

from django.db.models import F, Q, QuerySet

from scanward.access.actions import atomic, authorize
from scanward.access.actors import actor_of, in_care, reference
from scanward.access.kinds import Action, Actor, Context, RecordFacts
from scanward.archive.models import Study
from scanward.audit.actions import record
from scanward.audit.event import Place, SubjectRef
from scanward.audit.kinds import EventKind, Outcome, SubjectKind
from scanward.law.errors import Unlawful
from scanward.law.purpose import PurposeOfUse
from scanward.people.kinds import RECORDS_AND_PRIVACY, MailKind
from scanward.people.models import Account, CareRelation
from scanward.release import notices
from scanward.release.models import Message, Question

MOST = 4000


def ask(study: Study, *, body: str, by: Account, now: datetime, place: Place) -> Message:
    """Ask about a scan, or write on in the same thread.

    Raises:
        AccessRefused: it is not this person's scan to ask about.
        Unlawful: nothing was written, or too much.
    """
    actor = _may_ask(study, by, now=now, place=place)
    text = _text(body)
    with atomic():
        thread, _new = Question.objects.get_or_create(study=study, asked_by=by, defaults={"asked_at": now})
        thread.asked_at, thread.answered_at = now if thread.answered_at else thread.asked_at, None
        thread.save(update_fields=["asked_at", "answered_at"])
        sent = _write(thread, text, by=by, actor=actor, staff=False, now=now, place=place)
        for doctor in _doctors(study, now=now):
            notices.news(doctor)
    return sent


def answer(thread: Question, *, body: str, by: Account, now: datetime, place: Place) -> Message:
    """Answer, as a doctor who treats the patient or as the desk.

    Raises:
        AccessRefused: neither of them.
        Unlawful: nothing was written, or too much.
    """
    actor = may_answer(thread, by, now=now, place=place)
    text = _text(body)
    with atomic():
        thread.answered_at = now
        thread.save(update_fields=["answered_at"])
        sent = _write(thread, text, by=by, actor=actor, staff=True, now=now, place=place)
        notices.news(thread.asked_by, MailKind.REQUESTS)
    return sent


def may_answer(thread: Question, by: Account, *, now: datetime, place: Place) -> Actor:
    """Return who reads or answers a question.

    Raises:
        AccessRefused: this person neither treats the patient nor works at the desk.
    """
    actor, study = actor_of(by, now=now), thread.study
    wanted = RecordFacts(study.patient_id, study.pk)
    if thread.asked_by_id == by.pk:
        barred = Context(barred={str(by.pk): "nobody answers her own question."})
        authorize(actor, Action.VIEW_STUDY, wanted, PurposeOfUse.RECORDS, now=now, place=place, context=barred)
    elif actor.roles & RECORDS_AND_PRIVACY:
        authorize(actor, Action.VERIFY_IDENTITY, wanted, PurposeOfUse.RECORDS, now=now, place=place, told=True)
    else:
        authorize(actor, Action.VIEW_STUDY, wanted, PurposeOfUse.TREATMENT, now=now, place=place, told=True)
    return actor


def look(thread: Question, *, by: Account, now: datetime, place: Place) -> None:
    """Write down that somebody on the staff reads a question.

    Raises:
        AccessRefused: this person may not.
    """
    actor = may_answer(thread, by, now=now, place=place)
    with atomic():
        _tell(EventKind.RECORD_OPENED, thread, actor, now=now, place=place)


def waiting(account: Account, *, now: datetime) -> QuerySet[Question]:
    """The threads that somebody on the staff may answer, what waits longest first."""
    found = Question.objects.select_related("study__patient", "asked_by")
    if not account.roles_at(now) & RECORDS_AND_PRIVACY:
        found = found.filter(study__patient__in=in_care(account, now=now).values("patient"))
    return found.order_by(F("answered_at").asc(nulls_first=True), "asked_at")


def _may_ask(study: Study, by: Account, *, now: datetime, place: Place) -> Actor:
    """The patient, or who acts for her; the thread is about a scan that they may see."""
    actor = actor_of(by, now=now)
    wanted = RecordFacts(study.patient_id, study.pk)
    for action in (Action.VIEW_STUDY, Action.ASK_RIGHTS):
        authorize(actor, action, wanted, PurposeOfUse.PATIENT_REQUEST, now=now, place=place, told=True)
    return actor


def _doctors(study: Study, *, now: datetime) -> list[Account]:
    """Who treats the patient now."""
    relations = CareRelation.objects.filter(patient=study.patient_id, valid_from__lte=now).select_related("account")
    current = relations.filter(Q(valid_until=None) | Q(valid_until__gt=now))
    return list({relation.account for relation in current if relation.account.is_active})


def _text(body: str) -> str:
    if not body.strip() or len(body) > MOST:
        raise Unlawful("A message has between 1 and 4,000 characters.", "45 CFR 164.530(c)(1)")
    return body.strip()


def _write(
    thread: Question, body: str, *, by: Account, actor: Actor, staff: bool, now: datetime, place: Place
) -> Message:
    sent = Message.objects.create(question=thread, author=by.full_name, from_staff=staff, body=body, at=now)
    _tell(EventKind.MESSAGE_SENT, thread, actor, now=now, place=place)
    return sent


def _tell(kind: EventKind, thread: Question, actor: Actor, *, now: datetime, place: Place) -> None:
    patient = str(thread.study.patient_id)
    record(
        kind,
        actor=reference(actor),
        subject=SubjectRef(SubjectKind.STUDY, str(thread.study_id), patient=patient),
        purpose=PurposeOfUse.PATIENT_REQUEST,
        outcome=Outcome.SUCCESS,
        at=now,
        place=place,
        detail={"question": str(thread.pk)},
    )
