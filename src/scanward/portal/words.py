"""What patients read instead of the names of states and letters, and what the request form offers."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from scanward.law.authorization import Statement
from scanward.law.bases import RecipientKind
from scanward.law.facility import PROMISES, FacilityKind, Offer
from scanward.law.tracks import Track
from scanward.release.actions.pricing import estimate
from scanward.release.kinds import State
from scanward.release.ways import ARRIVAL_NAMES, PROS_AND_CONS, Arrival, Medium

# What a patient reads instead of the names of states, and what happens next.
STATE_WORDS: dict[State, tuple[str | Promise, str | Promise]] = {
    State.DRAFT: (_("Not sent yet"), ""),
    State.RECEIVED: (
        _("We have it"),
        _("Somebody will take it up. You don't have to do anything."),
    ),
    State.VERIFYING: (_("We make sure who asks"), _("If we need something, we ask you here.")),
    State.IN_REVIEW: (_("We are finding your scans"), _("Then you hear what we decided.")),
    State.FEE_QUOTED: (
        _("Waiting for your yes"),
        _("The copy costs something. See the price below."),
    ),
    State.RETURNED_DEFECTIVE: (
        _("Sent back"),
        _("The permission was not complete. The letter says why."),
    ),
    State.APPROVED: (_("Approved"), _("We are putting your copy together.")),
    State.DENIED: (_("We said no"), _("The letter says why, and how you can have it reviewed.")),
    State.REVIEW_REQUESTED: (
        _("Being reviewed"),
        _("Another professional looks at our decision."),
    ),
    State.REVIEW_DECIDED: (_("The review is done"), _("The letter says what was decided.")),
    State.PREPARING: (_("Approved"), _("We are putting your copy together.")),
    State.QUALITY_CHECK: (_("Approved"), _("A second person checks your copy.")),
    State.READY: (_("Ready"), _("Your copy leaves us next.")),
    State.DELIVERED: (_("Done"), _("You have your copy.")),
    State.RETURNED_MAIL: (_("The mail came back"), _("Please tell us the right address.")),
    State.CLOSED: (_("Closed"), ""),
    State.WITHDRAWN: (_("Taken back by you"), ""),
    State.CANCELLED: (_("Cancelled"), ""),
    State.BLOCKED: (_("Stopped"), _("The permission for it has ended.")),
}
# The ways that a patient can pick; plain e-mail comes only after a warning, hospital to hospital is not hers to make.
OFFERED = (Arrival.PORTAL, Arrival.PICKUP, Arrival.MAIL, Arrival.EMAIL, Arrival.PLAIN_EMAIL)
# By which of them a kind of house gives what it offers first (F5).
_BY: Mapping[Offer, tuple[Arrival, ...]] = {
    Offer.PORTAL: (Arrival.PORTAL,),
    Offer.DISC: (Arrival.PICKUP, Arrival.MAIL),
    Offer.PAPER: (Arrival.PICKUP, Arrival.MAIL),
    Offer.EMAIL: (Arrival.EMAIL,),
    Offer.PRINT_ON_SITE: (Arrival.PICKUP,),
}
TO_OTHERS = (Arrival.LINK, Arrival.MAIL)
# To a connected hospital it goes straight, and that is offered before a link (J8).
TO_HOSPITALS = (Arrival.EXCHANGE, *TO_OTHERS)
# Why somebody asks, as quick picks (B21); nobody has to say.
REASONS: tuple[tuple[str, str | Promise], ...] = (
    ("own", _("For my own records")),
    ("second_opinion", _("For a second opinion")),
    ("transfer", _("I am changing doctors")),
    ("emergency", _("For an emergency")),
    ("insurance", _("For an insurance")),
    ("legal", _("For a legal matter")),
    ("research", _("To give to research")),
)
# Whom a patient can name on each track.
_ANYBODY: tuple[tuple[RecipientKind, str | Promise], ...] = (
    (RecipientKind.PROVIDER, _("A doctor or a hospital")),
    (RecipientKind.FAMILY, _("Family or a friend")),
    (RecipientKind.ATTORNEY, _("A lawyer")),
    (RecipientKind.EMPLOYER, _("An employer")),
    (RecipientKind.SCHOOL, _("A school")),
    (RecipientKind.OTHER_INSURER, _("An insurance")),
    (RecipientKind.HEALTH_PLAN, _("My health plan")),
    (RecipientKind.OTHER, _("Somebody else")),
)
RECIPIENTS: dict[Track, tuple[tuple[RecipientKind, str | Promise], ...]] = {
    Track.ACCESS: (),
    Track.DIRECTIVE: _ANYBODY,
    Track.AUTHORIZATION: (*_ANYBODY[2:], *_ANYBODY[:2]),
    Track.TREATMENT: (),
}
# What everybody is told who signs a permission (45 CFR 164.508(c)(2)); the PDF says the same.
STATEMENTS: dict[Statement, str | Promise] = {
    Statement.REVOCATION: _(
        "You can take this permission back at any time, in writing: in the portal, by letter or by e-mail. What was "
        "given out before stays given out."
    ),
    Statement.CONDITIONING: _("You don't have to sign. Your care, payment, enrolment and benefits don't depend on it."),
    Statement.REDISCLOSURE: _(
        "Whoever receives the information may pass it on, and the federal privacy rule may then no longer protect it."
    ),
}


@dataclass(frozen=True, slots=True)
class DeliveryChoice:
    """One way of delivery with its price and what speaks for and against it (G14, E8)."""

    value: str
    name: str
    good: str
    bad: str
    price: str


def delivery_choice(way: Arrival, *, on: date) -> DeliveryChoice:
    """Put a way of delivery into words."""
    price = estimate(way, Medium.DICOM, on=on).total
    good, bad = PROS_AND_CONS[way]
    return DeliveryChoice(
        way.value, str(ARRIVAL_NAMES[way]), str(good), str(bad), f"${price}" if price else gettext("free")
    )


def offered(kind: FacilityKind) -> tuple[Arrival, ...]:
    """All the ways of one's own copy; what a house of this kind usually gives stands first (F5)."""
    usual = [way for offer in PROMISES[kind].offers for way in _BY[offer]]
    return tuple(dict.fromkeys([*usual, *OFFERED]))
