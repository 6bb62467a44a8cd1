"""What can stand in the ledger: the kinds of event, their outcomes, and where and on what they happened.

What each kind means (its sentence, its codes, how long it is kept, who sees it) is the table in
`catalogue.py`.
"""

from enum import IntEnum, StrEnum


class EventKind(StrEnum):
    """One thing that somebody did; the value is stored, so it never changes."""

    # Signing in
    SIGNED_IN = "signed_in"
    SIGN_IN_FAILED = "sign_in_failed"
    SIGN_IN_LOCKED = "sign_in_locked"
    SIGNED_OUT = "signed_out"
    SIGNED_OUT_EVERYWHERE = "signed_out_everywhere"
    SESSION_EXPIRED = "session_expired"
    NEW_DEVICE = "new_device"
    # Accounts
    ACCOUNT_CREATED = "account_created"
    ACCOUNT_CHANGED = "account_changed"
    ACCOUNT_CLOSED = "account_closed"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105  a kind of event
    PASSWORD_RESET = "password_reset"  # noqa: S105  a kind of event
    FACTOR_ADDED = "factor_added"
    FACTOR_REMOVED = "factor_removed"
    RECOVERY_CODE_USED = "recovery_code_used"
    RECOVERY_CODES_MADE = "recovery_codes_made"
    CONTACT_CHANGED = "contact_changed"
    ROLE_GRANTED = "role_granted"
    ROLE_ENDED = "role_ended"
    # Identity and authority
    IDENTITY_VERIFIED = "identity_verified"
    IDENTITY_REFUSED = "identity_refused"
    IDENTITY_EVIDENCE_VIEWED = "identity_evidence_viewed"
    IDENTITY_EVIDENCE_PURGED = "identity_evidence_purged"
    ACCOUNT_LINKED = "account_linked"
    ACCOUNT_UNLINKED = "account_unlinked"
    REPRESENTATIVE_ADDED = "representative_added"
    REPRESENTATIVE_ENDED = "representative_ended"
    PATIENT_CREATED = "patient_created"
    PATIENT_CHANGED = "patient_changed"
    PATIENTS_MERGED = "patients_merged"
    # Looking and taking
    RECORD_OPENED = "record_opened"
    IMAGES_OPENED = "images_opened"
    IMAGES_VIEWED = "images_viewed"
    REPORT_VIEWED = "report_viewed"
    RECORDS_SEARCHED = "records_searched"
    DOWNLOADED = "downloaded"
    DOWNLOAD_INTERRUPTED = "download_interrupted"
    EXPORTED = "exported"
    PRINTED = "printed"
    DISC_MADE = "disc_made"
    IMAGES_SENT = "images_sent"
    DECISION_REFUSED = "decision_refused"
    # Emergencies
    GLASS_BROKEN = "glass_broken"
    GLASS_CLOSED = "glass_closed"
    GLASS_REVIEWED = "glass_reviewed"
    # Sharing
    SHARE_CREATED = "share_created"
    SHARE_REDEEMED = "share_redeemed"
    SHARE_REFUSED = "share_refused"
    SHARE_REVOKED = "share_revoked"
    SHARE_EXPIRED = "share_expired"
    APP_CONNECTED = "app_connected"
    APP_REVOKED = "app_revoked"
    # Requests for a release
    REQUEST_CREATED = "request_created"
    REQUEST_RECEIVED = "request_received"
    REQUEST_CHANGED = "request_changed"
    REQUEST_VERIFIED = "request_verified"
    REQUEST_RETURNED = "request_returned"
    REQUEST_APPROVED = "request_approved"
    REQUEST_DENIED = "request_denied"
    DENIAL_REVIEWED = "denial_reviewed"
    REQUEST_EXTENDED = "request_extended"
    REQUEST_WITHDRAWN = "request_withdrawn"
    REQUEST_BLOCKED = "request_blocked"
    REQUEST_CLOSED = "request_closed"
    FEE_QUOTED = "fee_quoted"
    FEE_ACCEPTED = "fee_accepted"
    FEE_WAIVED = "fee_waived"
    PACKAGE_BUILT = "package_built"
    PACKAGE_CHECKED = "package_checked"
    DELIVERED = "delivered"
    DELIVERY_FAILED = "delivery_failed"
    DISCLOSED = "disclosed"
    LETTER_SENT = "letter_sent"
    MESSAGE_SENT = "message_sent"
    HOLD_PLACED = "hold_placed"
    HOLD_LIFTED = "hold_lifted"
    # Permissions by the patient
    AUTHORIZATION_SIGNED = "authorization_signed"
    AUTHORIZATION_REFUSED = "authorization_refused"
    AUTHORIZATION_REVOKED = "authorization_revoked"
    AUTHORIZATION_EXPIRED = "authorization_expired"
    RESTRICTION_SET = "restriction_set"
    RESTRICTION_ENDED = "restriction_ended"
    AMENDMENT_REQUESTED = "amendment_requested"
    AMENDMENT_DECIDED = "amendment_decided"
    AMENDMENT_REBUTTED = "amendment_rebutted"
    CORRECTION_TOLD = "correction_told"
    ACCOUNTING_REQUESTED = "accounting_requested"
    ACCOUNTING_GIVEN = "accounting_given"
    ACCOUNTING_SUSPENDED = "accounting_suspended"
    ACCOUNTING_RESUMED = "accounting_resumed"
    # Records coming in
    IMPORT_STARTED = "import_started"
    IMPORT_FINISHED = "import_finished"
    OBJECTS_STORED = "objects_stored"
    OBJECT_DUPLICATE = "object_duplicate"
    OBJECT_REFUSED = "object_refused"
    PACS_ASKED = "pacs_asked"
    OBJECT_QUARANTINED = "object_quarantined"
    QUARANTINE_RELEASED = "quarantine_released"
    CONFLICT_OPENED = "conflict_opened"
    CONFLICT_RESOLVED = "conflict_resolved"
    REPORT_STORED = "report_stored"
    REPORT_AMENDED = "report_amended"
    REPORT_TAKEN_BACK = "report_taken_back"
    URGENT_FINDING_FLAGGED = "urgent_finding_flagged"
    STUDY_LABELLED = "study_labelled"
    # Research
    DEIDENTIFIED = "deidentified"
    REIDENTIFIED = "reidentified"
    RESEARCH_EXPORTED = "research_exported"
    RESEARCH_EXPORT_HELD = "research_export_held"
    RESEARCH_APPROVED = "research_approved"
    # Keeping and destroying
    ERASED = "erased"
    LEGAL_HOLD_PLACED = "legal_hold_placed"
    LEGAL_HOLD_LIFTED = "legal_hold_lifted"
    DISPOSAL_APPROVED = "disposal_approved"
    DISPOSED = "disposed"
    MEDIA_HANDED_OVER = "media_handed_over"
    SCRUBBED = "scrubbed"
    DAMAGE_FOUND = "damage_found"
    BACKUP_MADE = "backup_made"
    BACKUP_RESTORED = "backup_restored"
    # The house
    SETTING_CHANGED = "setting_changed"
    POLICY_CHANGED = "policy_changed"
    CONTRACT_CHANGED = "contract_changed"
    TRAINING_RECORDED = "training_recorded"
    ACCESS_REVIEWED = "access_reviewed"
    SAFEGUARD_CHECKED = "safeguard_checked"
    FILMING_DECIDED = "filming_decided"
    INCIDENT_OPENED = "incident_opened"
    INCIDENT_CHANGED = "incident_changed"
    BREACH_ASSESSED = "breach_assessed"
    BREACH_NOTIFIED = "breach_notified"
    KEY_CREATED = "key_created"
    KEY_ROTATED = "key_rotated"
    STARTED = "started"
    STOPPED = "stopped"
    CHECKPOINT_WRITTEN = "checkpoint_written"
    LEDGER_VERIFIED = "ledger_verified"
    LEDGER_USED = "ledger_used"
    LEDGER_EXPORTED = "ledger_exported"
    # Attacks
    SECURITY_ALERT = "security_alert"
    CONNECTION_REFUSED = "connection_refused"


class Outcome(IntEnum):
    """How it ended; the numbers are those of DICOM PS3.15 A.5 and of FHIR's AuditEvent.outcome."""

    SUCCESS = 0
    MINOR_FAILURE = 4
    SERIOUS_FAILURE = 8
    MAJOR_FAILURE = 12


class SubjectKind(StrEnum):
    """What it was done to; the value is stored."""

    NONE = "none"
    PATIENT = "patient"
    STUDY = "study"
    SERIES = "series"
    INSTANCE = "instance"
    REPORT = "report"
    REQUEST = "request"
    AUTHORIZATION = "authorization"
    SHARE = "share"
    PACKAGE = "package"
    DELIVERY = "delivery"
    MESSAGE = "message"
    ACCOUNT = "account"
    REPRESENTATIVE = "representative"
    PROOF = "proof"
    IMPORT = "import"
    CASE = "case"
    EXPORT = "export"
    KEY = "key"
    SETTING = "setting"
    INCIDENT = "incident"
    CONTRACT = "contract"
    MEDIA = "media"
    APP = "app"
    LEDGER = "ledger"
    SYSTEM = "system"


class Channel(StrEnum):
    """The way by which somebody came (L2); the value is stored."""

    PORTAL = "portal"
    DESK = "desk"
    API = "api"
    DICOM = "dicom"
    DICOMWEB = "dicomweb"
    HL7 = "hl7"
    LINK = "link"
    COMMAND = "command"
    WORKER = "worker"


class Retention(StrEnum):
    """How long an entry has to be kept at least, and by what rule. (The ledger itself drops nothing.)"""

    SECURITY = "security"
    ACCESS = "access"
    DISCLOSURE = "disclosure"
    RECORD = "record"
    PERMANENT = "permanent"

    @property
    def years(self) -> int | None:
        """The least number of years, or None for as long as the ledger exists."""
        return None if self is Retention.PERMANENT else 6

    @property
    def rule(self) -> str:
        """Where it is written."""
        return _RULES[self]


_RULES = {
    Retention.SECURITY: "45 CFR 164.316(b)(2)(i): six years",
    Retention.ACCESS: "45 CFR 164.312(b) and 164.316(b)(2)(i): six years",
    Retention.DISCLOSURE: "45 CFR 164.528(a): six years before the request for an accounting",
    Retention.RECORD: "45 CFR 164.530(j)(2): six years, or longer with the record it is about",
    Retention.PERMANENT: "needed to prove the ledger, or that something is gone, while the ledger exists",
}
