"""What an authorization or a request covers, and whether a release stays inside it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from .purpose import PurposeOfUse


class Excess(StrEnum):
    """In which respect a release would go beyond what it rests on."""

    STUDIES = "studies that it does not name"
    SERIES = "series that it does not name"
    IMAGES = "images, which it leaves out"
    REPORT = "the report, which it leaves out"
    DATES = "exams outside its dates"
    RECIPIENT = "a recipient that it does not name"
    PURPOSE = "a purpose that it does not state"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What is covered. `None` for studies, series, dates, recipients or purposes means: not narrowed.

    Studies and series are opaque keys; recipients are keys of confirmed recipients or of a named class.
    """

    studies: frozenset[str] | None = None
    series: frozenset[str] | None = None
    images: bool = True
    report: bool = True
    first: date | None = None
    last: date | None = None
    recipients: frozenset[str] | None = None
    purposes: frozenset[PurposeOfUse] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """What a release would hand over; nothing in it is left open."""

    studies: frozenset[str]
    series: frozenset[str]
    images: bool
    report: bool
    exam_dates: frozenset[date]
    recipient: str
    purpose: PurposeOfUse


def _within_dates(scope: Scope, day: date) -> bool:
    return (scope.first is None or scope.first <= day) and (scope.last is None or day <= scope.last)


def beyond(scope: Scope, outgoing: Outgoing) -> tuple[Excess, ...]:
    """Every respect in which a release exceeds a scope; empty means that it stays inside (D10).

    Law: 45 CFR 164.508(a)(1); 45 CFR 164.508(c)(1)(i)
    """
    excess = {
        Excess.STUDIES: scope.studies is not None and not outgoing.studies <= scope.studies,
        Excess.SERIES: scope.series is not None and not outgoing.series <= scope.series,
        Excess.IMAGES: outgoing.images and not scope.images,
        Excess.REPORT: outgoing.report and not scope.report,
        Excess.DATES: not all(_within_dates(scope, day) for day in outgoing.exam_dates),
        Excess.RECIPIENT: scope.recipients is not None and outgoing.recipient not in scope.recipients,
        Excess.PURPOSE: scope.purposes is not None and outgoing.purpose not in scope.purposes,
    }
    return tuple(kind for kind, exceeded in excess.items() if exceeded)
