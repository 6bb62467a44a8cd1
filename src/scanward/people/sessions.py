"""Where somebody is signed in, how that ends at once (I10), and what is said about it at that device."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.db import transaction

from scanward.audit.actions import record
from scanward.audit.event import ActorRef, Place, SubjectRef
from scanward.audit.kinds import EventKind, Outcome, SubjectKind
from scanward.people.models import Account

# In the session of a browser that was signed out: why, and the limit in minutes.
ENDED = "ended_because"
# So long a device that comes back hears why its session ended.
TOLD_FOR = timedelta(days=1)


class WhyEnded(StrEnum):
    """Why a session has ended; said on the sign-in page to whoever holds the device, so it names nobody."""

    ELSEWHERE = "elsewhere"
    IDLE = "idle"
    LONG = "long"
    CLOSED = "closed"
    PASSWORD = "password"  # noqa: S105  a word, not a secret
    FACTOR = "factor"


def why_ended(session_key: str) -> WhyEnded | None:
    """Return why this session was ended from elsewhere, if that was not long ago."""
    said = cache.get(_told_at(session_key))
    return WhyEnded(said) if said else None


def _told_at(session_key: str) -> str:
    """Return where the reason is kept; the key itself would open nothing any more, and is not kept all the same."""
    return f"session-ended:{sha256(session_key.encode()).hexdigest()}"


def is_open(session_key: str | None) -> bool:
    """Return whether the session is still there; a download asks this while it runs."""
    return bool(session_key) and Session.objects.filter(session_key=session_key).exists()


def end_sessions(
    account: Account,
    *,
    but: str | None,
    actor: ActorRef,
    place: Place,
    now: datetime,
    why: WhyEnded = WhyEnded.ELSEWHERE,
) -> int:
    """Sign the account out wherever it is signed in, except in the session `but`; return how many ended."""
    with transaction.atomic():
        rows = UserSession.objects.filter(user=account).exclude(session_key=but or "")
        ended = _end(rows.values_list("session_key", flat=True), why)
        _record(account, ended, actor=actor, place=place, now=now, kind=EventKind.SIGNED_OUT_EVERYWHERE)
    return ended


def end_session(account: Account, session_id: int, *, actor: ActorRef, place: Place, now: datetime) -> bool:
    """Sign the account out in one place, for example on a lost telephone; False if there is no such session."""
    with transaction.atomic():
        row = UserSession.objects.filter(user=account, pk=session_id).first()
        if row is None:
            return False
        _end([row.session_key], WhyEnded.ELSEWHERE)
        _record(account, 1, actor=actor, place=place, now=now, kind=EventKind.SIGNED_OUT)
    return True


def _end(keys: Iterable[str], why: WhyEnded) -> int:
    """Delete sessions by their keys, and keep for a day why."""
    wanted = list(keys)
    for key in wanted:
        cache.set(_told_at(key), why.value, TOLD_FOR.total_seconds())
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
