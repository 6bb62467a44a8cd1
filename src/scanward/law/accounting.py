"""The accounting of disclosures, derived from the register of every release (164.528).

The register says everything ("where my scans went"); the accounting is what remains after nine exclusions.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import groupby
from zoneinfo import ZoneInfo

from .bases import Basis
from .days import add_years, local_day, years_before
from .errors import Unlawful
from .rows import PRIVACY_RULE

LOOK_BACK_YEARS = 6
ORAL_SUSPENSION_DAYS = 30


class Exclusion(StrEnum):
    """The nine kinds of disclosure that need no accounting."""

    TREATMENT_PAYMENT_OPERATIONS = "45 CFR 164.528(a)(1)(i)"
    TO_INDIVIDUAL = "45 CFR 164.528(a)(1)(ii)"
    INCIDENT = "45 CFR 164.528(a)(1)(iii)"
    AUTHORIZATION = "45 CFR 164.528(a)(1)(iv)"
    INVOLVED_OR_NOTIFIED = "45 CFR 164.528(a)(1)(v)"
    NATIONAL_SECURITY = "45 CFR 164.528(a)(1)(vi)"
    CUSTODY = "45 CFR 164.528(a)(1)(vii)"
    LIMITED_DATA_SET = "45 CFR 164.528(a)(1)(viii)"
    BEFORE_COMPLIANCE_DATE = "45 CFR 164.528(a)(1)(ix)"


# A directive is missing on purpose: what goes to somebody else doesn't go "to the individual", so it counts.
_EXCLUDED: dict[Basis, Exclusion] = {
    Basis.TREATMENT: Exclusion.TREATMENT_PAYMENT_OPERATIONS,
    Basis.PAYMENT: Exclusion.TREATMENT_PAYMENT_OPERATIONS,
    Basis.OPERATIONS: Exclusion.TREATMENT_PAYMENT_OPERATIONS,
    Basis.OTHERS_OPERATIONS: Exclusion.TREATMENT_PAYMENT_OPERATIONS,
    Basis.BUSINESS_ASSOCIATE: Exclusion.TREATMENT_PAYMENT_OPERATIONS,
    Basis.ACCESS: Exclusion.TO_INDIVIDUAL,
    Basis.REPRESENTATIVE_ACCESS: Exclusion.TO_INDIVIDUAL,
    Basis.AUTHORIZATION: Exclusion.AUTHORIZATION,
    Basis.INVOLVED_PERSON: Exclusion.INVOLVED_OR_NOTIFIED,
    Basis.NOTIFICATION: Exclusion.INVOLVED_OR_NOTIFIED,
    Basis.NATIONAL_SECURITY: Exclusion.NATIONAL_SECURITY,
    Basis.CUSTODY: Exclusion.CUSTODY,
    Basis.LIMITED_DATA_SET: Exclusion.LIMITED_DATA_SET,
}


# To a health oversight agency or a law enforcement official: only these can be kept off the list for a time.
SUSPENDABLE = frozenset(
    {
        Basis.OVERSIGHT,
        Basis.POLICE_PROCESS,
        Basis.POLICE_LOCATE,
        Basis.POLICE_VICTIM,
        Basis.POLICE_DEATH,
        Basis.POLICE_PREMISES,
        Basis.POLICE_EMERGENCY,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Disclosure:
    """One disclosure as the register holds it; without a basis it was impermissible and always counts."""

    at: datetime
    recipient: str
    address: str
    description: str
    purpose: str
    basis: Basis | None
    incidental: bool = False
    protocol: str = ""


def exclusion(disclosure: Disclosure, *, zone: ZoneInfo) -> Exclusion | None:
    """Which of the nine exclusions keeps a disclosure out of the accounting; None means it counts (L6).

    Law: 45 CFR 164.528(a)(1); 45 CFR 164.528(a)(1)(i); 45 CFR 164.528(a)(1)(ii);
        45 CFR 164.528(a)(1)(iii); 45 CFR 164.528(a)(1)(iv); 45 CFR 164.528(a)(1)(v);
        45 CFR 164.528(a)(1)(vi); 45 CFR 164.528(a)(1)(vii); 45 CFR 164.528(a)(1)(viii);
        45 CFR 164.528(a)(1)(ix)
    """
    if local_day(disclosure.at, zone) < PRIVACY_RULE:
        return Exclusion.BEFORE_COMPLIANCE_DATE
    if disclosure.basis is None:
        return None
    return Exclusion.INCIDENT if disclosure.incidental else _EXCLUDED.get(disclosure.basis)


@dataclass(frozen=True, slots=True)
class Period:
    """The days that an accounting covers, both included."""

    first: date
    last: date


def period(asked_on: date, *, wanted: Period | None = None) -> Period:
    """Six years before the request, or what the person wants of them.

    Law: 45 CFR 164.528(a)(1); 45 CFR 164.528(a)(3)
    """
    longest = Period(years_before(asked_on, LOOK_BACK_YEARS), asked_on)
    if wanted is None:
        return longest
    return Period(max(wanted.first, longest.first), min(wanted.last, longest.last))


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspension:
    """An official's statement that an accounting would impede their work: with its end, or spoken."""

    recipient: str
    stated_on: date
    until: date
    written: bool

    def __post_init__(self) -> None:
        if self.until < self.stated_on:
            raise Unlawful("The time ends before it begins: give its last day.", "45 CFR 164.528(a)(2)(i)")
        longest = self.stated_on + timedelta(days=ORAL_SUSPENSION_DAYS)
        if not self.written and self.until > longest:
            raise Unlawful(
                "What was only said lasts 30 days at most. For longer the official has to write.",
                "45 CFR 164.528(a)(2)(ii)",
            )


def suspended(disclosure: Disclosure, suspensions: Iterable[Suspension], *, on: date) -> bool:
    """Whether an official's statement keeps a disclosure out of the accounting on a day.

    Only disclosures for oversight or law enforcement can be suspended.

    Law: 45 CFR 164.528(a)(2); 45 CFR 164.528(a)(2)(i); 45 CFR 164.528(a)(2)(ii)
    """
    return disclosure.basis in SUSPENDABLE and any(
        s.recipient == disclosure.recipient and s.stated_on <= on <= s.until for s in suspensions
    )


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: the first disclosure, how often it was repeated, and the last day."""

    first: Disclosure
    times: int
    last_on: date


def _same_matter(disclosure: Disclosure) -> tuple[str, str, str, str, str]:
    """What makes several disclosures one entry: same recipient for the same purpose, on the same basis."""
    return (
        disclosure.recipient,
        disclosure.address,
        disclosure.purpose,
        str(disclosure.basis),
        disclosure.description,
    )


def account(
    register: Iterable[Disclosure],
    *,
    asked_on: date,
    zone: ZoneInfo,
    wanted: Period | None = None,
    suspensions: Sequence[Suspension] = (),
    summarize: bool = True,
) -> tuple[Entry, ...]:
    """The accounting: what the register holds for the period, without exclusions, oldest first (L5).

    Several disclosures of one matter to one recipient are one entry with their number and last day.

    Law: 45 CFR 164.528(a)(1); 45 CFR 164.528(b)(1); 45 CFR 164.528(b)(2); 45 CFR 164.528(b)(3)
    """
    span = period(asked_on, wanted=wanted)
    rows = [
        row
        for row in sorted(register, key=lambda row: row.at)
        if span.first <= local_day(row.at, zone) <= span.last
        and exclusion(row, zone=zone) is None
        and not suspended(row, suspensions, on=asked_on)
    ]
    entries = [Entry(row, 1, local_day(row.at, zone)) for row in rows]
    return tuple(_summarized(entries) if summarize else entries)


def _summarized(entries: list[Entry]) -> list[Entry]:
    """Entries of one matter joined; the order of their first disclosures is kept."""
    ordered = sorted(entries, key=lambda entry: _same_matter(entry.first))
    groups = [list(group) for _, group in groupby(ordered, key=lambda entry: _same_matter(entry.first))]
    joined = [replace(group[0], times=len(group), last_on=group[-1].last_on) for group in groups]
    return sorted(joined, key=lambda entry: entry.first.at)


def may_list_protocols(people_in_protocol: int) -> bool:
    """Whether research under a waiver may be accounted for by a list of protocols: from 50 people on.

    Law: 45 CFR 164.528(b)(4)
    """
    return people_in_protocol >= 50


def free_of_charge(asked_on: date, earlier: Iterable[date]) -> bool:
    """Whether this accounting is free: the first in any 12 months; a later one may cost, told in advance.

    Law: 45 CFR 164.528(c)(2)
    """
    return not any(day <= asked_on < add_years(day, 1) for day in earlier)
