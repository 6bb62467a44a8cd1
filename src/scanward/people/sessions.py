"""Where somebody is signed in, and how that ends at once (I10)."""

from datetime import datetime

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import transaction

from scanward.audit.actions import record
from scanward.audit.event import ActorRef, Place, SubjectRef
from scanward.audit.kinds import EventKind, Outcome, SubjectKind
from scanward.people.models import Account


def is_open(session_key: str | None) -> bool:
    """Return whether the session is still there; a download asks this while it runs."""
    return bool(session_key) and Session.objects.filter(session_key=session_key).exists()


def end_sessions(account: Account, *, but: str | None, actor: ActorRef, place: Place, now: datetime) -> int:
    """Sign the account out wherever it is signed in, except in the session `but`; return how many ended."""
    with transaction.atomic():
        rows = UserSession.objects.filter(user=account).exclude(session_key=but or "")
        ended = _end(rows.values_list("session_key", flat=True))
        _record(account, ended, actor=actor, place=place, now=now, kind=EventKind.SIGNED_OUT_EVERYWHERE)
    return ended


def end_session(account: Account, session_id: int, *, actor: ActorRef, place: Place, now: datetime) -> bool:
    """Sign the account out in one place, for example on a lost telephone; False if there is no such session."""
    with transaction.atomic():
        row = UserSession.objects.filter(user=account, pk=session_id).first()
        if row is None:
            return False
        _end([row.session_key])
        _record(account, 1, actor=actor, place=place, now=now, kind=EventKind.SIGNED_OUT)
    return True


def _end(keys: object) -> int:
    """Delete sessions by their keys."""
    wanted = list(keys)  # type: ignore[call-overload]  # a query set or a list
    Session.objects.filter(session_key__in=wanted).delete()
    UserSession.objects.filter(session_key__in=wanted).delete()
    return len(wanted)


def _record(account: Account, ended: int, *, actor: ActorRef, place: Place, now: datetime, kind: EventKind) -> None:
    """Write the entry."""
    record(
        kind,
        actor=actor,
        subject=SubjectRef(SubjectKind.ACCOUNT, str(account.id)),
        purpose=None,
        outcome=Outcome.SUCCESS,
        at=now,
        place=place,
        detail={"sessions": ended},
    )
