"""The tracks of a request: what each must say, what nobody may demand, which one a directive falls in."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from .bases import Basis
from .errors import Unlawful


class Track(StrEnum):
    """The way a request goes, picked by who asks and for whom."""

    ACCESS = "mine, or of someone I represent"
    DIRECTIVE = "send mine to somebody"
    AUTHORIZATION = "somebody else asks, with an authorization"
    TREATMENT = "for treatment"
    OPERATIONS = "for payment or operations"
    PERMITTED = "permitted or required by law"
    RESEARCH = "for research"


class Field(StrEnum):
    """What a form can ask."""

    NAME = "full legal name"
    BIRTH_DATE = "date of birth"
    EXAM = "type of scan and body part"
    EXAM_DATES = "dates of service"
    ITEMS = "images, report or both"
    FORMAT = "format"
    DELIVERY = "way of delivery"
    CONTACT = "where to reach the requester"
    SIGNATURE = "signature and date"
    AUTHORITY = "the representative's authority"
    RECIPIENT = "who receives it"
    DESTINATION = "where to send it"
    DISCLOSER = "who discloses it"
    PURPOSE = "purpose"
    EXPIRY = "expiration date or event"
    STATEMENTS = "the three statements"
    CITED_LAW = "the law that permits it"
    EVIDENCE = "the document that the basis needs"
    CARE = "the care it is for"
    AGREEMENT = "waiver, agreement or determination"


_COMMON = frozenset(
    {Field.NAME, Field.BIRTH_DATE, Field.EXAM, Field.EXAM_DATES, Field.ITEMS, Field.FORMAT, Field.DELIVERY}
)
_ACCESS = _COMMON | {Field.CONTACT, Field.SIGNATURE}

MUST: dict[Track, frozenset[Field]] = {
    Track.ACCESS: frozenset({Field.NAME, Field.BIRTH_DATE, Field.CONTACT}),
    Track.DIRECTIVE: frozenset({Field.NAME, Field.SIGNATURE, Field.RECIPIENT, Field.DESTINATION}),
    Track.AUTHORIZATION: frozenset(
        {
            Field.NAME,
            Field.EXAM,
            Field.DISCLOSER,
            Field.RECIPIENT,
            Field.PURPOSE,
            Field.EXPIRY,
            Field.SIGNATURE,
            Field.STATEMENTS,
        }
    ),
    Track.TREATMENT: frozenset({Field.NAME, Field.RECIPIENT, Field.CARE}),
    Track.OPERATIONS: frozenset({Field.NAME, Field.RECIPIENT, Field.PURPOSE}),
    Track.PERMITTED: frozenset({Field.NAME, Field.RECIPIENT, Field.CITED_LAW, Field.EVIDENCE}),
    Track.RESEARCH: frozenset({Field.RECIPIENT, Field.PURPOSE, Field.AGREEMENT}),
}

MAY: dict[Track, frozenset[Field]] = {
    Track.ACCESS: _ACCESS | {Field.AUTHORITY},
    Track.DIRECTIVE: _ACCESS | {Field.AUTHORITY, Field.RECIPIENT, Field.DESTINATION},
    Track.AUTHORIZATION: frozenset(Field) - {Field.CITED_LAW, Field.EVIDENCE, Field.CARE, Field.AGREEMENT},
    Track.TREATMENT: _COMMON | {Field.CONTACT, Field.RECIPIENT, Field.DESTINATION, Field.CARE},
    Track.OPERATIONS: _COMMON | {Field.CONTACT, Field.RECIPIENT, Field.DESTINATION, Field.PURPOSE},
    Track.PERMITTED: _COMMON
    | {Field.CONTACT, Field.RECIPIENT, Field.DESTINATION, Field.PURPOSE, Field.CITED_LAW, Field.EVIDENCE},
    Track.RESEARCH: _COMMON
    | {Field.CONTACT, Field.RECIPIENT, Field.DESTINATION, Field.PURPOSE, Field.AGREEMENT, Field.EVIDENCE},
}

BASES: dict[Track, frozenset[Basis]] = {
    Track.ACCESS: frozenset({Basis.ACCESS, Basis.REPRESENTATIVE_ACCESS}),
    Track.DIRECTIVE: frozenset({Basis.DIRECTIVE}),
    Track.AUTHORIZATION: frozenset({Basis.AUTHORIZATION}),
    Track.TREATMENT: frozenset({Basis.TREATMENT}),
    Track.OPERATIONS: frozenset({Basis.PAYMENT, Basis.OPERATIONS, Basis.OTHERS_OPERATIONS, Basis.BUSINESS_ASSOCIATE}),
    Track.RESEARCH: frozenset({Basis.RESEARCH_WAIVER, Basis.RESEARCH_DECEDENTS, Basis.LIMITED_DATA_SET}),
}
BASES[Track.PERMITTED] = frozenset(Basis) - frozenset[Basis]().union(*BASES.values())


class Demand(StrEnum):
    """What a facility may never demand before it acts on a request for access."""

    NOTARY = "a notary"
    VISIT = "to come in person"
    PORTAL_ONLY = "to use the portal"
    MAIL_ONLY = "to use the mail"
    AUTHORIZATION_FORM = "an authorization for one's own record"
    REASON = "a reason"
    PAID_CARE = "that bills for care are paid"
    DOCTOR_FIRST = "that a doctor looks first"
    OFFICE_HOURS = "to ask in office hours"
    OWN_FORM_ONLY = "the facility's own form where a letter says the same"


def must_ask(track: Track) -> frozenset[Field]:
    """The fields without which a request on this track can't be acted on (trap T2: least for one's own).

    Law: 45 CFR 164.524(b)(1); 45 CFR 164.524(c)(3)(ii); 45 CFR 164.508(c)(1)
    """
    return MUST[track]


def may_ask(track: Track) -> frozenset[Field]:
    """All that a form on this track may ask; a directive neither purpose nor expiration (trap T4).

    Law: 45 CFR 164.524(b)(1); 45 CFR 164.524(c)(3)(ii); 45 CFR 164.514(h)
    """
    return MAY[track]


def bases_of(track: Track) -> frozenset[Basis]:
    """The bases that a request on this track can come to.

    Law: 45 CFR 164.502(a)(1)
    """
    return BASES[track]


def check_demands(demands: Collection[Demand]) -> None:
    """Refuse a configuration or a step that would stand between a person and the record (A11 to A13, B14).

    Raises:
        Unlawful: for the first demand; there is no lawful one in this list.

    Law: 45 CFR 164.524(b)(1); 45 CFR 164.524(c)(3)(i); 45 CFR 164.514(h)
    """
    for demand in demands:
        raise Unlawful(f"Nobody may be asked {demand.value} to get their own record.", "45 CFR 164.524(c)(3)(i)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Directive:
    """An individual's word to send a copy to somebody else."""

    in_writing: bool
    signed: bool
    recipient: str
    destination: str
    # An electronic copy is asked, of information that is held in an electronic health record.
    electronic_copy: bool
    in_ehr: bool


class DirectiveGap(StrEnum):
    """What a directive can lack."""

    WRITING = "It is not in writing."
    SIGNATURE = "It is not signed."
    RECIPIENT = "It does not say who receives the copy."
    DESTINATION = "It does not say where to send the copy."


def directive_gaps(directive: Directive) -> tuple[DirectiveGap, ...]:
    """What a directive lacks; never a purpose or an expiration, which it need not have (trap T4, D6, D14).

    Law: 45 CFR 164.524(c)(3)(ii)
    """
    lacking = {
        DirectiveGap.WRITING: not directive.in_writing,
        DirectiveGap.SIGNATURE: not directive.signed,
        DirectiveGap.RECIPIENT: not directive.recipient.strip(),
        DirectiveGap.DESTINATION: not directive.destination.strip(),
    }
    return tuple(gap for gap, absent in lacking.items() if absent)


def track_of(directive: Directive, *, images_count_as_ehr: bool = True) -> Track:
    """The track for "send mine to somebody" after Ciox v. Azar (trap T3).

    Only an electronic copy of information in an electronic health record can be directed; anything else takes
    an authorization. Whether a PACS is part of the record is a policy of the house (default: it is).

    Law: 45 CFR 164.524(c)(3)(ii); Ciox Health v. Azar (D.D.C. 23 Jan. 2020)
    """
    enforceable = directive.electronic_copy and (directive.in_ehr or images_count_as_ehr)
    return Track.DIRECTIVE if enforceable else Track.AUTHORIZATION
