"""Why somebody uses or discloses a record: the purpose-of-use codes of HL7 v3 ActReason.

Every ledger entry and every access decision carries one. A purpose is not a legal basis: `law.bases` says
what permits a release, this says what it is for. HL7 has no code for "under an authorization", because an
authorization is a basis: its purpose is the one it states (45 CFR 164.508(c)(1)(iv)), which is
PATIENT_REQUEST when the individual asked, LEGAL for an attorney, COVERAGE for an insurer, and so on.
"""

from __future__ import annotations

from enum import StrEnum

ACT_REASON = "http://terminology.hl7.org/CodeSystem/v3-ActReason"


class PurposeOfUse(StrEnum):
    """HL7 v3 PurposeOfUse; the value is the code, `sentence` says it in words."""

    TREATMENT = "TREAT"
    COORDINATION = "COC"
    EMERGENCY = "ETREAT"
    BREAK_GLASS = "BTG"
    PAYMENT = "HPAYMT"
    COVERAGE = "COVERAGE"
    OPERATIONS = "HOPERAT"
    QUALITY = "HQUALIMP"
    COMPLIANCE = "HCOMPL"
    LEGAL = "HLEGAL"
    DECEDENT = "HDECD"
    DONATION = "DONAT"
    GOVERNMENT = "GOV"
    # Of a patient's administrative matters at the front desk; not of authorizations.
    ADMINISTRATION = "PATADMIN"
    # What a records clerk does with a request before anything is released.
    RECORDS = "RECORDMGT"
    SYSTEM = "HSYSADMIN"
    TRAINING = "TRAIN"
    TESTING = "HTEST"
    PATIENT_REQUEST = "PATRQT"
    REPRESENTATIVE_REQUEST = "PWATRNY"
    FAMILY_REQUEST = "FAMRQT"
    RESEARCH = "HRESCH"
    PUBLIC_HEALTH = "PUBHLTH"
    THREAT = "THREAT"
    DISASTER = "DISASTER"

    @property
    def sentence(self) -> str:
        """The purpose as one sentence for a page, a letter or the ledger."""
        return _SENTENCES[self]

    @property
    def emergency(self) -> bool:
        """Whether the purpose is care that cannot wait (45 CFR 164.312(a)(2)(ii))."""
        return self in (PurposeOfUse.EMERGENCY, PurposeOfUse.BREAK_GLASS)


_SENTENCES: dict[PurposeOfUse, str] = {
    PurposeOfUse.TREATMENT: "To treat the patient.",
    PurposeOfUse.COORDINATION: "To coordinate the patient's care between providers.",
    PurposeOfUse.EMERGENCY: "To treat the patient in an emergency.",
    PurposeOfUse.BREAK_GLASS: "To treat the patient in an emergency, past the usual rules, under review.",
    PurposeOfUse.PAYMENT: "To pay or be paid for the patient's care.",
    PurposeOfUse.COVERAGE: "To decide what an insurance or benefit programme covers.",
    PurposeOfUse.OPERATIONS: "To run the health care organization.",
    PurposeOfUse.QUALITY: "To assess and improve the quality of care.",
    PurposeOfUse.COMPLIANCE: "To check that the law and the house's policies are kept.",
    PurposeOfUse.LEGAL: "For a legal proceeding or legal advice.",
    PurposeOfUse.DECEDENT: "For the affairs of a person who has died.",
    PurposeOfUse.DONATION: "For the donation of organs, eyes or tissue.",
    PurposeOfUse.GOVERNMENT: "For a duty or a programme of the government.",
    PurposeOfUse.ADMINISTRATION: "To administer the patient's visits and contact details.",
    PurposeOfUse.RECORDS: "To manage health records and requests for them.",
    PurposeOfUse.SYSTEM: "To run and repair the computer system.",
    PurposeOfUse.TRAINING: "To train staff.",
    PurposeOfUse.TESTING: "To test the system.",
    PurposeOfUse.PATIENT_REQUEST: "Because the patient asked for it.",
    PurposeOfUse.REPRESENTATIVE_REQUEST: "Because the patient's legal representative asked for it.",
    PurposeOfUse.FAMILY_REQUEST: "Because a family member asked for it, as the patient allowed.",
    PurposeOfUse.RESEARCH: "For health research.",
    PurposeOfUse.PUBLIC_HEALTH: "For public health.",
    PurposeOfUse.THREAT: "To prevent a serious and imminent threat to somebody's health or safety.",
    PurposeOfUse.DISASTER: "For relief in a disaster.",
}
