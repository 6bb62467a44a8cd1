"""Makes, finds and ends the keys of machines that store over the web."""

import hashlib
import secrets
from datetime import datetime

from django.db import transaction

from scanward.audit.actions import record
from scanward.audit.event import ActorRef, Place, SubjectRef
from scanward.audit.kinds import EventKind, Outcome, SubjectKind
from scanward.intake.models import ServiceKey
from scanward.law.purpose import PurposeOfUse

PREFIX = "scanward-store-"


@transaction.atomic
def make_key(name: str, *, issuer: str, actor: ActorRef, place: Place, now: datetime) -> tuple[ServiceKey, str]:
    """Make a key; return its row, and the key, which nobody can see again."""
    key = PREFIX + secrets.token_urlsafe(32)
    row = ServiceKey.objects.create(name=name[:64], key_sha256=_hash(key), issuer=issuer, made_at=now)
    _record(row, "made", actor=actor, place=place, now=now)
    return row, key


@transaction.atomic
def end_key(row: ServiceKey, *, actor: ActorRef, place: Place, now: datetime) -> None:
    """End a key: from now on it opens nothing."""
    ServiceKey.objects.filter(pk=row.pk, ended_at=None).update(ended_at=now)
    _record(row, "ended", actor=actor, place=place, now=now)


def find_key(key: str, *, now: datetime) -> ServiceKey | None:
    """Return the row of a key that holds, or None."""
    row = ServiceKey.objects.filter(key_sha256=_hash(key)).first() if key.startswith(PREFIX) else None
    return row if row and (row.ended_at is None or now < row.ended_at) else None


def actor_of(row: ServiceKey) -> ActorRef:
    """Return the machine, as the ledger names it."""
    return ActorRef(f"service:{row.id}", row.name, "device")


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def _record(row: ServiceKey, step: str, *, actor: ActorRef, place: Place, now: datetime) -> None:
    record(
        EventKind.SETTING_CHANGED,
        actor=actor,
        subject=SubjectRef(SubjectKind.SETTING, str(row.id), display=row.name),
        purpose=PurposeOfUse.SYSTEM,
        outcome=Outcome.SUCCESS,
        at=now,
        place=place,
        detail={"setting": "service key", "step": step},
    )
