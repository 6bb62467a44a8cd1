"""What the law needs to know of a facility, and what facilities of its kind promise beside the law."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from .days import STATES, add_business_days, local_day


class FacilityKind(StrEnum):
    """The three kinds for which turnaround is promised."""

    HOSPITAL = "hospital"
    IMAGING_CENTRE = "imaging centre"
    URGENT_CARE = "urgent care"


class Offer(StrEnum):
    """A way to receive a copy that a facility offers first; every other way remains available on request."""

    PORTAL = "portal"
    DISC = "CD"
    PAPER = "paper"
    EMAIL = "encrypted e-mail"
    PRINT_ON_SITE = "print on site"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facility:
    """Where a request is received: its zone decides the day, its state the rules, its kind the promise."""

    zone: ZoneInfo
    state: str
    kind: FacilityKind = FacilityKind.HOSPITAL

    def __post_init__(self) -> None:
        if self.state not in STATES:
            raise ValueError("The state must be one of the two-letter postal codes.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """A service target in business days, and the ways of delivery shown first. Not law (trap T7)."""

    soonest: int
    latest: int
    offers: tuple[Offer, ...]

    def __post_init__(self) -> None:
        if not 0 <= self.soonest <= self.latest:
            raise ValueError("A service target runs from its soonest to its latest business day.")


PROMISES: dict[FacilityKind, Promise] = {
    FacilityKind.HOSPITAL: Promise(soonest=5, latest=10, offers=(Offer.PORTAL, Offer.DISC, Offer.PAPER)),
    FacilityKind.IMAGING_CENTRE: Promise(soonest=3, latest=7, offers=(Offer.DISC, Offer.EMAIL, Offer.PRINT_ON_SITE)),
    FacilityKind.URGENT_CARE: Promise(soonest=0, latest=2, offers=(Offer.EMAIL, Offer.PRINT_ON_SITE)),
}


def own_promise(kind: FacilityKind, days: str) -> Promise:
    """The promise of a kind of house, with its own business days where it names some ("3-7").

    Raises:
        ValueError: they are not written so.

    Law: 45 CFR 164.524(b)(2)(i)
    """
    usual = PROMISES[kind]
    if not days:
        return usual
    soonest, _, latest = days.partition("-")
    if not (soonest.strip().isdecimal() and latest.strip().isdecimal()):
        raise ValueError("A service target is written as two numbers of business days, such as 3-7.")
    return replace(usual, soonest=int(soonest), latest=int(latest))


@dataclass(frozen=True, slots=True)
class Expected:
    """The days between which the facility expects to be done."""

    soonest: date
    latest: date


def expected(
    received_at: datetime,
    facility: Facility,
    *,
    expedited: bool = False,
    legal_due: date,
    promise: Promise | None = None,
) -> Expected:
    """When the facility expects to be done: shown beside the legal date, and never after it.

    Without a promise of its own it is that of its kind. An expedited request is expected at the soonest day.

    Law: 45 CFR 164.524(b)(2)(i)
    """
    promise = promise or PROMISES[facility.kind]
    day = local_day(received_at, facility.zone)
    soonest = add_business_days(day, promise.soonest, facility.state)
    latest = soonest if expedited else add_business_days(day, promise.latest, facility.state)
    return Expected(min(soonest, legal_due), min(latest, legal_due))
