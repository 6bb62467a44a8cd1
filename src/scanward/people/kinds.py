"""The roles, relations and proofs that the other rooms speak of."""

from enum import StrEnum

from django.utils.translation import gettext_lazy as _


class Role(StrEnum):
    """What a member of staff may be; patients and representatives have no role, they have relations."""

    TREATING_CLINICIAN = "treating_clinician"
    REFERRING_CLINICIAN = "referring_clinician"
    FRONT_DESK = "front_desk"
    HIM_CLERK = "him_clerk"
    HIM_LEAD = "him_lead"
    PRIVACY_OFFICER = "privacy_officer"
    SECURITY_OFFICER = "security_officer"
    BILLING = "billing"
    RESEARCHER = "researcher"
    ADMINISTRATOR = "administrator"


ROLE_NAMES = {
    Role.TREATING_CLINICIAN: _("Treating clinician"),
    Role.REFERRING_CLINICIAN: _("Referring clinician"),
    Role.FRONT_DESK: _("Front desk"),
    Role.HIM_CLERK: _("Medical records"),
    Role.HIM_LEAD: _("Medical records lead"),
    Role.PRIVACY_OFFICER: _("Privacy officer"),
    Role.SECURITY_OFFICER: _("Security officer"),
    Role.BILLING: _("Billing"),
    Role.RESEARCHER: _("Researcher"),
    Role.ADMINISTRATOR: _("Administrator"),
}


# Who treats people, and who watches over the house: asked for together in many places.
CLINICIANS = frozenset({Role.TREATING_CLINICIAN, Role.REFERRING_CLINICIAN})
OFFICERS = frozenset({Role.PRIVACY_OFFICER, Role.SECURITY_OFFICER})
# Who keeps the records, and who is asked for along with them.
RECORDS = frozenset({Role.HIM_CLERK, Role.HIM_LEAD})
RECORDS_AND_PRIVACY = RECORDS | {Role.PRIVACY_OFFICER}
# Whoever takes requests in.
DESK = RECORDS_AND_PRIVACY | {Role.FRONT_DESK}
# Who may look for a patient at all; the matrix says what each of them finds.
FINDERS = CLINICIANS | DESK | {Role.BILLING}


class MailKind(StrEnum):
    """What somebody may have told by e-mail, or not; the portal shows it in any event (I13)."""

    REQUESTS = "requests"
    LINKS = "links"
    REMINDERS = "reminders"
    REPORTS = "reports"


class ProofMethod(StrEnum):
    """How it was made sure that an account belongs to a patient, 45 CFR 164.514(h)."""

    IN_PERSON = "in_person"
    DOCUMENT = "document"
    CODE_TO_ADDRESS = "code_to_address"
    EXISTING_ACCOUNT = "existing_account"


PROOF_NAMES = {
    ProofMethod.IN_PERSON: _("Code handed over in person"),
    ProofMethod.CODE_TO_ADDRESS: _("Code sent to the address on file"),
    ProofMethod.DOCUMENT: _("Document checked"),
    ProofMethod.EXISTING_ACCOUNT: _("Account that was verified before"),
}


class Authority(StrEnum):
    """What makes a person a patient's representative, 45 CFR 164.502(g)."""

    PARENT = "parent"
    GUARDIAN = "guardian"
    POWER_OF_ATTORNEY = "power_of_attorney"
    COURT_ORDER = "court_order"
    EXECUTOR = "executor"


AUTHORITY_NAMES = {
    Authority.PARENT: _("Parent"),
    Authority.GUARDIAN: _("Guardian"),
    Authority.POWER_OF_ATTORNEY: _("Power of attorney"),
    Authority.COURT_ORDER: _("Court order"),
    Authority.EXECUTOR: _("Executor of the estate"),
}


class CareKind(StrEnum):
    """What ties a clinician to a patient."""

    ORDERING = "ordering"
    PERFORMING = "performing"
    CARE_TEAM = "care_team"
    REFERRAL = "referral"


CARE_NAMES = {
    CareKind.ORDERING: _("Ordered a scan"),
    CareKind.PERFORMING: _("Makes or reads the scan"),
    CareKind.CARE_TEAM: _("Care team"),
    CareKind.REFERRAL: _("Referral, until a day"),
}


class ContactSystem(StrEnum):
    """By which way an address is reached (FHIR ContactPoint.system and Address)."""

    EMAIL = "email"
    POST = "post"
    PHONE = "phone"


CONTACT_NAMES = {
    ContactSystem.EMAIL: _("E-mail"),
    ContactSystem.POST: _("Post"),
    ContactSystem.PHONE: _("Telephone"),
}


class ProposalKind(StrEnum):
    """What takes two people."""

    ROLE = "role"
    FACTOR_RESET = "factor_reset"


class GlassReason(StrEnum):
    """Why somebody opens a record in an emergency (HL7 v3 BTG and ETREAT)."""

    LIFE_THREATENING = "life_threatening"
    PATIENT_UNRESPONSIVE = "patient_unresponsive"
    COVERING_COLLEAGUE = "covering_colleague"
    URGENT_TRANSFER = "urgent_transfer"
    OTHER_URGENT = "other_urgent"


GLASS_REASON_NAMES = {
    GlassReason.LIFE_THREATENING: _("The patient's life is in danger"),
    GlassReason.PATIENT_UNRESPONSIVE: _("The patient can't answer, and somebody must know"),
    GlassReason.COVERING_COLLEAGUE: _("I stand in for a colleague who treats the patient"),
    GlassReason.URGENT_TRANSFER: _("The patient is being moved to us now"),
    GlassReason.OTHER_URGENT: _("Another urgent reason, which I describe"),
}
