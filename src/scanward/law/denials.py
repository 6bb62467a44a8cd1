"""Denials: the grounds that exist, who decides, what is still granted, the review, what the letter says."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from .bases import Basis
from .errors import Unlawful
from .holds import Item

_A2, _A3, _D2 = "45 CFR 164.524(a)(2)", "45 CFR 164.524(a)(3)", "45 CFR 164.524(d)(2)"


class Ground(StrEnum):
    """Every ground there is; the value says it in plain words for the letter."""

    PSYCHOTHERAPY_NOTES = "These are psychotherapy notes, which the right of access leaves out."
    LEGAL_PROCEEDING = "This was put together for a legal proceeding, which the right of access leaves out."
    INMATE = "A copy would endanger somebody's health, safety or custody in the institution."
    RESEARCH = "You agreed that access waits until the research ends; it returns then."
    PRIVACY_ACT = "A federal agency holds this under the Privacy Act, which allows the denial."
    CONFIDENTIAL_SOURCE = "Somebody gave this in confidence, and access would reveal who it was."
    ENDANGERS_LIFE = "Access is likely to endanger the life or physical safety of you or somebody else."
    HARMS_OTHER = "This speaks of another person, and access is likely to cause them substantial harm."
    REPRESENTATIVE_HARM = "Giving this to the representative is likely to cause substantial harm."


class NeverAGround(StrEnum):
    """What is no ground to deny or delay; the value says why."""

    DISTRESS = "That a result may upset the person is no ground."
    UNPAID_BILL = "An unpaid bill for care is no ground, nor a reason to wait."
    REFERRER_FIRST = "That the referring doctor has it, or has not seen it yet, is no reason to wait."
    NO_REASON = "A person need not say why."
    HARD_TO_UNDERSTAND = "That a report is hard to understand is no ground."
    POSSIBLE_LAWSUIT = "That the person may sue is no ground."
    MINIMUM_NECESSARY = "The minimum necessary does not cut a person's own copy."
    NOT_OUR_FORM = "A letter that says the same is as good as the form."


GROUND_CITATIONS: dict[Ground, str] = {
    Ground.PSYCHOTHERAPY_NOTES: f"{_A2}(i), (a)(1)(i)",
    Ground.LEGAL_PROCEEDING: f"{_A2}(i), (a)(1)(ii)",
    Ground.INMATE: f"{_A2}(ii)",
    Ground.RESEARCH: f"{_A2}(iii)",
    Ground.PRIVACY_ACT: f"{_A2}(iv)",
    Ground.CONFIDENTIAL_SOURCE: f"{_A2}(v)",
    Ground.ENDANGERS_LIFE: f"{_A3}(i)",
    Ground.HARMS_OTHER: f"{_A3}(ii)",
    Ground.REPRESENTATIVE_HARM: f"{_A3}(iii)",
}
NEVER_CITATIONS: dict[NeverAGround, str] = {
    NeverAGround.DISTRESS: _A3,
    NeverAGround.UNPAID_BILL: "45 CFR 164.524(c)(4)",
    NeverAGround.REFERRER_FIRST: "45 CFR 164.524(b)(2)",
    NeverAGround.NO_REASON: "45 CFR 164.524(b)(1)",
    NeverAGround.HARD_TO_UNDERSTAND: _A3,
    NeverAGround.POSSIBLE_LAWSUIT: "45 CFR 164.524(a)(1)(ii)",
    NeverAGround.MINIMUM_NECESSARY: "45 CFR 164.502(b)(2)(ii)",
    NeverAGround.NOT_OUR_FORM: "45 CFR 164.524(b)(1)",
}
REVIEWABLE = frozenset({Ground.ENDANGERS_LIFE, Ground.HARMS_OTHER, Ground.REPRESENTATIVE_HARM})


class Fact(StrEnum):
    """Facts that some grounds presuppose."""

    AGREED_TO_SUSPENSION = "the person agreed to the suspension when joining the research"
    RESEARCH_RUNS = "the research is still in progress"
    IS_INMATE = "the person is an inmate and asks for a copy"
    SOURCE_NOT_PROVIDER = "the source is not a health care provider"
    NAMES_OTHER = "the information speaks of another person who is not a provider"


_PRESUPPOSES: dict[Ground, frozenset[Fact]] = {
    Ground.RESEARCH: frozenset({Fact.AGREED_TO_SUSPENSION, Fact.RESEARCH_RUNS}),
    Ground.INMATE: frozenset({Fact.IS_INMATE}),
    Ground.CONFIDENTIAL_SOURCE: frozenset({Fact.SOURCE_NOT_PROVIDER}),
    Ground.HARMS_OTHER: frozenset({Fact.NAMES_OTHER}),
}


@dataclass(frozen=True, slots=True)
class Person:
    """Who decides or reviews: an opaque account key, and whether a licensed health care professional."""

    account: str
    licensed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Denial:
    """A denial of some items on one ground; everything else asked for is granted."""

    ground: Ground
    withheld: frozenset[Item]
    granted: frozenset[Item]
    decided_by: Person
    rationale: str

    @property
    def citation(self) -> str:
        """The clause of the ground."""
        return GROUND_CITATIONS[self.ground]

    @property
    def reviewable(self) -> bool:
        """Whether the person can have it reviewed (45 CFR 164.524(a)(3))."""
        return self.ground in REVIEWABLE


def ground_of(word: str) -> Ground:
    """The ground that a word names.

    Raises:
        Unlawful: for what is never a ground, saying why, and for any word that names none.

    Law: 45 CFR 164.524(a)(2); 45 CFR 164.524(a)(3); 45 CFR 164.502(b)(2)(ii)
    """
    if word in NeverAGround.__members__.values():
        never = NeverAGround(word)
        raise Unlawful(never.value, NEVER_CITATIONS[never])
    try:
        return Ground(word)
    except ValueError:
        raise Unlawful("This is no ground that the law knows.", "45 CFR 164.524(a)") from None


def deny(
    *,
    ground: Ground,
    asked: Collection[Item],
    withheld: Collection[Item],
    decided_by: Person,
    rationale: str,
    basis: Basis = Basis.ACCESS,
    facts: Collection[Fact] = (),
) -> Denial:
    """Deny some of what was asked, on a ground whose facts are there; the rest is granted by construction.

    Raises:
        Unlawful: when the ground lacks its facts or its licensed professional, nothing or something not asked
            is withheld, no rationale is given, or the representative's ground meets the patient.

    Law: 45 CFR 164.524(a)(2); 45 CFR 164.524(a)(3); 45 CFR 164.524(a)(3)(i); 45 CFR 164.524(a)(3)(ii);
        45 CFR 164.524(a)(3)(iii); 45 CFR 164.524(d)(1)
    """
    clause = GROUND_CITATIONS[ground]
    if not withheld or not set(withheld) <= set(asked):
        raise Unlawful("A denial names what it withholds, out of what was asked.", "45 CFR 164.524(d)(1)")
    if not rationale.strip():
        raise Unlawful("A denial needs its rationale.", f"{_D2}(i)")
    if ground in REVIEWABLE and not decided_by.licensed:
        raise Unlawful("Only a licensed health care professional may decide this ground.", clause)
    if ground is Ground.REPRESENTATIVE_HARM and basis is not Basis.REPRESENTATIVE_ACCESS:
        raise Unlawful("This ground exists only against a personal representative.", clause)
    if lacking := _PRESUPPOSES.get(ground, frozenset()) - set(facts):
        raise Unlawful(f"This ground presupposes that {'; that '.join(sorted(lacking))}.", clause)
    return Denial(
        ground=ground,
        withheld=frozenset(withheld),
        granted=frozenset(asked) - frozenset(withheld),
        decided_by=decided_by,
        rationale=rationale.strip(),
    )


class Outcome(StrEnum):
    """What a review decides; the facility must follow it."""

    UPHELD = "upheld"
    GRANTED = "granted"


@dataclass(frozen=True, slots=True)
class Review:
    """A decided review."""

    denial: Denial
    reviewer: Person
    outcome: Outcome

    @property
    def granted(self) -> frozenset[Item]:
        """What must be given after the review (45 CFR 164.524(d)(4))."""
        return self.denial.granted | (self.denial.withheld if self.outcome is Outcome.GRANTED else frozenset())


def check_reviewer(denial: Denial, reviewer: Person, *, took_part: bool = False) -> None:
    """Refuse a review that the law does not give, or a reviewer who is not another licensed professional.

    Raises:
        Unlawful: naming why.

    Law: 45 CFR 164.524(a)(4); 45 CFR 164.524(d)(4)
    """
    clause = "45 CFR 164.524(a)(4)"
    if not denial.reviewable:
        raise Unlawful("This ground can't be reviewed; the person can still complain.", denial.citation)
    if not reviewer.licensed:
        raise Unlawful("The reviewer must be a licensed health care professional.", clause)
    if took_part or reviewer.account == denial.decided_by.account:
        raise Unlawful("The reviewer must be somebody who did not take part in the denial.", clause)


def review(denial: Denial, *, reviewer: Person, outcome: Outcome, took_part: bool = False) -> Review:
    """Decide the review of a denial by another licensed professional, bindingly.

    Raises:
        Unlawful: as `check_reviewer` does.

    Law: 45 CFR 164.524(a)(4); 45 CFR 164.524(d)(4)
    """
    check_reviewer(denial, reviewer, took_part=took_part)
    return Review(denial, reviewer, outcome)


class LetterPart(StrEnum):
    """What a denial letter must hold."""

    BASIS = "the basis, in plain words"
    REVIEW_RIGHT = "the right to a review and how to use it"
    COMPLAIN_HERE = "how to complain to the facility, with name or title and telephone number of the contact"
    COMPLAIN_HHS = "how to complain to the Secretary of HHS"
    ELSEWHERE = "where the record is, as far as known"
    STILL_GRANTED = "what is given all the same"


def letter_parts(denial: Denial, *, kept_elsewhere: bool = False) -> frozenset[LetterPart]:
    """The parts that the letter of this denial must have.

    Law: 45 CFR 164.524(d)(2); 45 CFR 164.524(d)(2)(i); 45 CFR 164.524(d)(2)(ii);
        45 CFR 164.524(d)(2)(iii); 45 CFR 164.524(d)(1); 45 CFR 164.524(d)(3)
    """
    parts = {LetterPart.BASIS, LetterPart.COMPLAIN_HERE, LetterPart.COMPLAIN_HHS}
    extra = {
        LetterPart.REVIEW_RIGHT: denial.reviewable,
        LetterPart.STILL_GRANTED: bool(denial.granted),
        LetterPart.ELSEWHERE: kept_elsewhere,
    }
    return frozenset(parts | {part for part, needed in extra.items() if needed})


def check_letter(denial: Denial, parts: Collection[LetterPart], *, kept_elsewhere: bool = False) -> None:
    """Refuse to send a denial letter that lacks a part.

    Raises:
        Unlawful: naming what is missing.

    Law: 45 CFR 164.524(d)(2)
    """
    if lacking := letter_parts(denial, kept_elsewhere=kept_elsewhere) - set(parts):
        raise Unlawful(f"The letter still has to say {'; '.join(sorted(lacking))}.", _D2)
