"""The physical safeguards of 45 CFR 164.310: each is looked at once a year, and what was found stays written (O6)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from scanward.audit.actions import record
from scanward.audit.event import ActorRef, Place, SubjectRef
from scanward.audit.kinds import EventKind, Outcome, SubjectKind
from scanward.law.purpose import PurposeOfUse
from scanward.oversight.kinds import Safeguard
from scanward.oversight.models import SafeguardCheck
from scanward.people.actions import NotAllowed
from scanward.people.models import Account

LOOK_AGAIN = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Standing:
    """One safeguard: the last look at it, and whether it is time for the next."""

    safeguard: Safeguard
    last: SafeguardCheck | None
    due: bool


def check(
    safeguard: Safeguard, *, fine: bool, words: str, by: Account, actor: ActorRef, place: Place, now: datetime
) -> SafeguardCheck:
    """Write down that somebody looked at a safeguard.

    Raises:
        NotAllowed: it is not in order, and nobody says what is wrong.
    """
    said = " ".join(words.split())[:1000]
    if not fine and not said:
        raise NotAllowed(_("Say what is wrong, and what is done about it."))
    with transaction.atomic():
        made = SafeguardCheck.objects.create(safeguard=safeguard.value, fine=fine, words=said, by=by, at=now)
        record(
            EventKind.SAFEGUARD_CHECKED,
            actor=actor,
            subject=SubjectRef(SubjectKind.SYSTEM, safeguard.value),
            purpose=PurposeOfUse.COMPLIANCE,
            outcome=Outcome.SUCCESS if fine else Outcome.MINOR_FAILURE,
            at=now,
            place=place,
            detail={"check": str(made.id), "fine": int(fine)},
        )
    return made


def standing(*, now: datetime) -> list[Standing]:
    """Return every safeguard with its last look; one that was not in order, or long ago, is due."""
    last: dict[str, SafeguardCheck] = {}
    for row in SafeguardCheck.objects.select_related("by").order_by("at"):
        last[row.safeguard] = row
    return [_standing(safeguard, last.get(safeguard.value), now=now) for safeguard in Safeguard]


def _standing(safeguard: Safeguard, last: SafeguardCheck | None, *, now: datetime) -> Standing:
    return Standing(safeguard, last, due=last is None or not last.fine or last.at + LOOK_AGAIN <= now)
