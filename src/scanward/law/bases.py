"""The legal bases: what permits a release, and what can never be one. A release carries exactly one (A10)."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from .errors import Unlawful


class Basis(StrEnum):
    """What the Privacy Rule permits or requires a release by."""

    ACCESS = "access"
    REPRESENTATIVE_ACCESS = "access by a personal representative"
    DIRECTIVE = "directive to a third party"
    AUTHORIZATION = "authorization"
    TREATMENT = "treatment"
    PAYMENT = "payment"
    OPERATIONS = "operations"
    OTHERS_OPERATIONS = "operations of another covered entity"
    BUSINESS_ASSOCIATE = "service of a business associate"
    INVOLVED_PERSON = "person involved in the care"
    NOTIFICATION = "notification of family or in a disaster"
    REQUIRED_BY_LAW = "required by law"
    PUBLIC_HEALTH = "public health"
    ABUSE = "report of abuse, neglect or domestic violence"
    OVERSIGHT = "health oversight"
    COURT_ORDER = "order of a court or tribunal"
    SUBPOENA = "subpoena or discovery request with assurance"
    POLICE_PROCESS = "law enforcement: process"
    POLICE_LOCATE = "law enforcement: to identify or locate"
    POLICE_VICTIM = "law enforcement: victim of a crime"
    POLICE_DEATH = "law enforcement: suspicious death"
    POLICE_PREMISES = "law enforcement: crime on the premises"
    POLICE_EMERGENCY = "law enforcement: crime in an emergency"
    CORONER = "coroner, medical examiner or funeral director"
    DONATION = "organ, eye or tissue donation"
    RESEARCH_WAIVER = "research under a waiver"
    RESEARCH_DECEDENTS = "research on decedents"
    THREAT = "serious and imminent threat"
    MILITARY = "military or veterans"
    NATIONAL_SECURITY = "national security or intelligence"
    PROTECTIVE_SERVICES = "protection of the President and others"
    CUSTODY = "correctional institution or lawful custody"
    BENEFIT_PROGRAMME = "government benefit programme"
    WORKERS_COMPENSATION = "workers' compensation"
    LIMITED_DATA_SET = "limited data set"
    HHS = "enforcement by the Secretary of HHS"


class NeverABasis(StrEnum):
    """What people take for a basis and is none; the value says what to use instead."""

    VERBAL_CONSENT = "Spoken consent is no authorization; ask for a signed one."
    UNPAID_BILL = "A bill for care neither permits a release nor blocks one."
    SIGNAGE = "A sign on the wall authorizes nothing; each person must sign before anybody films."
    BLUR_PROMISE = "A promise to blur faces later is no authorization; each person must sign before anybody films."
    BAA_FOR_FILM = "A film crew does no service for the hospital; a business associate contract doesn't cover it."
    TREATMENT_CONSENT = "Consent to treatment is no authorization."
    TERMS_OF_SERVICE = "Accepting terms of use is no authorization."
    EMPLOYER_REQUEST = "An employer needs the person's authorization, or a law that requires the report."
    ATTORNEY_LETTER = "A lawyer's letter needs the client's authorization, an order, or a subpoena with assurance."
    SCHOOL_REQUEST = "A school needs the authorization of the student or the parent."
    FAMILY_TIE = "Kinship alone gives no access; use a directive, an authorization or proof of authority."
    BARE_SUBPOENA = "A subpoena alone is not enough; it needs notice to the person or a protective order."
    REPRODUCTIVE_ATTESTATION = "45 CFR 164.509 was vacated on 18 June 2025; use the basis that applies without it."
    PROFESSIONAL_CURIOSITY = "Being on the staff is no reason to look; name the patient's care or another basis."


NEVER_CITATIONS: dict[NeverABasis, str] = {
    NeverABasis.VERBAL_CONSENT: "45 CFR 164.508(c)(1)(vi)",
    NeverABasis.UNPAID_BILL: "45 CFR 164.524(c)(4)",
    NeverABasis.SIGNAGE: "45 CFR 164.508(a)(1)",
    NeverABasis.BLUR_PROMISE: "45 CFR 164.508(a)(1)",
    NeverABasis.BAA_FOR_FILM: "45 CFR 164.502(e)",
    NeverABasis.TREATMENT_CONSENT: "45 CFR 164.506(b)(2)",
    NeverABasis.TERMS_OF_SERVICE: "45 CFR 164.508(b)(3)",
    NeverABasis.EMPLOYER_REQUEST: "45 CFR 164.508(a)(1)",
    NeverABasis.ATTORNEY_LETTER: "45 CFR 164.512(e)(1)",
    NeverABasis.SCHOOL_REQUEST: "45 CFR 164.508(a)(1)",
    NeverABasis.FAMILY_TIE: "45 CFR 164.502(g)(1)",
    NeverABasis.BARE_SUBPOENA: "45 CFR 164.512(e)(1)(ii)",
    NeverABasis.REPRODUCTIVE_ATTESTATION: "Purl v. HHS (N.D. Tex. 18 June 2025)",
    NeverABasis.PROFESSIONAL_CURIOSITY: "45 CFR 164.502(a)",
}


class RecipientKind(StrEnum):
    """Who would receive it, as far as it decides which bases are open."""

    INDIVIDUAL = "the individual"
    REPRESENTATIVE = "a personal representative"
    PROVIDER = "a health care provider"
    HEALTH_PLAN = "a health plan"
    CLEARINGHOUSE = "a health care clearinghouse"
    BUSINESS_ASSOCIATE = "a business associate"
    EMPLOYER = "an employer"
    ATTORNEY = "an attorney"
    SCHOOL = "a school"
    FAMILY = "a family member or friend"
    OTHER_INSURER = "a life, disability or other insurer"
    RESEARCHER = "a researcher"
    PUBLIC_AUTHORITY = "a public authority"
    COURT = "a court or a party's counsel under its process"
    CORONER = "a coroner, medical examiner or funeral director"
    DONATION_AGENCY = "an organ procurement organization"
    MEDIA = "film, press or broadcast"
    OTHER = "anybody else"


# What every named person may be given on: the individual's own written word.
_WRITTEN = frozenset({Basis.AUTHORIZATION, Basis.DIRECTIVE})
_LAW = frozenset({Basis.REQUIRED_BY_LAW})
_AUTHORITY = frozenset(
    {
        Basis.PUBLIC_HEALTH,
        Basis.ABUSE,
        Basis.OVERSIGHT,
        Basis.COURT_ORDER,
        Basis.SUBPOENA,
        Basis.POLICE_PROCESS,
        Basis.POLICE_LOCATE,
        Basis.POLICE_VICTIM,
        Basis.POLICE_DEATH,
        Basis.POLICE_PREMISES,
        Basis.POLICE_EMERGENCY,
        Basis.THREAT,
        Basis.MILITARY,
        Basis.NATIONAL_SECURITY,
        Basis.PROTECTIVE_SERVICES,
        Basis.CUSTODY,
        Basis.BENEFIT_PROGRAMME,
        Basis.WORKERS_COMPENSATION,
        Basis.LIMITED_DATA_SET,
        Basis.HHS,
    }
)
_COMPENSATION = frozenset({Basis.WORKERS_COMPENSATION})

OPEN_TO: dict[RecipientKind, frozenset[Basis]] = {
    RecipientKind.INDIVIDUAL: frozenset({Basis.ACCESS}),
    RecipientKind.REPRESENTATIVE: frozenset({Basis.REPRESENTATIVE_ACCESS}),
    RecipientKind.PROVIDER: _WRITTEN
    | _LAW
    | {Basis.TREATMENT, Basis.PAYMENT, Basis.OPERATIONS, Basis.OTHERS_OPERATIONS, Basis.LIMITED_DATA_SET},
    RecipientKind.HEALTH_PLAN: _WRITTEN
    | _LAW
    | _COMPENSATION
    | {Basis.PAYMENT, Basis.OTHERS_OPERATIONS, Basis.LIMITED_DATA_SET},
    RecipientKind.CLEARINGHOUSE: _WRITTEN | _LAW | {Basis.PAYMENT, Basis.OTHERS_OPERATIONS},
    RecipientKind.BUSINESS_ASSOCIATE: frozenset({Basis.BUSINESS_ASSOCIATE}),
    RecipientKind.EMPLOYER: _WRITTEN | _LAW | _COMPENSATION | {Basis.PUBLIC_HEALTH},
    RecipientKind.ATTORNEY: _WRITTEN | {Basis.COURT_ORDER, Basis.SUBPOENA},
    RecipientKind.SCHOOL: _WRITTEN | _LAW,
    RecipientKind.FAMILY: _WRITTEN | {Basis.INVOLVED_PERSON, Basis.NOTIFICATION, Basis.THREAT},
    RecipientKind.OTHER_INSURER: _WRITTEN | _COMPENSATION,
    RecipientKind.RESEARCHER: _WRITTEN | {Basis.RESEARCH_WAIVER, Basis.RESEARCH_DECEDENTS, Basis.LIMITED_DATA_SET},
    RecipientKind.PUBLIC_AUTHORITY: _WRITTEN | _LAW | _AUTHORITY,
    RecipientKind.COURT: _WRITTEN | _LAW | {Basis.COURT_ORDER, Basis.SUBPOENA},
    RecipientKind.CORONER: _WRITTEN | _LAW | {Basis.CORONER},
    RecipientKind.DONATION_AGENCY: _WRITTEN | {Basis.DONATION},
    RecipientKind.MEDIA: frozenset({Basis.AUTHORIZATION}),
    RecipientKind.OTHER: _WRITTEN | {Basis.REQUIRED_BY_LAW, Basis.THREAT},
}


def only_basis(claimed: Collection[str]) -> Basis:
    """The one basis of a release, out of what was claimed for it.

    Raises:
        Unlawful: for none, for more than one, for what can never be a basis, or for a word that names none.

    Law: 45 CFR 164.502(a)(1); 45 CFR 164.508(a)(1); 45 CFR 164.502(e); 45 CFR 164.506(b)(2);
        45 CFR 164.512(e)(1)(ii)
    """
    for word in claimed:
        if word in NeverABasis.__members__.values():
            never = NeverABasis(word)
            raise Unlawful(never.value, NEVER_CITATIONS[never])
    if len(claimed) != 1:
        raise Unlawful("A release carries exactly one legal basis.", "45 CFR 164.502(a)(1)")
    (word,) = claimed
    try:
        return Basis(word)
    except ValueError:
        raise Unlawful("This is no legal basis that the law knows.", "45 CFR 164.502(a)(1)") from None


def open_to(recipient: RecipientKind) -> frozenset[Basis]:
    """Which bases are open to a kind of recipient.

    Employers, attorneys, schools and family come in only by the individual's written word or by a clause of
    164.510 and 164.512 that speaks of them (A8); film and press by nothing but an authorization (Q4).

    Law: 45 CFR 164.502(a)(1); 45 CFR 164.508(a)(1); 45 CFR 164.506(c)
    """
    return OPEN_TO[recipient]


def check_recipient(basis: Basis, recipient: RecipientKind) -> None:
    """Refuse a basis that is not open to this kind of recipient.

    Raises:
        Unlawful: naming who it is and what would be needed.

    Law: 45 CFR 164.502(a)(1); 45 CFR 164.508(a)(1)
    """
    if basis not in open_to(recipient):
        raise Unlawful(
            f"A release to {recipient.value} can't rest on: {basis.value}. It needs a valid authorization"
            " or a basis that is open to them.",
            "45 CFR 164.508(a)(1)",
        )
