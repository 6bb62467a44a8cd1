"""What a page must know to warn before the automatic log-off, and to keep a half-written form over it (K4)."""

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from scanward.people.middleware import idle_limit, time_left
from scanward.people.models import Account

# WCAG 2.2.1 asks for 20 seconds at least; a house with very short sessions gets a third of them.
WARNED_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Idle:
    """How long the session lasts, how long before its end to warn, and a mark by which a page knows its person."""

    seconds: int
    warned: int
    who: str


def idle(request: HttpRequest, *, now: datetime) -> Idle | None:
    """Return it for somebody who is signed in."""
    account = getattr(request, "user", None)
    if not isinstance(account, Account):
        return None
    limit = int(idle_limit(account, now=now).total_seconds())
    left = int(time_left(request, account, now=now).total_seconds())
    return Idle(
        max(left, 0), min(WARNED_SECONDS, limit // 3), salted_hmac("scanward.idle", str(account.pk)).hexdigest()
    )
