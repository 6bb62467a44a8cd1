"""The documents that each basis needs before anything leaves, and the purpose that each basis serves."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from .bases import Basis
from .errors import Unlawful
from .purpose import PurposeOfUse


class Document(StrEnum):
    """A paper or a record that proves a fact a basis depends on."""

    ACCESS_REQUEST = "the request"
    IDENTITY_PROOF = "proof of identity"
    AUTHORITY_PROOF = "proof of the representative's authority"
    SIGNED_DIRECTIVE = "the signed directive that names the person and the place"
    VALID_AUTHORIZATION = "an authorization without a defect"
    CARE_RELATIONSHIP = "the care that the recipient gives or will give"
    PAYMENT_PURPOSE = "the claim or the payment activity"
    OPERATIONS_PURPOSE = "the operation it serves"
    SHARED_RELATIONSHIP = "the relationship of both entities with the individual"
    CONTRACT = "the business associate contract in force"
    AGREEMENT_OR_INFERENCE = "the individual's agreement, or the note why none could be asked"
    INVOLVEMENT = "how the person is involved in the care or its payment"
    CITED_LAW = "the law that requires or permits it, by section"
    AUTHORITY_IDENTITY = "the official's badge, letterhead or written authority"
    AUTHORITY_REQUEST = "the authority's request, or the duty to report"
    VICTIM_AGREEMENT = "the victim's agreement, or the law that expressly authorizes the report"
    VICTIM_INFORMED = "the note that the victim was told, or why not"
    OVERSIGHT_SCOPE = "the oversight activity, not directed at the individual alone"
    ORDER = "the order, with what it expressly covers"
    SUBPOENA = "the subpoena or the discovery request"
    NOTICE_ASSURANCE = "the assurance that the individual had notice and time to object"
    PROTECTIVE_ORDER = "the qualified protective order, or the motion for one"
    WARRANT = "the court order, warrant or subpoena issued by a judicial officer"
    GRAND_JURY = "the grand jury subpoena"
    ADMINISTRATIVE_REQUEST = "the administrative request, with relevance, scope and why not de-identified"
    LIMITED_INFORMATION = "the note that only the listed identifying facts are given"
    SUSPICION = "the suspicion that a crime caused the death, or happened on the premises"
    EMERGENCY_NOTE = "the note on the emergency, the crime, its place and its perpetrator"
    OFFICE = "the office of the coroner, medical examiner or funeral director"
    DONOR_FACTS = "the donation that it serves"
    WAIVER = "the waiver of the IRB or privacy board, dated and signed, with its criteria"
    DECEDENT_STATEMENT = "the researcher's statement that it is for decedents' information and necessary"
    DEATH_PROOF = "proof of death, when asked for"
    THREAT_BELIEF = "the good-faith belief that it prevents a serious and imminent threat"
    ABLE_TO_PREVENT = "why this recipient can prevent or lessen it"
    COMMAND_AUTHORITY = "the command authority's purpose, as published in the Federal Register"
    FEDERAL_AUTHORITY = "the federal official's authority"
    CUSTODY_NEED = "the custodian's statement of custody and need"
    PROGRAMME_AUTHORITY = "the statute or regulation of the benefit programme"
    COMPENSATION_LAW = "the compensation law and the claim"
    DATA_USE_AGREEMENT = "the data use agreement in force"
    SECRETARY_REQUEST = "the Secretary's request"


# All of the entries, and of each entry one alternative.
Needs = tuple[frozenset[Document], ...]


def _each(*documents: Document) -> Needs:
    return tuple(frozenset({document}) for document in documents)


@dataclass(frozen=True, slots=True, kw_only=True)
class BasisRow:
    """What one basis rests on: its clause, its documents, the purpose it serves."""

    citation: str
    needs: Needs
    purpose: PurposeOfUse


_D, _P = Document, PurposeOfUse
_F = "45 CFR 164.512(f)"
_OFFICIAL = _D.AUTHORITY_IDENTITY


def _row(citation: str, purpose: PurposeOfUse, *needs: Document) -> BasisRow:
    return BasisRow(citation=citation, needs=_each(*needs), purpose=purpose)


BASIS_ROWS: dict[Basis, BasisRow] = {
    Basis.ACCESS: _row("45 CFR 164.524(a)(1)", _P.PATIENT_REQUEST, _D.ACCESS_REQUEST, _D.IDENTITY_PROOF),
    Basis.REPRESENTATIVE_ACCESS: _row(
        "45 CFR 164.502(g)(1)",
        _P.REPRESENTATIVE_REQUEST,
        _D.ACCESS_REQUEST,
        _D.IDENTITY_PROOF,
        _D.AUTHORITY_PROOF,
    ),
    Basis.DIRECTIVE: _row("45 CFR 164.524(c)(3)(ii)", _P.PATIENT_REQUEST, _D.SIGNED_DIRECTIVE, _D.IDENTITY_PROOF),
    Basis.AUTHORIZATION: _row("45 CFR 164.508(a)(1)", _P.PATIENT_REQUEST, _D.VALID_AUTHORIZATION),
    Basis.TREATMENT: _row("45 CFR 164.506(c)(2)", _P.TREATMENT, _D.CARE_RELATIONSHIP),
    Basis.PAYMENT: _row("45 CFR 164.506(c)(3)", _P.PAYMENT, _D.PAYMENT_PURPOSE),
    Basis.OPERATIONS: _row("45 CFR 164.506(c)(1)", _P.OPERATIONS, _D.OPERATIONS_PURPOSE),
    Basis.OTHERS_OPERATIONS: _row("45 CFR 164.506(c)(4)", _P.OPERATIONS, _D.OPERATIONS_PURPOSE, _D.SHARED_RELATIONSHIP),
    Basis.BUSINESS_ASSOCIATE: _row("45 CFR 164.502(e)", _P.OPERATIONS, _D.CONTRACT),
    Basis.INVOLVED_PERSON: _row(
        "45 CFR 164.510(b)(1)(i)", _P.FAMILY_REQUEST, _D.INVOLVEMENT, _D.AGREEMENT_OR_INFERENCE
    ),
    Basis.NOTIFICATION: _row("45 CFR 164.510(b)(1)(ii)", _P.DISASTER, _D.AGREEMENT_OR_INFERENCE),
    Basis.REQUIRED_BY_LAW: _row("45 CFR 164.512(a)", _P.GOVERNMENT, _D.CITED_LAW, _D.AUTHORITY_REQUEST),
    Basis.PUBLIC_HEALTH: _row("45 CFR 164.512(b)", _P.PUBLIC_HEALTH, _D.CITED_LAW, _D.AUTHORITY_REQUEST, _OFFICIAL),
    Basis.ABUSE: _row(
        "45 CFR 164.512(c)", _P.GOVERNMENT, _D.CITED_LAW, _D.VICTIM_AGREEMENT, _D.VICTIM_INFORMED, _OFFICIAL
    ),
    Basis.OVERSIGHT: _row("45 CFR 164.512(d)", _P.COMPLIANCE, _D.CITED_LAW, _D.OVERSIGHT_SCOPE, _OFFICIAL),
    Basis.COURT_ORDER: _row("45 CFR 164.512(e)(1)(i)", _P.LEGAL, _D.ORDER),
    Basis.SUBPOENA: BasisRow(
        citation="45 CFR 164.512(e)(1)(ii)",
        needs=(*_each(_D.SUBPOENA), frozenset({_D.NOTICE_ASSURANCE, _D.PROTECTIVE_ORDER})),
        purpose=_P.LEGAL,
    ),
    Basis.POLICE_PROCESS: BasisRow(
        citation=f"{_F}(1)",
        needs=(
            *_each(_OFFICIAL),
            frozenset({_D.CITED_LAW, _D.WARRANT, _D.GRAND_JURY, _D.ADMINISTRATIVE_REQUEST}),
        ),
        purpose=_P.LEGAL,
    ),
    Basis.POLICE_LOCATE: _row(f"{_F}(2)", _P.LEGAL, _OFFICIAL, _D.AUTHORITY_REQUEST, _D.LIMITED_INFORMATION),
    Basis.POLICE_VICTIM: _row(f"{_F}(3)", _P.LEGAL, _OFFICIAL, _D.AUTHORITY_REQUEST, _D.VICTIM_AGREEMENT),
    Basis.POLICE_DEATH: _row(f"{_F}(4)", _P.LEGAL, _OFFICIAL, _D.SUSPICION),
    Basis.POLICE_PREMISES: _row(f"{_F}(5)", _P.LEGAL, _OFFICIAL, _D.SUSPICION),
    Basis.POLICE_EMERGENCY: _row(f"{_F}(6)", _P.LEGAL, _OFFICIAL, _D.EMERGENCY_NOTE),
    Basis.CORONER: _row("45 CFR 164.512(g)", _P.DECEDENT, _D.OFFICE),
    Basis.DONATION: _row("45 CFR 164.512(h)", _P.DONATION, _D.DONOR_FACTS),
    Basis.RESEARCH_WAIVER: _row("45 CFR 164.512(i)(1)(i)", _P.RESEARCH, _D.WAIVER),
    Basis.RESEARCH_DECEDENTS: _row("45 CFR 164.512(i)(1)(iii)", _P.RESEARCH, _D.DECEDENT_STATEMENT, _D.DEATH_PROOF),
    Basis.THREAT: _row("45 CFR 164.512(j)", _P.THREAT, _D.THREAT_BELIEF, _D.ABLE_TO_PREVENT),
    Basis.MILITARY: _row("45 CFR 164.512(k)(1)", _P.GOVERNMENT, _D.COMMAND_AUTHORITY, _OFFICIAL),
    Basis.NATIONAL_SECURITY: _row("45 CFR 164.512(k)(2)", _P.GOVERNMENT, _D.FEDERAL_AUTHORITY, _OFFICIAL),
    Basis.PROTECTIVE_SERVICES: _row("45 CFR 164.512(k)(3)", _P.GOVERNMENT, _D.FEDERAL_AUTHORITY, _OFFICIAL),
    Basis.CUSTODY: _row("45 CFR 164.512(k)(5)", _P.GOVERNMENT, _D.CUSTODY_NEED, _OFFICIAL),
    Basis.BENEFIT_PROGRAMME: _row("45 CFR 164.512(k)(6)", _P.COVERAGE, _D.PROGRAMME_AUTHORITY, _OFFICIAL),
    Basis.WORKERS_COMPENSATION: _row("45 CFR 164.512(l)", _P.COVERAGE, _D.COMPENSATION_LAW),
    Basis.LIMITED_DATA_SET: _row("45 CFR 164.514(e)", _P.RESEARCH, _D.DATA_USE_AGREEMENT),
    Basis.HHS: _row("45 CFR 164.502(a)(2)(ii)", _P.COMPLIANCE, _D.SECRETARY_REQUEST, _OFFICIAL),
}


def row_of(basis: Basis) -> BasisRow:
    """The row of a basis: clause, documents and purpose.

    Law: 45 CFR 164.502(a)(1)
    """
    return BASIS_ROWS[basis]


def missing(basis: Basis, on_file: Collection[Document]) -> tuple[frozenset[Document], ...]:
    """What is still needed before a release on this basis: each entry names the alternatives (A9).

    Law: 45 CFR 164.512(a); 45 CFR 164.512(b); 45 CFR 164.512(c); 45 CFR 164.512(d);
        45 CFR 164.512(e)(1)(i); 45 CFR 164.512(e)(1)(ii); 45 CFR 164.512(f)(1); 45 CFR 164.512(f)(2);
        45 CFR 164.512(f)(3); 45 CFR 164.512(f)(4); 45 CFR 164.512(f)(5); 45 CFR 164.512(f)(6);
        45 CFR 164.512(g); 45 CFR 164.512(h); 45 CFR 164.512(i)(1)(i); 45 CFR 164.512(i)(1)(iii);
        45 CFR 164.512(j); 45 CFR 164.512(k)(1); 45 CFR 164.512(k)(2); 45 CFR 164.512(k)(3);
        45 CFR 164.512(k)(5); 45 CFR 164.512(k)(6); 45 CFR 164.512(l); 45 CFR 164.510(b)(1)(i);
        45 CFR 164.510(b)(1)(ii); 45 CFR 164.514(e); 45 CFR 164.514(h); 45 CFR 164.502(e)
    """
    return tuple(alternatives for alternatives in BASIS_ROWS[basis].needs if not alternatives & set(on_file))


def check_documents(basis: Basis, on_file: Collection[Document]) -> None:
    """Refuse a release whose basis lacks a document.

    Raises:
        Unlawful: naming every document that is missing.

    Law: 45 CFR 164.514(h); 45 CFR 164.512
    """
    if lacking := missing(basis, on_file):
        named = "; ".join(" or ".join(sorted(alternatives)) for alternatives in lacking)
        raise Unlawful(f"This basis still needs: {named}.", BASIS_ROWS[basis].citation)
