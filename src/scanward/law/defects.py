"""The checklist of 164.508(b)(2): every defect of an authorization with its clause. Any one blocks (D7)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from .authorization import (
    Authorization,
    CombinedWith,
    Condition,
    ExpiresOn,
    ExpiresWhen,
    ResearchExpiry,
    Signer,
    Statement,
    Subject,
)
from .days import local_day

_C1, _C2, _B = "45 CFR 164.508(c)(1)", "45 CFR 164.508(c)(2)", "45 CFR 164.508(b)"


class Defect(StrEnum):
    """What can be wrong with an authorization; the value is the sentence for the letter."""

    DESCRIPTION = "It does not describe the information in a specific and meaningful way."
    DISCLOSER = "It does not name who may disclose the information."
    RECIPIENT = "It does not name who may receive the information."
    PURPOSE = "It does not state the purpose."
    PURPOSE_NOT_INDIVIDUAL = "Only a request that the individual started may give that request as its purpose."
    EXPIRY = "It has no expiration date or event."
    EXPIRY_RESEARCH_ONLY = "Only an authorization for research may run without a date or an event of its own."
    SIGNATURE = "It is not signed."
    SIGNATURE_DATE = "The signature has no date."
    AUTHORITY = "It is signed by a representative and does not describe the representative's authority."
    NO_REVOCATION = "It does not say how it can be revoked."
    NO_CONDITIONING = "It does not say whether treatment, payment or enrolment depends on signing."
    NO_REDISCLOSURE = "It does not say that the recipient may disclose the information again."
    EXPIRED = "Its expiration date has passed."
    EVENT_HAPPENED = "The event at which it expires has happened."
    REVOKED = "It has been revoked."
    COMPOUND = "It is combined with a document that it must not be combined with."
    MIXED_CONDITIONS = "It mixes permissions that treatment depends on with others, and does not keep them apart."
    CONDITIONED = "Treatment, payment or benefits were made to depend on it."
    FALSE = "Something material in it is known to be false."
    SIGNED_IN_FUTURE = "The date of its signature has not come yet."
    REMUNERATION = "It does not say that the discloser is paid for it."


CITATIONS: dict[Defect, str] = {
    Defect.DESCRIPTION: f"{_C1}(i)",
    Defect.DISCLOSER: f"{_C1}(ii)",
    Defect.RECIPIENT: f"{_C1}(iii)",
    Defect.PURPOSE: f"{_C1}(iv)",
    Defect.PURPOSE_NOT_INDIVIDUAL: f"{_C1}(iv)",
    Defect.EXPIRY: f"{_C1}(v)",
    Defect.EXPIRY_RESEARCH_ONLY: f"{_C1}(v)",
    Defect.SIGNATURE: f"{_C1}(vi)",
    Defect.SIGNATURE_DATE: f"{_C1}(vi)",
    Defect.AUTHORITY: f"{_C1}(vi)",
    Defect.NO_REVOCATION: f"{_C2}(i)",
    Defect.NO_CONDITIONING: f"{_C2}(ii)",
    Defect.NO_REDISCLOSURE: f"{_C2}(iii)",
    Defect.EXPIRED: f"{_B}(2)(i)",
    Defect.EVENT_HAPPENED: f"{_B}(2)(i)",
    Defect.REVOKED: f"{_B}(2)(iii)",
    Defect.COMPOUND: f"{_B}(3)",
    Defect.MIXED_CONDITIONS: f"{_B}(3)(i)",
    Defect.CONDITIONED: f"{_B}(4)",
    Defect.FALSE: f"{_B}(2)(v)",
    Defect.SIGNED_IN_FUTURE: f"{_B}(2)(v)",
    Defect.REMUNERATION: "45 CFR 164.508(a)(3)(ii), (a)(4)",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One defect with the clause that makes it one."""

    defect: Defect
    citation: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the checklist found; without findings the authorization is valid."""

    findings: tuple[Finding, ...]

    @property
    def valid(self) -> bool:
        """Whether it may be used."""
        return not self.findings

    @property
    def defects(self) -> frozenset[Defect]:
        """The defects alone."""
        return frozenset(finding.defect for finding in self.findings)


_NOT_FILLED_IN = frozenset({"na", "none", "tbd", "tba", "unknown", "blank", "seeabove", "seeattached", "xx", "xxx"})
_AT_REQUEST = re.compile(r"\s*at (the|my) request( of the (individual|patient))?\W*", re.IGNORECASE)


def filled_in(text: str) -> bool:
    """Whether a field says something: a line of underscores, "n/a" or "TBD" is not filled in.

    Law: 45 CFR 164.508(b)(2)(ii)
    """
    letters = "".join(character for character in text.casefold() if character.isalnum())
    return len(letters) >= 2 and letters not in _NOT_FILLED_IN


def _elements(a: Authorization) -> dict[Defect, bool]:
    """The core elements that are texts: (c)(1)(i) to (iv) and (vi)."""
    return {
        Defect.DESCRIPTION: not filled_in(a.description),
        Defect.DISCLOSER: not filled_in(a.discloser),
        Defect.RECIPIENT: not filled_in(a.recipient),
        Defect.PURPOSE: not filled_in(a.purpose),
        Defect.PURPOSE_NOT_INDIVIDUAL: bool(_AT_REQUEST.fullmatch(a.purpose)) and not a.individual_initiated,
        Defect.SIGNATURE: not filled_in(a.signature),
        Defect.SIGNATURE_DATE: a.signed_on is None,
        Defect.AUTHORITY: a.signer is Signer.REPRESENTATIVE and not filled_in(a.authority),
        Defect.REMUNERATION: a.subject in (Subject.MARKETING, Subject.SALE) and not a.remuneration_stated,
    }


def _statements(a: Authorization) -> dict[Defect, bool]:
    return {
        Defect.NO_REVOCATION: Statement.REVOCATION not in a.statements,
        Defect.NO_CONDITIONING: Statement.CONDITIONING not in a.statements,
        Defect.NO_REDISCLOSURE: Statement.REDISCLOSURE not in a.statements,
    }


def _expiry(a: Authorization, now: datetime, zone: ZoneInfo) -> dict[Defect, bool]:
    """The expiry: there, of a kind that is allowed, and not over. A date runs to the end of its day."""
    missing = a.expiry is None or (isinstance(a.expiry, ExpiresWhen) and not filled_in(a.expiry.event))
    return {
        Defect.EXPIRY: missing,
        Defect.EXPIRY_RESEARCH_ONLY: isinstance(a.expiry, ResearchExpiry) and a.subject is not Subject.RESEARCH,
        Defect.EXPIRED: isinstance(a.expiry, ExpiresOn) and a.expiry.day < local_day(now, zone),
        Defect.EVENT_HAPPENED: isinstance(a.expiry, ExpiresWhen) and a.expiry.happened,
    }


def _facts(a: Authorization, now: datetime, zone: ZoneInfo) -> dict[Defect, bool]:
    """What is known about it."""
    return {
        Defect.REVOKED: a.revoked_at is not None and a.revoked_at <= now,
        Defect.FALSE: a.known_false,
        Defect.SIGNED_IN_FUTURE: a.signed_on is not None and a.signed_on > local_day(now, zone),
    }


def _may_combine(a: Authorization, other: CombinedWith) -> bool:
    """The compound rule for one companion: (b)(3)(i) research, (ii) psychotherapy notes, (iii) others."""
    if a.subject is Subject.PSYCHOTHERAPY_NOTES:
        return other is CombinedWith.PSYCHOTHERAPY_AUTHORIZATION
    if other is CombinedWith.RESEARCH_PERMISSION:
        return a.subject is Subject.RESEARCH
    return other is CombinedWith.OTHER_AUTHORIZATION


def _may_condition(a: Authorization, condition: Condition) -> bool:
    """What may depend on signing: (b)(4)(i) research, (ii) enrolment, (iii) exams for a third party."""
    if condition is Condition.RESEARCH_TREATMENT:
        return a.subject is Subject.RESEARCH
    if condition is Condition.ENROLMENT:
        return a.subject is not Subject.PSYCHOTHERAPY_NOTES
    return condition is Condition.EXAM_FOR_THIRD_PARTY


def _compound(a: Authorization) -> dict[Defect, bool]:
    kept_apart = a.subject is Subject.RESEARCH and a.separable
    return {
        Defect.COMPOUND: not all(_may_combine(a, other) for other in a.combined_with),
        Defect.MIXED_CONDITIONS: a.mixes_conditions and not kept_apart,
        Defect.CONDITIONED: not all(_may_condition(a, condition) for condition in a.conditioned_on),
    }


_TIMELESS: tuple[Callable[[Authorization], dict[Defect, bool]], ...] = (_elements, _statements, _compound)


def examine(authorization: Authorization, *, now: datetime, zone: ZoneInfo) -> Verdict:
    """Every defect of an authorization at a moment, in the order of the checklist (D1 to D7, D11).

    `now` is aware and `zone` the facility's: an expiration date runs to the end of its local day.

    Law: 45 CFR 164.508(b)(1); 45 CFR 164.508(b)(2); 45 CFR 164.508(b)(2)(i); 45 CFR 164.508(b)(2)(ii);
        45 CFR 164.508(b)(2)(iii); 45 CFR 164.508(b)(2)(iv); 45 CFR 164.508(b)(2)(v); 45 CFR 164.508(b)(3);
        45 CFR 164.508(b)(4); 45 CFR 164.508(c)(1); 45 CFR 164.508(c)(2); 45 CFR 164.508(a)(3)(ii);
        45 CFR 164.508(a)(4)
    """
    wrong: dict[Defect, bool] = {}
    for check in _TIMELESS:
        wrong |= check(authorization)
    wrong |= _expiry(authorization, now, zone) | _facts(authorization, now, zone)
    return Verdict(tuple(Finding(defect, CITATIONS[defect]) for defect in Defect if wrong[defect]))
