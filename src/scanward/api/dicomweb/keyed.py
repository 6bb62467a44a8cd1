"""Who calls: a machine with a key, sent as a bearer token (RFC 6750)."""

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse

from scanward.archive.store import Sender
from scanward.audit.actions import record
from scanward.audit.event import ActorRef, Place, SubjectRef
from scanward.audit.kinds import Channel, EventKind, Outcome
from scanward.intake.keys import actor_of, find_key
from scanward.law.purpose import PurposeOfUse


def keyed_sender(request: HttpRequest, *, now: datetime) -> Sender | HttpResponse:
    """Return who sends, or the answer for somebody without a key that holds."""
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    row = find_key(key.strip(), now=now) if scheme.lower() == "bearer" else None
    place = Place(request.META.get("REMOTE_ADDR", ""), request.headers.get("User-Agent", ""), Channel.DICOMWEB)
    if row:
        return Sender(actor_of(row), place, row.issuer or settings.FACILITY_ISSUER)
    if key:
        _tell(place, now=now)
    response = HttpResponse("Send a key that holds.\n", status=401, content_type="text/plain; charset=utf-8")
    response["WWW-Authenticate"] = 'Bearer realm="scanward"'
    return response


@transaction.atomic
def _tell(place: Place, *, now: datetime) -> None:
    """Write down that somebody came with a key that does not hold."""
    record(
        EventKind.SECURITY_ALERT,
        actor=ActorRef.nobody(),
        subject=SubjectRef.nothing(),
        purpose=PurposeOfUse.SYSTEM,
        outcome=Outcome.SERIOUS_FAILURE,
        at=now,
        place=place,
        detail={"reason": "unknown key"},
    )
