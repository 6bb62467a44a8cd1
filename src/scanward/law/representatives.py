"""Personal representatives: who stands in for a person, for what, from when to when (164.502(g))."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from .days import add_years
from .errors import Unlawful
from .rules import FEDERAL

DECEASED_PROTECTED_YEARS = 50


class Authority(StrEnum):
    """Where a representative's authority comes from; each has its document (C5)."""

    PARENT = "parent"
    GUARDIAN = "guardian"
    COURT_ORDER = "court order"
    POWER_OF_ATTORNEY = "health care power of attorney"
    EXECUTOR = "executor or administrator of the estate"


class Care(StrEnum):
    """Kinds of care for which a minor may consent alone."""

    GENERAL = "any care"
    GENERAL_LIVING_APART = "any care, living apart and managing their own money"
    INFECTION = "reportable infection"
    PREGNANCY = "pregnancy"
    MENTAL_HEALTH = "mental health"
    SUBSTANCE_USE = "substance use"


@dataclass(frozen=True, slots=True, kw_only=True)
class AgeRow:
    """From which age a person decides alone about a kind of care, in a jurisdiction, from a day on."""

    care: Care
    age: int
    citation: str
    effective_from: date
    effective_to: date | None = None
    jurisdiction: str = FEDERAL

    def in_force(self, on: date) -> bool:
        """Whether the row applies on a day."""
        return self.effective_from <= on and (self.effective_to is None or on <= self.effective_to)


_START = date(2003, 4, 14)
AGES: tuple[AgeRow, ...] = (
    # The Privacy Rule leaves the age to the states; nearly all say 18.
    AgeRow(care=Care.GENERAL, age=18, citation="45 CFR 164.502(g)(3)(i)", effective_from=_START),
    AgeRow(
        care=Care.GENERAL_LIVING_APART,
        age=16,
        citation="Tex. Fam. Code 32.003(a)(2)",
        effective_from=_START,
        jurisdiction="TX",
    ),
    AgeRow(
        care=Care.INFECTION,
        age=0,
        citation="Tex. Fam. Code 32.003(a)(3)",
        effective_from=_START,
        jurisdiction="TX",
    ),
    AgeRow(
        care=Care.GENERAL_LIVING_APART,
        age=15,
        citation="Cal. Fam. Code 6922(a)",
        effective_from=_START,
        jurisdiction="CA",
    ),
    AgeRow(
        care=Care.PREGNANCY,
        age=0,
        citation="Cal. Fam. Code 6925(a)",
        effective_from=_START,
        jurisdiction="CA",
    ),
    AgeRow(
        care=Care.INFECTION,
        age=12,
        citation="Cal. Fam. Code 6926(a)",
        effective_from=_START,
        jurisdiction="CA",
    ),
    AgeRow(
        care=Care.MENTAL_HEALTH,
        age=12,
        citation="Cal. Health & Safety Code 124260(b)",
        effective_from=date(2011, 1, 1),
        jurisdiction="CA",
    ),
    AgeRow(
        care=Care.SUBSTANCE_USE,
        age=12,
        citation="Cal. Fam. Code 6929(b)",
        effective_from=_START,
        jurisdiction="CA",
    ),
)


def age_on(born: date, day: date) -> int:
    """Completed years of life; who was born on 29 February is a year older from 1 March in other years.

    Law: 45 CFR 164.502(g)(3)(i)
    """
    years = day.year - born.year
    return years if add_years(born, years) <= day else years - 1


def decides_alone_from(care: Care, *, state: str, on: date, ages: Iterable[AgeRow] = AGES) -> tuple[int, str]:
    """The age from which a person alone consents to a kind of care, and the clause; the lowest one wins.

    Law: 45 CFR 164.502(g)(3)(i)(A); Tex. Fam. Code 32.003(a)(2); Tex. Fam. Code 32.003(a)(3);
        Cal. Fam. Code 6922(a); Cal. Fam. Code 6925(a); Cal. Fam. Code 6926(a); Cal. Fam. Code 6929(b);
        Cal. Health & Safety Code 124260(b)
    """
    rows = [r for r in ages if r.jurisdiction in (FEDERAL, state) and r.in_force(on)]
    fitting = [r for r in rows if r.care in (care, Care.GENERAL)]
    if not fitting:
        raise Unlawful("No age is in force for this on that day.", "45 CFR 164.502(g)(3)")
    lowest = min(fitting, key=lambda row: row.age)
    return lowest.age, lowest.citation


@dataclass(frozen=True, slots=True, kw_only=True)
class Representation:
    """What is on file about a representative; `studies` None means the whole record."""

    authority: Authority
    document_verified: bool
    valid_from: date
    valid_to: date | None = None
    studies: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Represented:
    """What matters about the person and the study they are represented for."""

    born: date
    state: str
    study: str
    care: Care = Care.GENERAL
    # The minor consented alone (A), a court or the law let another consent (B), the parent agreed (C).
    consented_alone: bool = False
    other_consent: bool = False
    parent_agreed_to_confidentiality: bool = False
    emancipated: bool = False
    died_on: date | None = None
    # A professional reasonably believes in abuse or danger, and that access is not in the person's interest.
    endangered_by_representative: bool = False


def _parental(person: Represented, on: date, ages: Iterable[AgeRow]) -> str:
    """Why a parent or guardian does not stand in for this person and study, or nothing."""
    age = age_on(person.born, on)
    general, _ = decides_alone_from(Care.GENERAL, state=person.state, on=on, ages=ages)
    if person.emancipated or age >= general:
        return "The person is of age and decides alone."
    own_age, clause = decides_alone_from(person.care, state=person.state, on=on, ages=ages)
    if person.consented_alone and age >= own_age:
        return f"The minor lawfully consented to this care alone ({clause})."
    if person.other_consent:
        return "The law let somebody else consent to this care."
    if person.parent_agreed_to_confidentiality:
        return "The parent agreed that this care stays confidential."
    return ""


def _paper(held: Representation, person: Represented, on: date) -> str:
    """Why the document on file does not carry, or nothing."""
    if not held.document_verified:
        return "The document that proves the authority has not been verified."
    if on < held.valid_from or (held.valid_to is not None and on > held.valid_to):
        return "The authority is not in force today."
    if held.studies is not None and person.study not in held.studies:
        return "The authority does not reach this study."
    return ""


def _kind(held: Representation, person: Represented, on: date, ages: Iterable[AgeRow]) -> str:
    """Why this kind of authority does not fit the person, or nothing."""
    if (person.died_on is not None and person.died_on <= on) != (held.authority is Authority.EXECUTOR):
        return "Only an executor or administrator stands in for a person who has died."
    if held.authority is Authority.PARENT:
        return _parental(person, on, ages)
    return ""


def standing(held: Representation, person: Represented, *, on: date, ages: Iterable[AgeRow] = AGES) -> None:
    """Refuse a representative who does not stand in for this person and this study today (A3, C5).

    Raises:
        Unlawful: with the first reason; none of them names a person.

    Law: 45 CFR 164.502(g)(1); 45 CFR 164.502(g)(2); 45 CFR 164.502(g)(3)(i)(A);
        45 CFR 164.502(g)(3)(i)(B); 45 CFR 164.502(g)(3)(i)(C); 45 CFR 164.502(g)(4); 45 CFR 164.502(g)(5)
    """
    if person.endangered_by_representative:
        raise Unlawful("A professional found that this would endanger the person.", "45 CFR 164.502(g)(5)")
    if reason := _paper(held, person, on):
        raise Unlawful(reason, "45 CFR 164.502(g)(2)")
    if reason := _kind(held, person, on, ages):
        clause = "45 CFR 164.502(g)(3)(i)" if held.authority is Authority.PARENT else "45 CFR 164.502(g)(4)"
        raise Unlawful(reason, clause)


def proxy_ends_on(
    born: date, *, state: str, on: date, house_age: int | None = None, ages: Iterable[AgeRow] = AGES
) -> date:
    """The day from which a parent's access ends by itself: at majority, or sooner where the house says so.

    Law: 45 CFR 164.502(g)(3)(i)
    """
    of_age, _ = decides_alone_from(Care.GENERAL, state=state, on=on, ages=ages)
    return add_years(born, of_age if house_age is None else min(of_age, house_age))


def still_protected(died_on: date, *, on: date) -> bool:
    """Whether the record of a person who has died is still protected: for 50 years.

    Law: 45 CFR 164.502(f)
    """
    return on <= add_years(died_on, DECEASED_PROTECTED_YEARS)
