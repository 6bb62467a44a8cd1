"""What a copy costs: a quote of lawful lines, by one of three methods, told before the work starts.

The bill for care appears nowhere in these functions, so it can't hold a copy back (A11).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import final

from .errors import Unlawful
from .fee_lines import (
    LABELS,
    LINE_CITATIONS,
    AgreedSummary,
    CopyingLabour,
    FeeLine,
    Postage,
    Supplies,
    cents,
    check_money,
)
from .tracks import Track

FLAT_OPTION = Decimal("6.50")
_CLAUSE = "45 CFR 164.524(c)(4)"
_FREE = Decimal("0.00")


class Delivery(StrEnum):
    """How the copy reaches the person, as far as it decides what may cost."""

    PORTAL = "portal view or download"
    LINK = "secure link"
    EMAIL = "encrypted e-mail"
    EXCHANGE = "exchange between providers"
    INSPECTION = "inspection"
    PICKED_UP = "picked up"
    MAILED = "mailed"


# A schedule already holds the labour, so none is added to it.
_BESIDE_AVERAGES: set[type[FeeLine]] = {Supplies, Postage, AgreedSummary}
_FREE_DELIVERIES = frozenset({Delivery.PORTAL, Delivery.INSPECTION})
_ON_MEDIA = frozenset({Delivery.PICKED_UP, Delivery.MAILED})


class Part(StrEnum):
    """What a schedule has a price for."""

    IMAGES = "images"
    REPORT = "report"


@final
@dataclass(frozen=True, slots=True)
class Actual:
    """Actual costs: the lines as they come."""

    lines: tuple[FeeLine, ...]


@final
@dataclass(frozen=True, slots=True)
class Average:
    """The schedule's average labour for each part, in dollars, and actual supplies, postage and summary.

    A part that the schedule does not price is free: so is the report by default (E4).
    """

    schedule: Mapping[Part, Decimal]
    parts: frozenset[Part]
    lines: tuple[Supplies | Postage | AgreedSummary, ...] = ()

    def __post_init__(self) -> None:
        for part, price in self.schedule.items():
            check_money(price, f"The schedule's price for the {part.value}")


@final
@dataclass(frozen=True, slots=True)
class Flat:
    """One price for an electronic copy, at most 6.50: everything is in it."""

    price: Decimal = FLAT_OPTION

    def __post_init__(self) -> None:
        check_money(self.price, "The flat price")


Method = Actual | Average | Flat


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is asked for, and how its cost is counted. An electronic copy may still come on a disc."""

    delivery: Delivery
    method: Method
    electronic_copy: bool = True
    track: Track = Track.ACCESS


@dataclass(frozen=True, slots=True)
class Charge:
    """One line of a quote as the person sees it."""

    label: str
    amount: Decimal
    citation: str


class Limit(StrEnum):
    """Which limit the law sets to the fee."""

    PATIENT_RATE = "the patient rate"
    COST_BASED = "a reasonable, cost-based fee for preparing and sending"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """The fee and how it is made up; `accepted_at` and `waived_because` are set by the verbs below."""

    charges: tuple[Charge, ...]
    limit: Limit
    quoted_on: date
    accepted_at: datetime | None = None
    waived_because: str = ""

    @property
    def total(self) -> Decimal:
        """What is owed, in dollars: the sum of the lines, or nothing when waived."""
        return _FREE if self.waived_because else sum((charge.amount for charge in self.charges), _FREE)


def limit_of(track: Track) -> Limit:
    """Which limit holds: the patient rate for a person's own copy, and not for third parties (Ciox).

    Law: 45 CFR 164.524(c)(4); Ciox Health v. Azar (D.D.C. 23 Jan. 2020);
        45 CFR 164.502(a)(5)(ii)(B)(2)(viii)
    """
    return Limit.PATIENT_RATE if track is Track.ACCESS else Limit.COST_BASED


def _label(line: FeeLine) -> str:
    match line:
        case Supplies():
            return f"{LABELS[Supplies]}: {line.pieces} x {line.medium.value}"
        case Postage():
            return f"{LABELS[Postage]}: {line.carrier.value}"
        case CopyingLabour() | AgreedSummary():
            return f"{LABELS[type(line)]} ({line.minutes} minutes)"


def _check_line(line: FeeLine, order: Order, quoted_on: date) -> None:
    """What each kind of line presupposes."""
    if type(line) not in LABELS:
        raise Unlawful("This is no cost that a copy may carry.", _CLAUSE)
    if isinstance(line, Supplies) and order.delivery not in _ON_MEDIA:
        raise Unlawful("Supplies cost only where a copy is made on paper or media.", f"{_CLAUSE}(ii)")
    if isinstance(line, Postage) and order.delivery is not Delivery.MAILED:
        raise Unlawful("Postage costs only where a copy is mailed.", f"{_CLAUSE}(iii)")
    if isinstance(line, AgreedSummary) and line.agreed_on > quoted_on:
        raise Unlawful("A summary costs only when it and its fee were agreed before.", f"{_CLAUSE}(iv)")


def _charge(line: FeeLine, order: Order, quoted_on: date) -> Charge:
    _check_line(line, order, quoted_on)
    return Charge(_label(line), line.amount, LINE_CITATIONS[type(line)])


def _averages(method: Average) -> tuple[Charge, ...]:
    """The schedule's labour for each part that it prices."""
    prices = ((part, cents(method.schedule[part])) for part in Part if part in method.schedule)
    return tuple(
        Charge(f"Average labour for copying: {part.value}", price, f"{_CLAUSE}(i)")
        for part, price in prices
        if part in method.parts
    )


def _flat(method: Flat, order: Order) -> tuple[Charge, ...]:
    if not order.electronic_copy:
        raise Unlawful("The flat option is for electronic copies of electronic records.", _CLAUSE)
    if method.price > FLAT_OPTION:
        raise Unlawful("The flat option is at most 6.50 dollars, everything included.", _CLAUSE)
    return (Charge("Electronic copy, everything included", cents(method.price), _CLAUSE),)


def _charges(order: Order, quoted_on: date) -> tuple[Charge, ...]:
    match order.method:
        case Actual(lines):
            return tuple(_charge(line, order, quoted_on) for line in lines)
        case Average(_, _, lines) as average:
            if not {type(line) for line in lines} <= _BESIDE_AVERAGES:
                raise Unlawful("A schedule already holds the labour; it can't be added.", f"{_CLAUSE}(i)")
            return _averages(average) + tuple(_charge(line, order, quoted_on) for line in lines)
        case Flat() as flat:
            return _flat(flat, order)


def quote(order: Order, *, quoted_on: date) -> Quote:
    """The fee in dollars, each line rounded down to the cent; nothing for the portal and for inspection (E7).

    Raises:
        Unlawful: for a line that its delivery does not bear, and a flat price above the option.

    Law: 45 CFR 164.524(c)(4); 45 CFR 164.524(c)(4)(i); 45 CFR 164.524(c)(4)(ii); 45 CFR 164.524(c)(4)(iii);
        45 CFR 164.524(c)(4)(iv); 45 CFR 164.524(c)(2)(iii)
    """
    charges = _charges(order, quoted_on)
    if order.delivery in _FREE_DELIVERIES:
        charges = ()
    return Quote(charges=charges, limit=limit_of(order.track), quoted_on=quoted_on)


def waive(quoted: Quote, *, reason: str) -> Quote:
    """Waive a fee with the reason, which is kept (E9); the lines stay for the record.

    Law: 45 CFR 164.524(c)(4)
    """
    if not reason.strip():
        raise ValueError("A waiver needs its reason.")
    return replace(quoted, waived_because=reason.strip())


def accept(quoted: Quote, *, at: datetime) -> Quote:
    """Record that the person accepted the fee, which they saw before.

    Law: 45 CFR 164.524(c)(4)
    """
    return replace(quoted, accepted_at=at)


def may_start(quoted: Quote | None) -> bool:
    """Whether the work may start: the fee was told and is accepted, or nothing is owed (E5).

    The legal clock runs on while the person decides.

    Law: 45 CFR 164.524(c)(4)
    """
    return quoted is not None and (quoted.total == 0 or quoted.accepted_at is not None)


def holds_copy_back(*, fee_paid: bool, hold_for_unpaid_copy: bool = False) -> bool:
    """Whether an unpaid fee for the copy holds it back: a policy, by default no; never a bill for care.

    Law: 45 CFR 164.524(c)(4)
    """
    return hold_for_unpaid_copy and not fee_paid
