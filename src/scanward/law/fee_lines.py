"""The four things that a copy may cost, as types: a line for anything else can't be written (E1 to E3).

There is no type for search, retrieval, verification, documentation, systems or a page, no free text that
could name one, and no number of pages anywhere. mypy refuses such a line, and so does the constructor.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_DOWN, Decimal
from enum import StrEnum
from typing import final

from .errors import Unlawful

CENT = Decimal("0.01")
_CLAUSE = "45 CFR 164.524(c)(4)"


class Medium(StrEnum):
    """Supplies for creating a copy; a printed report is one piece, however many pages it has."""

    CD = "CD"
    DVD = "DVD"
    USB = "USB stick"
    PRINTED_REPORT = "printed report"
    FILM = "printed film"


class Carrier(StrEnum):
    """Postage: how a copy is mailed."""

    MAIL = "mail"
    TRACKED = "tracked mail"
    COURIER = "courier"


def cents(amount: Decimal) -> Decimal:
    """An amount in whole cents, rounded down: a line never exceeds what the copy costs.

    Law: 45 CFR 164.524(c)(4)
    """
    return amount.quantize(CENT, rounding=ROUND_DOWN)


def check_money(amount: Decimal, what: str) -> None:
    """Refuse what is no amount of dollars: a float, a negative or an infinite number.

    Law: 45 CFR 164.524(c)(4)
    """
    if not isinstance(amount, Decimal):
        raise TypeError(f"{what} is a Decimal in dollars, never a float.")
    if not amount.is_finite() or amount < 0:
        raise ValueError(f"{what} is a finite amount of zero or more.")


def _check_whole(number: int, what: str) -> None:
    if type(number) is not int or number < 1:
        raise ValueError(f"{what} is a whole number of one or more.")


@final
@dataclass(frozen=True, slots=True)
class CopyingLabour:
    """Labour for copying, from when the record was found: whole minutes at an hourly rate in dollars."""

    minutes: int
    hourly_rate: Decimal

    def __post_init__(self) -> None:
        _check_whole(self.minutes, "Labour for copying, in minutes,")
        check_money(self.hourly_rate, "The hourly rate")

    @property
    def amount(self) -> Decimal:
        """The line's cost (45 CFR 164.524(c)(4)(i))."""
        return cents(self.hourly_rate * self.minutes / 60)


@final
@dataclass(frozen=True, slots=True)
class Supplies:
    """A number of discs, sticks or prints at their price in dollars."""

    medium: Medium
    pieces: int
    price: Decimal

    def __post_init__(self) -> None:
        if not isinstance(self.medium, Medium):
            raise Unlawful("Supplies are a medium that the copy is made on.", f"{_CLAUSE}(ii)")
        _check_whole(self.pieces, "The number of pieces")
        check_money(self.price, "The price of a piece")

    @property
    def amount(self) -> Decimal:
        """The line's cost (45 CFR 164.524(c)(4)(ii))."""
        return cents(self.price * self.pieces)


@final
@dataclass(frozen=True, slots=True)
class Postage:
    """What the carrier takes, in dollars."""

    carrier: Carrier
    price: Decimal

    def __post_init__(self) -> None:
        if not isinstance(self.carrier, Carrier):
            raise Unlawful("Postage is what a carrier takes for mailing the copy.", f"{_CLAUSE}(iii)")
        check_money(self.price, "Postage")

    @property
    def amount(self) -> Decimal:
        """The line's cost (45 CFR 164.524(c)(4)(iii))."""
        return cents(self.price)


@final
@dataclass(frozen=True, slots=True)
class AgreedSummary:
    """Preparing a summary or explanation, agreed with its fee on a day before the work."""

    minutes: int
    hourly_rate: Decimal
    agreed_on: date

    def __post_init__(self) -> None:
        _check_whole(self.minutes, "Work on a summary, in minutes,")
        check_money(self.hourly_rate, "The hourly rate")

    @property
    def amount(self) -> Decimal:
        """The line's cost (45 CFR 164.524(c)(4)(iv))."""
        return cents(self.hourly_rate * self.minutes / 60)


FeeLine = CopyingLabour | Supplies | Postage | AgreedSummary

LABELS: dict[type[FeeLine], str] = {
    CopyingLabour: "Labour for copying, after the record was found",
    Supplies: "Supplies",
    Postage: "Postage",
    AgreedSummary: "Summary or explanation, as you agreed",
}
LINE_CITATIONS: dict[type[FeeLine], str] = {
    CopyingLabour: f"{_CLAUSE}(i)",
    Supplies: f"{_CLAUSE}(ii)",
    Postage: f"{_CLAUSE}(iii)",
    AgreedSummary: f"{_CLAUSE}(iv)",
}
