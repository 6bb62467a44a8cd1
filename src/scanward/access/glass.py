"""Breaking the glass: at once, with a reason, for a time, and always looked at by a second person (K8, K9)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from scanward.access.actions import authorize
from scanward.access.actors import actor_of, reference
from scanward.access.kinds import Action, Actor, Context, RecordFacts
from scanward.access.models import BrokenGlass
from scanward.audit.actions import record
from scanward.audit.event import ActorRef, Detail, Place, SubjectRef
from scanward.audit.kinds import EventKind, Outcome, SubjectKind
from scanward.law.purpose import PurposeOfUse
from scanward.people.actions import NotAllowed
from scanward.people.kinds import GlassReason
from scanward.people.models import Account, Patient

LEAST_WORDS = 15
MOST_WORDS = 1000


def break_glass(
    account: Account, patient: Patient, *, reason: GlassReason, words: str, place: Place, now: datetime
) -> BrokenGlass:
    """Open a patient's record to somebody who does not treat her, and put it up for review.

    An open glass is extended, by a new reason, from now on; the first one keeps its own review.

    Raises:
        NotAllowed: the reason is missing or says nothing.
        AccessRefused: the person has no role that may do this.
    """
    actor = actor_of(account, now=now)
    authorize(
        actor,
        Action.BREAK_GLASS,
        RecordFacts(patient.id),
        PurposeOfUse.BREAK_GLASS,
        now=now,
        place=place,
        told=True,
    )
    said = " ".join(words.split())
    if not LEAST_WORDS <= len(said) <= MOST_WORDS:
        raise NotAllowed("Say in a sentence why you need the record now.")
    with transaction.atomic():
        opened = open_for(account, now=now).filter(patient=patient).last()
        glass = BrokenGlass.objects.create(
            account=account,
            patient=patient,
            reason=reason.value,
            words=said,
            opened_at=now,
            ends_at=now + timedelta(minutes=settings.GLASS_MINUTES),
            extends=opened,
            review_due_at=now + timedelta(hours=settings.GLASS_REVIEW_HOURS),
        )
        detail = {"reason": reason.value, "glass": str(glass.id), "extends": str(opened.id) if opened else ""}
        _record(EventKind.GLASS_BROKEN, glass, actor, place=place, now=now, detail=detail)
    return glass


def close_glass(glass: BrokenGlass, *, place: Place, now: datetime) -> None:
    """End the access before its time; only who opened it does that."""
    with transaction.atomic():
        mine = BrokenGlass.objects.filter(account=glass.account, patient=glass.patient, ends_at__gt=now)
        mine.update(ends_at=now)
        actor = actor_of(glass.account, now=now)
        _record(EventKind.GLASS_CLOSED, glass, actor, place=place, now=now, detail={"glass": str(glass.id)})


def review_glass(
    glass_id: UUID,
    *,
    by: Account,
    justified: bool,
    words: str,
    place: Place,
    now: datetime,
    and_then: Callable[[BrokenGlass], None] = lambda _glass: None,
) -> BrokenGlass:
    """Say whether the emergency was one; a second person does, and only once.

    What follows from it (`and_then`) is done in the same transaction.

    Raises:
        AccessRefused: the reviewer is the one who opened it, or has no such role.
        NotAllowed: it was reviewed already, or nothing is said about it.
    """
    reviewer = actor_of(by, now=now)
    said = " ".join(words.split())
    glass = BrokenGlass.objects.select_related("account", "patient").get(pk=glass_id)
    barred = Context(barred={str(glass.account_id): "who broke the glass may not review it."})
    authorize(
        reviewer,
        Action.REVIEW_GLASS,
        RecordFacts(glass.patient_id),
        PurposeOfUse.COMPLIANCE,
        now=now,
        place=place,
        context=barred,
        told=True,
    )
    if not said:
        raise NotAllowed("Say in a sentence what you found.")
    with transaction.atomic():
        reviewed = BrokenGlass.objects.filter(pk=glass.id, reviewed_at=None).update(
            reviewed_by=by, reviewed_at=now, justified=justified, review_words=said[:MOST_WORDS]
        )
        if not reviewed:
            raise NotAllowed("Somebody has reviewed this already.")
        detail: Detail = {"glass": str(glass.id), "justified": int(justified)}
        _record(EventKind.GLASS_REVIEWED, glass, reviewer, place=place, now=now, detail=detail)
        glass.refresh_from_db()
        and_then(glass)
    return glass


def escalate_overdue(*, place: Place, now: datetime) -> int:
    """Mark the reviews whose time is over, each with an alert in the ledger; return how many there were."""
    with transaction.atomic():
        late = list(BrokenGlass.objects.filter(reviewed_at=None, escalated_at=None, review_due_at__lte=now))
        for glass in late:
            record(
                EventKind.SECURITY_ALERT,
                actor=ActorRef.system("oversight"),
                subject=SubjectRef(SubjectKind.PATIENT, str(glass.patient_id), patient=str(glass.patient_id)),
                purpose=None,
                outcome=Outcome.SERIOUS_FAILURE,
                at=now,
                place=place,
                detail={"alert": "glass review overdue", "glass": str(glass.id), "account": str(glass.account_id)},
            )
        BrokenGlass.objects.filter(pk__in=[glass.pk for glass in late]).update(escalated_at=now)
    return len(late)


def open_for(account: Account, *, now: datetime) -> QuerySet[BrokenGlass]:
    """Return the emergencies of this person that are open."""
    rows = BrokenGlass.objects.filter(account=account, opened_at__lte=now, ends_at__gt=now)
    return rows.select_related("patient").order_by("ends_at")


def _record(
    kind: EventKind,
    glass: BrokenGlass,
    actor: Actor,
    *,
    place: Place,
    now: datetime,
    detail: Detail,
) -> None:
    """Write the entry; the words stay out of it: they may name a person."""
    record(
        kind,
        actor=reference(actor),
        subject=SubjectRef(SubjectKind.PATIENT, str(glass.patient_id), patient=str(glass.patient_id)),
        purpose=PurposeOfUse.BREAK_GLASS,
        outcome=Outcome.SUCCESS,
        at=now,
        place=place,
        detail=detail,
    )
