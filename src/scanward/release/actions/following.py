"""What goes out after the rest of a request has left: what a review granted, or what a law held back by then."""

from contextlib import suppress
from datetime import datetime
from decimal import Decimal

from scanward.access.actions import atomic
from scanward.access.actors import reference
from scanward.access.kinds import Actor
from scanward.audit.event import Place
from scanward.audit.kinds import EventKind
from scanward.law.bases import Basis
from scanward.law.errors import Unlawful
from scanward.law.holds import Item
from scanward.release import clocks, letters
from scanward.release.actions.asking import new_number
from scanward.release.actions.deciding import grant
from scanward.release.kinds import Event, State
from scanward.release.machine import NotNow, missing
from scanward.release.models import FeeQuote, ReleaseRequest
from scanward.release.moving import case_of, move, tell
from scanward.release.ways import ON_MEDIA, Arrival, Medium

# What the request that follows has in common with the one that it follows.
_SAME = (
    "track", "purpose", "reason", "channel", "patient", "requester", "entered_by", "asked_name", "asked_birth_date",
    "requester_name", "contact", "exam", "exam_first", "exam_last", "medium", "delivery", "recipient", "series_ids",
    "signature", "signed_on", "language", "large_print", "identity", "shown_how", "shown_proof", "verified_how",
    "verified_by", "verified_at", "authority_checked", "by_representative", "local_rules_note", "read_back",
    "self_pay_restricted", "plain_email_warned_at", "claimed_by",
)  # fmt: skip
# The steps that the first request has gone through already, and that hold for this one too.
_AT_ONCE = (
    (Event.SUBMIT, EventKind.REQUEST_RECEIVED),
    (Event.CLAIM, EventKind.REQUEST_CHANGED),
    (Event.VERIFY, EventKind.REQUEST_VERIFIED),
)


def follow(
    request: ReleaseRequest,
    items: frozenset[Item],
    *,
    because: str,
    received_at: datetime,
    by: Actor,
    now: datetime,
    place: Place,
) -> ReleaseRequest:
    """Give what could not go with the rest: by a request of its own, urgent and already approved.

    It has its own package, its own check, its own row in the register, and is due as what was received at that moment.
    What it lacks is asked for at the desk.
    """
    row = ReleaseRequest(
        **{name: getattr(request, name) for name in _SAME},
        number=new_number(),
        state=State.DRAFT.value,
        wants_images=Item.IMAGES in items,
        wants_report=Item.REPORT in items,
        expedited=True,
        expedited_reason=because,
        follows=request,
    )
    clocks.begin(row, received_at=received_at)
    row.save(force_insert=True)
    row.studies.set(request.studies.all())
    if Arrival(row.delivery) in ON_MEDIA or row.medium == Medium.PAPER.value:
        _free_of_charge(row, by=by, now=now, place=place)
    who = reference(by)
    for event, kind in _AT_ONCE:
        if missing(case_of(row, now=now), event):
            break
        move(row, event, kind, by=by, now=now, place=place, public=event is Event.SUBMIT)
    letters.receipt(row, by=who, now=now, place=place)
    basis = request.basis or (Basis.REPRESENTATIVE_ACCESS if row.by_representative else Basis.ACCESS).value
    # What is still missing, for example a new look at a paper, is listed on the request's page.
    with suppress(Unlawful, NotNow), atomic():
        grant(row, basis, items, by=by, now=now, place=place)
    return row


def _free_of_charge(row: ReleaseRequest, *, by: Actor, now: datetime, place: Place) -> None:
    """Charge nothing for a second parcel that the house's own denial made necessary (E9)."""
    FeeQuote.objects.create(
        request=row, total=Decimal("0.00"), quoted_at=now, quoted_by=by.display, waived_because=row.expedited_reason
    )
    tell(row, EventKind.FEE_WAIVED, by=reference(by), now=now, place=place)
