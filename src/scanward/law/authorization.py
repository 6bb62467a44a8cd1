"""What an authorization is: six core elements, three statements, and the facts known about it (164.508)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import final

from .errors import Unlawful


class Statement(StrEnum):
    """The three statements that every authorization makes (164.508(c)(2))."""

    REVOCATION = "the right to revoke in writing, its exceptions and how, or where the notice says so"
    CONDITIONING = "whether treatment, payment, enrolment or eligibility depends on signing"
    REDISCLOSURE = "that the recipient may disclose it again and it is then no longer protected"


@final
@dataclass(frozen=True, slots=True)
class ExpiresOn:
    """Expires at the end of a day."""

    day: date


@final
@dataclass(frozen=True, slots=True)
class ExpiresWhen:
    """Expires at an event that relates to the individual or to the purpose."""

    event: str
    happened: bool = False


class ResearchExpiry(StrEnum):
    """What only an authorization for research may say instead of a date or an event."""

    END_OF_STUDY = "end of the research study"
    NONE = "none"


Expiry = ExpiresOn | ExpiresWhen | ResearchExpiry


class Signer(StrEnum):
    """Who signed."""

    INDIVIDUAL = "the individual"
    REPRESENTATIVE = "a personal representative"


class Subject(StrEnum):
    """Kinds of authorization with rules of their own."""

    GENERAL = "general"
    RESEARCH = "research"
    PSYCHOTHERAPY_NOTES = "psychotherapy notes"
    MARKETING = "marketing"
    SALE = "sale of the information"


class CombinedWith(StrEnum):
    """What stands on the same paper."""

    OTHER_DOCUMENT = "another kind of document"
    RESEARCH_PERMISSION = "another permission for the same or another research study"
    PSYCHOTHERAPY_AUTHORIZATION = "an authorization for psychotherapy notes"
    OTHER_AUTHORIZATION = "another authorization"


class Condition(StrEnum):
    """What somebody made depend on the signature."""

    RESEARCH_TREATMENT = "treatment that is part of the research"
    EXAM_FOR_THIRD_PARTY = "an exam made only to inform the third party"
    ENROLMENT = "enrolment or underwriting before enrolment in a health plan"
    TREATMENT = "treatment"
    PAYMENT = "payment"
    BENEFITS = "eligibility for benefits"


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    """An authorization as it was filled in (empty text, None: left out) and what is known of it."""

    description: str = ""
    discloser: str = ""
    recipient: str = ""
    purpose: str = ""
    expiry: Expiry | None = None
    signature: str = ""
    signed_on: date | None = None
    signer: Signer = Signer.INDIVIDUAL
    authority: str = ""
    statements: frozenset[Statement] = frozenset()
    subject: Subject = Subject.GENERAL
    individual_initiated: bool = False
    remuneration_stated: bool = False
    combined_with: frozenset[CombinedWith] = frozenset()
    # Of a paper that combines conditioned and unconditioned permissions: kept apart, with an own opt-in.
    mixes_conditions: bool = False
    separable: bool = False
    conditioned_on: frozenset[Condition] = frozenset()
    known_false: bool = False
    revoked_at: datetime | None = None


class RevocationForm(StrEnum):
    """How a revocation in writing can come in; a spoken one is none, so staff offer one of these."""

    PORTAL = "portal"
    LETTER = "letter"
    SIGNED_FORM = "signed form"
    EMAIL = "e-mail"


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """A written revocation, in force from the moment it is received."""

    form: RevocationForm
    received_at: datetime

    def __post_init__(self) -> None:
        if self.received_at.tzinfo is None:
            raise ValueError("A revocation is received at an aware time.")


def stops(revocation: Revocation, *, disclosed_at: datetime) -> bool:
    """Whether a revocation stops a disclosure: everything from its receipt on, nothing before (D8).

    Law: 45 CFR 164.508(b)(5)
    """
    return disclosed_at >= revocation.received_at


def revoked_at(revocation: Revocation, earlier: datetime | None) -> datetime:
    """When an authorization stopped, also when it is revoked twice: the first time counts.

    Law: 45 CFR 164.508(b)(5)
    """
    return revocation.received_at if earlier is None else min(revocation.received_at, earlier)


def copy_owed(*, asked_by_entity: bool) -> bool:
    """Whether the individual must get a copy of what was signed: whenever the facility asked for it.

    Law: 45 CFR 164.508(c)(4)
    """
    return asked_by_entity


def signed_copy_due(*, copy_kept: bool) -> None:
    """Refuse to act on an authorization of which no signed copy is kept.

    Law: 45 CFR 164.508(b)(6); 45 CFR 164.530(j)(2)
    """
    if not copy_kept:
        raise Unlawful("The signed authorization must be kept before it is acted on.", "45 CFR 164.508(b)(6)")
