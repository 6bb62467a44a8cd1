"""What else a person may ask: a restriction, another address, an amendment (164.522, 164.526)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from .bases import Basis, RecipientKind
from .errors import Unlawful


@dataclass(frozen=True, slots=True, kw_only=True)
class Restriction:
    """A restriction that was agreed to, or had to be: `studies` None means the whole record."""

    recipients: frozenset[RecipientKind]
    bases: frozenset[Basis]
    studies: frozenset[str] | None = None
    paid_in_full: bool = False


def must_agree(recipient: RecipientKind, basis: Basis, *, paid_in_full: bool) -> bool:
    """Whether a restriction can't be declined: paid out of pocket in full, towards a health plan.

    Law: 45 CFR 164.522(a)(1)(vi)
    """
    plan = recipient is RecipientKind.HEALTH_PLAN
    return paid_in_full and plan and basis in (Basis.PAYMENT, Basis.OPERATIONS, Basis.OTHERS_OPERATIONS)


def restricted(
    restrictions: Collection[Restriction],
    *,
    recipient: RecipientKind,
    basis: Basis,
    study: str,
    emergency: bool = False,
) -> bool:
    """Whether an agreed restriction forbids a release; emergency treatment may break one, the law must.

    Law: 45 CFR 164.522(a)(1)(iii); 45 CFR 164.522(a)(1)(v); 45 CFR 164.522(a)(1)(vi)
    """
    if basis in (Basis.REQUIRED_BY_LAW, Basis.HHS) or (emergency and basis is Basis.TREATMENT):
        return False
    return any(
        recipient in r.recipients and basis in r.bases and (r.studies is None or study in r.studies)
        for r in restrictions
    )


def may_end_restriction(restriction: Restriction, *, individual_agrees: bool) -> bool:
    """Whether the facility may end a restriction for what it already holds: not one paid for in full.

    Law: 45 CFR 164.522(a)(2)(iii)
    """
    return individual_agrees or not restriction.paid_in_full


def accept_address(*, reasonable: bool, address_given: bool, reason_demanded: bool) -> bool:
    """Whether a request for another address or means is accepted: if reasonable, and no reason may be asked.

    Raises:
        Unlawful: when somebody demands the reason.

    Law: 45 CFR 164.522(b)(1)(i); 45 CFR 164.522(b)(2)(iii)
    """
    if reason_demanded:
        raise Unlawful("Nobody may be asked why.", "45 CFR 164.522(b)(2)(iii)")
    return reasonable and address_given


class AmendmentGround(StrEnum):
    """The four grounds to deny an amendment."""

    NOT_OURS = "The facility did not create it, and who did is still there to be asked."
    NOT_IN_RECORD_SET = "It is not part of the designated record set."
    NOT_ACCESSIBLE = "It is not open to access."
    ACCURATE = "It is accurate and complete."


AMENDMENT_CITATIONS: dict[AmendmentGround, str] = {
    AmendmentGround.NOT_OURS: "45 CFR 164.526(a)(2)(i)",
    AmendmentGround.NOT_IN_RECORD_SET: "45 CFR 164.526(a)(2)(ii)",
    AmendmentGround.NOT_ACCESSIBLE: "45 CFR 164.526(a)(2)(iii)",
    AmendmentGround.ACCURATE: "45 CFR 164.526(a)(2)(iv)",
}


class AmendmentLetter(StrEnum):
    """What the denial of an amendment says."""

    BASIS = "the basis, in plain words"
    DISAGREE = "the right to a statement of disagreement and how to file it"
    ATTACH = "the right to have the request and the denial go along with future disclosures"
    COMPLAIN = "how to complain to the facility and to HHS"


def amendment_ground(ground: AmendmentGround, *, originator_available: bool = True) -> str:
    """The clause of a ground to deny an amendment.

    Raises:
        Unlawful: for "not ours" when who created it can no longer be asked.

    Law: 45 CFR 164.526(a)(2)(i); 45 CFR 164.526(a)(2)(ii); 45 CFR 164.526(a)(2)(iii);
        45 CFR 164.526(a)(2)(iv)
    """
    if ground is AmendmentGround.NOT_OURS and not originator_available:
        raise Unlawful("Who created it can't be asked any more, so this must.", AMENDMENT_CITATIONS[ground])
    return AMENDMENT_CITATIONS[ground]


def missing_in_amendment_letter(present: Collection[AmendmentLetter]) -> frozenset[AmendmentLetter]:
    """What a letter that denies an amendment still lacks.

    Law: 45 CFR 164.526(d)(1)
    """
    return frozenset(AmendmentLetter) - set(present)
