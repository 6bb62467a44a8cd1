"""What a page must know to warn before the automatic log-off, and to keep a half-written form over it (K4)."""

from dataclasses import dataclass
from datetime import datetime

from django.http import HttpRequest
from django.utils.crypto import salted_hmac
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from scanward.access.actors import actor_of
from scanward.access.marks import marks
from scanward.people.middleware import idle_limit, roles_of, time_left
from scanward.people.models import Account
from scanward.people.sessions import ENDED, WhyEnded

# WCAG 2.2.1 asks for 20 seconds at least; a house with very short sessions gets a third of them.
WARNED_SECONDS = 120


WHY_ENDED: dict[WhyEnded, str | Promise] = {
    WhyEnded.ELSEWHERE: _("You were signed out here from another of your devices."),
    WhyEnded.IDLE: _("You were signed out because this device was not used for {minutes} minutes."),
    WhyEnded.LONG: _("You were signed out because you had been signed in for {hours} hours."),
    WhyEnded.CLOSED: _("You were signed out because the hospital ended your access."),
    WhyEnded.PASSWORD: _("You were signed out because the password was changed."),
    WhyEnded.FACTOR: _("You were signed out because your second step was reset. Set up a new one after you sign in."),
}


def why_signed_out(request: HttpRequest) -> str:
    """Say in one sentence why this browser was signed out, or nothing; whoever holds it may be a stranger."""
    session = getattr(request, "session", {})
    if ENDED not in session:
        return ""
    why, minutes = session[ENDED]
    return str(WHY_ENDED[WhyEnded(why)]).format(minutes=minutes, hours=minutes // 60)


@dataclass(frozen=True, slots=True)
class Idle:
    """How long the session lasts, how long before its end to warn, by what a page knows its person and her rights."""

    seconds: int
    warned: int
    who: str
    marks: tuple[str, ...]


def idle(request: HttpRequest, *, now: datetime) -> Idle | None:
    """Return it for somebody who is signed in."""
    account = getattr(request, "user", None)
    if not isinstance(account, Account):
        return None
    limit = int(idle_limit(request, account, now=now).total_seconds())
    left = int(time_left(request, account, now=now).total_seconds())
    who = salted_hmac("scanward.idle", str(account.pk)).hexdigest()
    roles = roles_of(request, account, now=now)
    actor = getattr(request, "actor", None) or actor_of(account, now=now, roles=roles)
    return Idle(max(left, 0), min(WARNED_SECONDS, limit // 3), who, marks(account, actor, now=now))
