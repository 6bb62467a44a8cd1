"""What the privacy officer does: look, decide, open incidents, and ask who still needs access."""

import hashlib
import json
import logging
from datetime import datetime, timedelta
from smtplib import SMTPException
from uuid import UUID

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, override

from scanward.access import glass
from scanward.access.actions import authorize
from scanward.access.actors import actor_of, reference
from scanward.access.kinds import HOUSE, Action, Context
from scanward.access.models import BrokenGlass
from scanward.archive import urgent
from scanward.audit.actions import record
from scanward.audit.event import ActorRef, Detail, Place, SubjectRef
from scanward.audit.kinds import EventKind, Outcome, SubjectKind
from scanward.audit.models import Entry
from scanward.law.purpose import PurposeOfUse
from scanward.oversight.anomalies import Found, find_all
from scanward.oversight.kinds import AnomalyRule, IncidentOrigin, TaskOutcome
from scanward.oversight.models import AccessReview, AccessReviewLine, Incident, ReviewTask
from scanward.people.actions import NotAllowed
from scanward.people.kinds import OFFICERS
from scanward.people.models import Account, Patient, RoleAssignment
from scanward.people.proofing import purge_documents
from scanward.people.staff import end_role

MOST_WORDS = 1000
ACCESS_REVIEW_AGAIN = timedelta(days=90)
SYSTEM = ActorRef.system("oversight")
log = logging.getLogger(__name__)


def watch(*, place: Place, now: datetime) -> int:
    """Do the rounds: raise tasks, escalate what is overdue, destroy what has been kept long enough; return new tasks.

    Doing it twice does nothing more.
    """
    raised = [found for found in find_all(now=now) if _raise(found, place=place, now=now)]
    if unread := {found.account for found in raised if found.rule is AnomalyRule.URGENT_UNREAD}:
        for account in unread:
            urgent.send.enqueue(str(account))
        _tell_officers(gettext_noop("An urgent result has not been opened"), now=now)
    ReviewTask.objects.filter(decided_at=None, escalated_at=None, due_at__lte=now).update(escalated_at=now)
    if glass.escalate_overdue(place=place, now=now):
        transaction.on_commit(
            lambda: _tell_officers(gettext_noop("A review of an emergency access is overdue"), now=now)
        )
    purge_documents(place=place, now=now)
    return len(raised)


def _raise(found: Found, *, place: Place, now: datetime) -> bool:
    """Make a task of it, with its alert in the ledger; False where there is one already."""
    with transaction.atomic():
        task, new = ReviewTask.objects.get_or_create(
            fingerprint=found.fingerprint,
            defaults={
                "rule": found.rule.value,
                "account_id": found.account,
                "patient_id": found.patient,
                "count": len(found.deeds),
                "first_seq": min(deed.seq for deed in found.deeds),
                "last_seq": max(deed.seq for deed in found.deeds),
                "opened_at": now,
                "due_at": now + timedelta(hours=settings.GLASS_REVIEW_HOURS),
            },
        )
        if new:
            detail = {"rule": task.rule, "task": str(task.id), "account": str(task.account_id)}
            _record(EventKind.SECURITY_ALERT, SYSTEM, task.patient, place=place, now=now, detail=detail)
    return new


def _tell_officers(what: str, *, now: datetime) -> None:
    """Write to the officers what waits under “Reviews”; the mail names nobody."""
    for account in Account.objects.holding(OFFICERS, now=now):
        with override(account.language):
            subject = _(what)
            body = _("Sign in and open “Reviews”: {address}").format(address=settings.PUBLIC_ADDRESS)
        try:
            send_mail(subject, f"{body}\n", None, [account.email])
        except (SMTPException, OSError):
            # The task itself stands on the page of reviews, marked as overdue.
            log.warning("a notice could not be sent")


def review_glass(
    glass_id: UUID, *, by: Account, justified: bool, words: str, place: Place, now: datetime
) -> BrokenGlass:
    """Review an emergency access; one that was not justified becomes an incident, in the same transaction."""

    def follow(reviewed: BrokenGlass) -> None:
        if justified:
            return
        incident = Incident.objects.create(
            origin=IncidentOrigin.GLASS.value,
            account=reviewed.account,
            patient=reviewed.patient,
            glass=reviewed,
            words=reviewed.review_words,
            discovered_at=now,
            opened_by=by,
        )
        _opened(incident, by=by, place=place, now=now)

    return glass.review_glass(glass_id, by=by, justified=justified, words=words, place=place, now=now, and_then=follow)


def decide_task(
    task_id: UUID, *, by: Account, outcome: TaskOutcome, words: str, place: Place, now: datetime
) -> ReviewTask:
    """Say what an unusual pattern was; nobody decides about themselves.

    Raises:
        AccessRefused: no such role, or it is about the one who decides.
        NotAllowed: nothing is said, or it was decided already.
    """
    actor = actor_of(by, now=now)
    task = ReviewTask.objects.select_related("account", "patient").get(pk=task_id)
    context = Context(barred={str(task.account_id): "the task is about this person."})
    authorize(
        actor,
        Action.MANAGE_INCIDENTS,
        HOUSE,
        PurposeOfUse.COMPLIANCE,
        now=now,
        place=place,
        context=context,
        told=True,
    )
    said = _said(words)
    with transaction.atomic():
        rows = ReviewTask.objects.filter(pk=task.pk, decided_at=None)
        if not rows.update(decided_by=by, decided_at=now, outcome=outcome.value, words=said):
            raise NotAllowed(_("Somebody has decided about this already."))
        detail: Detail = {"task": str(task.id), "rule": task.rule, "outcome": outcome.value}
        _record(EventKind.INCIDENT_CHANGED, reference(actor), task.patient, place=place, now=now, detail=detail)
        if outcome is TaskOutcome.INCIDENT:
            incident = Incident.objects.create(
                origin=IncidentOrigin.ANOMALY.value,
                account=task.account,
                patient=task.patient,
                task=task,
                words=said,
                discovered_at=now,
                opened_by=by,
            )
            _opened(incident, by=by, place=place, now=now)
    task.refresh_from_db()
    return task


def access_review_due(*, now: datetime) -> bool:
    """Return whether nobody has signed a review of who has access for too long, or ever (K7)."""
    signed = AccessReview.objects.exclude(signed_at=None).order_by("-signed_at").values_list("signed_at", flat=True)
    begun = RoleAssignment.objects.order_by("valid_from").values_list("valid_from", flat=True)
    last = signed.first() or begun.first()
    return last is not None and last + ACCESS_REVIEW_AGAIN <= now


def start_access_review(*, by: Account, place: Place, now: datetime) -> AccessReview:
    """List every role that is in force, with the last time that its owner did anything (K7)."""
    actor = _reviewer(by, place=place, now=now)
    with transaction.atomic():
        review = AccessReview.objects.create(started_by=by, started_at=now)
        assignments = list(RoleAssignment.objects.filter(ended_at=None).select_related("account"))
        ids = [str(row.account_id) for row in assignments]
        last = dict(Entry.objects.filter(actor_id__in=ids).values_list("actor_id").annotate(Max("at")))
        AccessReviewLine.objects.bulk_create(
            AccessReviewLine(review=review, assignment=row, last_use=last.get(str(row.account_id)))
            for row in assignments
        )
        detail: Detail = {"review": str(review.id), "roles": len(assignments)}
        _record(EventKind.ACCESS_REVIEWED, actor, None, place=place, now=now, detail=detail)
    return review


def decide_line(line: AccessReviewLine, *, by: Account, keep: bool, place: Place, now: datetime) -> None:
    """Say whether a role stays; one that goes, goes at once.

    Raises:
        NotAllowed: the review is signed, or the role is the reviewer's own.
    """
    _reviewer(by, place=place, now=now)
    if line.review.signed_at is not None:
        raise NotAllowed(_("This review is signed. Start a new one."))
    if line.assignment.account_id == by.id:
        raise NotAllowed(_("Nobody reviews their own role: ask another person."))
    with transaction.atomic():
        AccessReviewLine.objects.filter(pk=line.pk).update(keep=keep, decided_by=by, decided_at=now)
        if not keep:
            end_role(line.assignment, by=by, place=place, now=now)


def sign_access_review(review: AccessReview, *, by: Account, place: Place, now: datetime) -> AccessReview:
    """Sign the review off; the digest over its lines is the evidence, and stands in the ledger.

    Raises:
        NotAllowed: a line waits, or it was signed before.
    """
    actor = _reviewer(by, place=place, now=now)
    with transaction.atomic():
        lines = list(review.lines.order_by("pk").values_list("assignment_id", "keep", "decided_by_id", "decided_at"))
        if any(keep is None for _row, keep, _by, _at in lines):
            raise NotAllowed(_("Decide about every line first."))
        evidence = hashlib.sha256(json.dumps(lines, default=str).encode()).hexdigest()
        rows = AccessReview.objects.filter(pk=review.pk, signed_at=None)
        if not rows.update(signed_by=by, signed_at=now, evidence=evidence):
            raise NotAllowed(_("This review is signed already."))
        detail: Detail = {"review": str(review.id), "signed": 1, "evidence": evidence, "roles": len(lines)}
        _record(EventKind.ACCESS_REVIEWED, actor, None, place=place, now=now, detail=detail)
    review.refresh_from_db()
    return review


def _reviewer(by: Account, *, place: Place, now: datetime) -> ActorRef:
    """Make sure that somebody may review who has access."""
    actor = actor_of(by, now=now)
    authorize(actor, Action.REVIEW_PEOPLE, HOUSE, PurposeOfUse.COMPLIANCE, now=now, place=place, told=True)
    return reference(actor)


def _said(words: str) -> str:
    """Return what somebody wrote, or ask for it."""
    said = " ".join(words.split())[:MOST_WORDS]
    if not said:
        raise NotAllowed(_("Say in a sentence what you found."))
    return said


def _opened(incident: Incident, *, by: Account, place: Place, now: datetime) -> None:
    """Write down that there is an incident."""
    record(
        EventKind.INCIDENT_OPENED,
        actor=reference(actor_of(by, now=now)),
        subject=SubjectRef(SubjectKind.INCIDENT, str(incident.id), patient=str(incident.patient_id or "")),
        purpose=PurposeOfUse.COMPLIANCE,
        outcome=Outcome.SUCCESS,
        at=now,
        place=place,
        detail={"origin": incident.origin},
    )


def _record(
    kind: EventKind, actor: ActorRef, patient: Patient | None, *, place: Place, now: datetime, detail: Detail
) -> None:
    """Write an entry."""
    known = str(patient.id) if patient else ""
    subject = SubjectRef(SubjectKind.PATIENT, known, patient=known) if patient else SubjectRef.nothing()
    record(
        kind,
        actor=actor,
        subject=subject,
        purpose=PurposeOfUse.COMPLIANCE,
        outcome=Outcome.SUCCESS,
        at=now,
        place=place,
        detail=detail,
    )
