"""Breach: the presumption, the four factors, the exceptions, and who is told by when (164.400 to 164.414)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from .clock import Clock, start
from .errors import Unlawful
from .facility import Facility
from .rows import ROWS
from .rules import Duty, Rule

MEDIA_ABOVE = 500
HHS_FROM = 500
TEXAS_FROM = 250


class Factor(StrEnum):
    """The four factors that a risk assessment weighs at least."""

    NATURE = "nature and extent of the information, and how likely somebody is re-identified"
    RECIPIENT = "who used it or to whom it went"
    ACQUIRED = "whether it was actually acquired or viewed"
    MITIGATED = "how far the risk was mitigated"


class Risk(StrEnum):
    """What an assessor finds for a factor, or for all of it."""

    LOW = "low"
    NOT_LOW = "not low"


class Excepted(StrEnum):
    """The three exceptions of 164.402(1)."""

    GOOD_FAITH = "unintentional, in good faith, by the workforce and not passed on"
    BETWEEN_AUTHORIZED = "inadvertent, between people authorized at the same place and not passed on"
    NOT_RETAINED = "the recipient could not reasonably have retained it"


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """A risk assessment: each factor with its finding and reasons, and the overall probability."""

    factors: Mapping[Factor, tuple[Risk, str]]
    overall: Risk
    encrypted_and_key_safe: bool = False
    exception: Excepted | None = None
    exception_reason: str = ""


def _complete(assessment: Assessment) -> bool:
    return all(factor in assessment.factors and assessment.factors[factor][1].strip() for factor in Factor)


def is_breach(assessment: Assessment) -> bool:
    """Whether an impermissible use or disclosure must be notified: presumed so unless it is shown otherwise.

    The burden of proof is the facility's: an assessment that lacks a factor or its reasons shows nothing.

    Law: 45 CFR 164.402; 45 CFR 164.402(1); 45 CFR 164.402(2); 45 CFR 164.414(b)
    """
    if assessment.encrypted_and_key_safe:
        return False
    if assessment.exception is not None and assessment.exception_reason.strip():
        return False
    return not (_complete(assessment) and assessment.overall is Risk.LOW)


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """What the duties depend on: when it was known or should have been, and how many people per state."""

    discovered_at: datetime
    affected: Mapping[str, int]

    @property
    def people(self) -> int:
        """How many people are affected altogether."""
        return sum(self.affected.values())


@dataclass(frozen=True, slots=True)
class Notice:
    """One notice that is owed: to whom, in which state if it matters, by the clock."""

    duty: Duty
    state: str
    clock: Clock


def _places(facility: Facility, state: str) -> Facility:
    return Facility(zone=facility.zone, state=state, kind=facility.kind)


def _owed(incident: Incident, facility: Facility) -> list[tuple[Duty, str]]:
    """Which duties arise, with the state whose rows they follow."""
    owed: list[tuple[Duty, str]] = []
    for state, people in sorted(incident.affected.items()):
        if people > 0:
            owed.append((Duty.BREACH_INDIVIDUALS, state))
        if people > MEDIA_ABOVE:
            owed.append((Duty.BREACH_MEDIA, state))
        if (state == "CA" and people > 0) or (state == "TX" and people >= TEXAS_FROM):
            owed.append((Duty.BREACH_STATE, state))
    yearly = incident.people < HHS_FROM
    owed.append((Duty.BREACH_HHS_YEARLY if yearly else Duty.BREACH_HHS, facility.state))
    return owed


def notices(incident: Incident, facility: Facility, *, rules: Iterable[Rule] = ROWS) -> tuple[Notice, ...]:
    """Every notice that a breach calls for, each with its clock; all are due without unreasonable delay.

    Individuals in 60 days or sooner by their state; media where more than 500 in one state; HHS at the same
    time from 500 on, below that within 60 days of the year's end; the state's authority where its row says.

    Law: 45 CFR 164.404(b); 45 CFR 164.406(a); 45 CFR 164.406(b); 45 CFR 164.408(b); 45 CFR 164.408(c);
        Cal. Health & Safety Code 1280.15(b); Tex. Bus. & Com. Code 521.053(b);
        Tex. Bus. & Com. Code 521.053(i)
    """
    if incident.people <= 0:
        raise ValueError("A breach affects at least one person.")
    table = tuple(rules)
    return tuple(
        Notice(
            duty,
            state,
            start(duty, at=incident.discovered_at, facility=_places(facility, state), rules=table),
        )
        for duty, state in _owed(incident, facility)
    )


def associate_notice(discovered_at: datetime, facility: Facility, *, rules: Iterable[Rule] = ROWS) -> Clock:
    """By when a business associate tells the covered entity.

    Law: 45 CFR 164.410(b)
    """
    return start(Duty.BREACH_COVERED_ENTITY, at=discovered_at, facility=facility, rules=rules)


class Content(StrEnum):
    """What a notice to an individual says."""

    WHAT_HAPPENED = "what happened, with its date and the date of discovery"
    WHAT_KINDS = "which kinds of information"
    PROTECT_YOURSELF = "what people can do to protect themselves"
    WHAT_WE_DO = "what the facility does about it"
    CONTACT = "whom to ask: toll-free number, e-mail, web page or postal address"


def missing_content(present: Iterable[Content]) -> frozenset[Content]:
    """What a notice to an individual still lacks.

    Law: 45 CFR 164.404(c)(1)
    """
    return frozenset(Content) - set(present)


class Substitute(StrEnum):
    """What stands in for a letter that can't reach people."""

    NONE = "none is needed"
    ALTERNATIVE = "another written notice, a call, or other means"
    POSTED = "90 days on the home page, or major media, with a toll-free number for 90 days"


def substitute(unreachable: int) -> Substitute:
    """What is owed to people whose contact details are missing or out of date.

    Law: 45 CFR 164.404(d)(2)(i); 45 CFR 164.404(d)(2)(ii)
    """
    if unreachable <= 0:
        return Substitute.NONE
    return Substitute.ALTERNATIVE if unreachable < 10 else Substitute.POSTED


def delayed_until(*, stated_on: date, until: date | None, written: bool) -> date:
    """Until when a law enforcement statement delays the notices: as written, or 30 days if only spoken.

    Raises:
        Unlawful: for a written statement that names no end.

    Law: 45 CFR 164.412(a); 45 CFR 164.412(b)
    """
    spoken = stated_on + timedelta(days=30)
    if not written:
        return spoken if until is None else min(until, spoken)
    if until is None:
        raise Unlawful("A written statement must say for how long.", "45 CFR 164.412(a)")
    return until
