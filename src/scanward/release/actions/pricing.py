"""What the copy costs: told before the work starts, accepted or the format changed, never for the care (E1 to E9)."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from django.utils.translation import override

from scanward.access.actions import atomic
from scanward.access.actors import reference
from scanward.access.kinds import Action, Actor
from scanward.audit.event import Place
from scanward.audit.kinds import EventKind
from scanward.law import fees
from scanward.law.errors import Unlawful
from scanward.law.fee_lines import Carrier, CopyingLabour, FeeLine, Postage, Supplies
from scanward.law.fee_lines import Medium as Piece
from scanward.law.holds import Item
from scanward.law.tracks import Track
from scanward.people.models import Account
from scanward.release import house, letters
from scanward.release.charges import charge_words
from scanward.release.kinds import Event
from scanward.release.models import FeeQuote, ReleaseRequest
from scanward.release.moving import asked_by, current_quote, lock, move, permit, permit_requester, tell
from scanward.release.ways import LAW_DELIVERY, Arrival, Medium, check_format

# The house's schedule (E8): copying takes ten minutes, a disc or stick its price, a parcel its postage.
LABOUR_RATE = Decimal("24.00")
LABOUR_MINUTES = 10
PRICES: Mapping[Piece, Decimal] = {
    Piece.CD: Decimal("1.00"),
    Piece.USB: Decimal("5.00"),
    Piece.PRINTED_REPORT: Decimal("0.50"),
}
POSTAGE = Decimal("4.50")


def usual_lines(delivery: Arrival, medium: Medium) -> tuple[FeeLine, ...]:
    """The lines that the schedule has for a way of delivery: none at all for electronic ones (E7)."""
    if delivery not in (Arrival.MAIL, Arrival.PICKUP):
        return ()
    piece = Piece.PRINTED_REPORT if medium is Medium.PAPER else Piece.USB
    lines: tuple[FeeLine, ...] = (CopyingLabour(LABOUR_MINUTES, LABOUR_RATE), Supplies(piece, 1, PRICES[piece]))
    if medium is not Medium.DICOM:
        # The report is free; only what it is printed on and its postage may cost (E4).
        lines = (Supplies(piece, 1, PRICES[piece]),)
    return (*lines, Postage(Carrier.TRACKED, POSTAGE)) if delivery is Arrival.MAIL else lines


def estimate(delivery: Arrival, medium: Medium, *, on: date, track: Track = Track.ACCESS) -> fees.Quote:
    """What a way of delivery costs by the schedule, before anybody has asked for it (E8)."""
    order = fees.Order(
        delivery=LAW_DELIVERY[delivery],
        method=fees.Actual(usual_lines(delivery, medium)),
        electronic_copy=medium is not Medium.PAPER,
        track=track,
    )
    return fees.quote(order, quoted_on=on)


def quote(request: ReleaseRequest, method: fees.Method, *, by: Account, now: datetime, place: Place) -> FeeQuote:
    """Tell the fee; the work waits for the answer, the clock does not. Nothing owed is settled at once.

    Raises:
        Unlawful: for a line that the law does not know for this delivery.
    """
    actor = permit(by, Action.QUOTE_FEES, request, now=now, place=place)
    with atomic():
        row = lock(request)
        order = fees.Order(
            delivery=LAW_DELIVERY[Arrival(row.delivery)],
            method=method,
            electronic_copy=row.medium != Medium.PAPER.value,
            track=Track(row.track),
        )
        counted = fees.quote(order, quoted_on=house.today(now))
        row.quotes.update(replaced=True)
        kept = FeeQuote.objects.create(
            request=row,
            charges=[[charge.label, str(charge.amount), charge.citation] for charge in counted.charges],
            total=counted.total,
            quoted_at=now,
            quoted_by=by.full_name,
        )
        if counted.total == 0:
            tell(row, EventKind.FEE_QUOTED, by=reference(actor), now=now, place=place, detail={"cents": 0})
            return kept
        move(
            row, Event.QUOTE, EventKind.FEE_QUOTED, by=actor, now=now, place=place, public=True,
            detail={"cents": int(counted.total * 100)},
        )  # fmt: skip
        letters.send("fee_quote", fee_values(kept), request=row, by=reference(actor), now=now, place=place)
    return kept


def agree_beforehand(request: ReleaseRequest, total: Decimal, *, by: Actor, now: datetime, place: Place) -> None:
    """Keep the fee that was shown and accepted with the signature, before any work (E5, E6).

    Raises:
        Unlawful: the schedule says another sum by now.
    """
    counted = estimate(
        Arrival(request.delivery), Medium(request.medium), on=house.today(now), track=Track(request.track)
    )
    if counted.total != total:
        raise Unlawful("The price has changed. Look at it again, and then send the request.", "45 CFR 164.524(c)(4)")
    if total == 0:
        return
    kept = FeeQuote.objects.create(
        request=request,
        charges=[[charge.label, str(charge.amount), charge.citation] for charge in counted.charges],
        total=counted.total,
        quoted_at=now,
        quoted_by="schedule",
        accepted_at=now,
    )
    cents = {"cents": int(total * 100)}
    tell(request, EventKind.FEE_QUOTED, by=reference(by), now=now, place=place, detail=cents)
    tell(request, EventKind.FEE_ACCEPTED, by=reference(by), now=now, place=place, detail=cents)
    letters.send("fee_quote", fee_values(kept), request=request, by=reference(by), now=now, place=place)


def accept_fee(request: ReleaseRequest, *, by: Account, now: datetime, place: Place) -> None:
    """The requester accepts the fee, or staff note that she did on the telephone or in a letter."""
    actor = _requester_or_desk(request, by=by, now=now, place=place)
    with atomic():
        row = lock(request)
        held = current_quote(row)
        if held is None:
            raise Unlawful("There is no fee to accept.", "45 CFR 164.524(c)(4)")
        held.accepted_at = now
        held.save(update_fields=["accepted_at"])
        move(row, Event.ACCEPT_FEE, EventKind.FEE_ACCEPTED, by=actor, now=now, place=place, public=True)


def waive(request: ReleaseRequest, *, by: Account, reason: str, now: datetime, place: Place) -> None:
    """Waive the fee, with the reason (E9)."""
    if not reason.strip():
        raise Unlawful("A waiver needs its reason.", "45 CFR 164.524(c)(4)")
    actor = permit(by, Action.QUOTE_FEES, request, now=now, place=place)
    with atomic():
        row = lock(request)
        held = current_quote(row)
        if held is None:
            raise Unlawful("There is no fee to waive.", "45 CFR 164.524(c)(4)")
        held.waived_because, held.total = reason.strip(), Decimal("0.00")
        held.save(update_fields=["waived_because", "total"])
        move(row, Event.ACCEPT_FEE, EventKind.FEE_WAIVED, by=actor, now=now, place=place, note=reason, public=True)


def change_format(
    request: ReleaseRequest,
    *,
    delivery: Arrival,
    medium: Medium,
    by: Account,
    now: datetime,
    place: Place,
    note: str = "",
) -> None:
    """Agree on another form or way; what was quoted for the old one no longer holds (G3, G4)."""
    actor = _requester_or_desk(request, by=by, now=now, place=place)
    with atomic():
        row = lock(request)
        check_format(medium, delivery, images=Item.IMAGES in row.grantable)
        if delivery is Arrival.PORTAL and row.recipient_id is not None:
            raise Unlawful("The portal shows a copy to you alone. Choose a link for others.", "45 CFR 164.524(c)(3)")
        row.delivery, row.medium = delivery.value, medium.value
        row.quotes.update(replaced=True)
        move(
            row, Event.CHANGE_FORMAT, EventKind.REQUEST_CHANGED, by=actor, now=now, place=place, note=note, public=True
        )


def fee_values(kept: FeeQuote) -> dict[str, object]:
    """What the letter with the itemized fee says, in the language of its reader (E6)."""
    with override(kept.request.language):
        charges = [
            {"label": charge_words(label), "amount": amount, "clause": clause} for label, amount, clause in kept.charges
        ]
    return {
        "charges": charges,
        "total": str(kept.total),
        "waived": kept.waived_because,
        "accepted": bool(kept.accepted_at),
    }


def _requester_or_desk(request: ReleaseRequest, *, by: Account, now: datetime, place: Place) -> Actor:
    """Return who acts: the requester, or staff for somebody who called or wrote."""
    if by.roles_at(now) and not asked_by(by, request):
        return permit(by, Action.QUOTE_FEES, request, now=now, place=place)
    return permit_requester(by, request, now=now, place=place)
