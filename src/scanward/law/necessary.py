"""Minimum necessary: to whom it applies, and what each view may then show (164.502(b), 164.514(d))."""

from __future__ import annotations

from enum import StrEnum

from .bases import Basis

# 164.502(b)(2) names six kinds; the rest of the bases are cut to the minimum.
EXEMPT: dict[Basis, str] = {
    Basis.TREATMENT: "45 CFR 164.502(b)(2)(i)",
    Basis.ACCESS: "45 CFR 164.502(b)(2)(ii)",
    Basis.REPRESENTATIVE_ACCESS: "45 CFR 164.502(b)(2)(ii)",
    Basis.DIRECTIVE: "45 CFR 164.502(b)(2)(ii)",
    Basis.AUTHORIZATION: "45 CFR 164.502(b)(2)(iii)",
    Basis.HHS: "45 CFR 164.502(b)(2)(iv)",
    Basis.REQUIRED_BY_LAW: "45 CFR 164.502(b)(2)(v)",
    Basis.COURT_ORDER: "45 CFR 164.502(b)(2)(v)",
    Basis.SUBPOENA: "45 CFR 164.502(b)(2)(v)",
    Basis.POLICE_PROCESS: "45 CFR 164.502(b)(2)(v)",
}


def minimum_applies(basis: Basis) -> bool:
    """Whether a release must be cut to the minimum necessary: never a person's own copy (trap T9, K6).

    Disclosures under 164.512(e) and (f)(1) are "required by law" only as far as their order goes;
    `scope.beyond` holds them to it.

    Law: 45 CFR 164.502(b)(1); 45 CFR 164.502(b)(2)
    """
    return basis not in EXEMPT


class Detail(StrEnum):
    """Parts of a record that a limited release may carry."""

    IMAGES = "images"
    REPORT = "report"
    EXAM_FACTS = "date, type and body part of the exam"
    AMOUNTS = "amounts and codes for billing"
    IDENTITY = "identity and contact"


_ALL = frozenset(Detail)
_LIMITED: dict[Basis, frozenset[Detail]] = {
    Basis.PAYMENT: frozenset({Detail.EXAM_FACTS, Detail.AMOUNTS, Detail.IDENTITY, Detail.REPORT}),
    Basis.OPERATIONS: frozenset({Detail.EXAM_FACTS, Detail.REPORT, Detail.IMAGES}),
    Basis.OTHERS_OPERATIONS: frozenset({Detail.EXAM_FACTS, Detail.REPORT, Detail.IMAGES}),
    Basis.POLICE_LOCATE: frozenset({Detail.IDENTITY, Detail.EXAM_FACTS}),
    Basis.NOTIFICATION: frozenset({Detail.IDENTITY, Detail.EXAM_FACTS}),
    Basis.BENEFIT_PROGRAMME: frozenset({Detail.IDENTITY, Detail.EXAM_FACTS}),
    Basis.LIMITED_DATA_SET: frozenset({Detail.IMAGES, Detail.EXAM_FACTS, Detail.REPORT}),
}


def most(basis: Basis) -> frozenset[Detail]:
    """The most that a routine release on this basis may carry; more needs an individual review (A5, A6).

    A payer gets no images and an auditor no names as a matter of routine.

    Law: 45 CFR 164.514(d)(3); 45 CFR 164.502(b)(1); 45 CFR 164.512(f)(2)(i)
    """
    return _LIMITED.get(basis, _ALL)
