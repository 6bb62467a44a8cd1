"""Codes that tell machines what an event was: DICOM PS3.15 A.5 with PS3.16, HL7 FHIR R4, ISO 21089."""

from dataclasses import dataclass
from enum import StrEnum

DCM = "http://dicom.nema.org/resources/ontology/DCM"
LIFECYCLE = "http://terminology.hl7.org/CodeSystem/iso-21089-lifecycle"
RESTFUL = "http://hl7.org/fhir/restful-interaction"


@dataclass(frozen=True, slots=True)
class Code:
    """One code of a code system."""

    system: str
    code: str
    display: str


class Action(StrEnum):
    """FHIR AuditEvent.action, which is DICOM's EventActionCode."""

    CREATE = "C"
    READ = "R"
    UPDATE = "U"
    DELETE = "D"
    EXECUTE = "E"


class DicomEvent(StrEnum):
    """DICOM event ids (PS3.16 CID 400): FHIR AuditEvent.type."""

    APPLICATION = "110100"
    AUDIT_LOG_USED = "110101"
    BEGIN_TRANSFER = "110102"
    INSTANCES_ACCESSED = "110103"
    INSTANCES_TRANSFERRED = "110104"
    STUDY_DELETED = "110105"
    EXPORT = "110106"
    IMPORT = "110107"
    NETWORK_ENTRY = "110108"
    ORDER_RECORD = "110109"
    PATIENT_RECORD = "110110"
    PROCEDURE_RECORD = "110111"
    QUERY = "110112"
    SECURITY_ALERT = "110113"
    USER_AUTHENTICATION = "110114"

    @property
    def display(self) -> str:
        """The name of the code in the standard."""
        return _DICOM_EVENTS[self]

    def coding(self) -> Code:
        """Return the code with its system and name."""
        return Code(DCM, self.value, self.display)


_DICOM_EVENTS = {
    DicomEvent.APPLICATION: "Application Activity",
    DicomEvent.AUDIT_LOG_USED: "Audit Log Used",
    DicomEvent.BEGIN_TRANSFER: "Begin Transferring DICOM Instances",
    DicomEvent.INSTANCES_ACCESSED: "DICOM Instances Accessed",
    DicomEvent.INSTANCES_TRANSFERRED: "DICOM Instances Transferred",
    DicomEvent.STUDY_DELETED: "DICOM Study Deleted",
    DicomEvent.EXPORT: "Export",
    DicomEvent.IMPORT: "Import",
    DicomEvent.NETWORK_ENTRY: "Network Entry",
    DicomEvent.ORDER_RECORD: "Order Record",
    DicomEvent.PATIENT_RECORD: "Patient Record",
    DicomEvent.PROCEDURE_RECORD: "Procedure Record",
    DicomEvent.QUERY: "Query",
    DicomEvent.SECURITY_ALERT: "Security Alert",
    DicomEvent.USER_AUTHENTICATION: "User Authentication",
}

# Event type codes of DICOM (PS3.16 CID 401 to 403): FHIR AuditEvent.subtype.
START = Code(DCM, "110120", "Application Start")
STOP = Code(DCM, "110121", "Application Stop")
LOGIN = Code(DCM, "110122", "Login")
LOGOUT = Code(DCM, "110123", "Logout")
NODE_AUTHENTICATION = Code(DCM, "110126", "Node Authentication")
OVERRIDE_STARTED = Code(DCM, "110127", "Emergency Override Started")
NETWORK_CONFIGURATION = Code(DCM, "110128", "Network Configuration")
SECURITY_CONFIGURATION = Code(DCM, "110129", "Security Configuration")
SOFTWARE_CONFIGURATION = Code(DCM, "110131", "Software Configuration")
RESTRICTED_FUNCTION = Code(DCM, "110132", "Use of Restricted Function")
OBJECT_SECURITY = Code(DCM, "110135", "Object Security Attributes Changed")
SECURITY_ROLES = Code(DCM, "110136", "Security Roles Changed")
USER_SECURITY = Code(DCM, "110137", "User Security Attributes Changed")
OVERRIDE_STOPPED = Code(DCM, "110138", "Emergency Override Stopped")

# Stages of a record's life (ISO 21089), and what FHIR calls the interactions of its interface.
ACCESS = Code(LIFECYCLE, "access", "Access/View Record Lifecycle Event")
AMEND = Code(LIFECYCLE, "amend", "Amend (Update) Record Lifecycle Event")
ARCHIVE = Code(LIFECYCLE, "archive", "Archive Record Lifecycle Event")
ATTEST = Code(LIFECYCLE, "attest", "Attest Record Lifecycle Event")
DEIDENTIFY = Code(LIFECYCLE, "deidentify", "De-Identify (Anononymize) Record Lifecycle Event")
DEPRECATE = Code(LIFECYCLE, "deprecate", "Deprecate/Retract Record Lifecycle Event")
DESTROY = Code(LIFECYCLE, "destroy", "Destroy/Delete Record Lifecycle Event")
DISCLOSE = Code(LIFECYCLE, "disclose", "Disclose Record Lifecycle Event")
EXTRACT = Code(LIFECYCLE, "extract", "Extract Record Lifecycle Event")
HOLD = Code(LIFECYCLE, "hold", "Add Legal Hold Record Lifecycle Event")
LINK = Code(LIFECYCLE, "link", "Link Record Lifecycle Event")
MERGE = Code(LIFECYCLE, "merge", "Merge Record Lifecycle Event")
ORIGINATE = Code(LIFECYCLE, "originate", "Originate/Retain Record Lifecycle Event")
RECEIVE = Code(LIFECYCLE, "receive", "Receive/Retain Record Lifecycle Event")
REIDENTIFY = Code(LIFECYCLE, "reidentify", "Re-identify Record Lifecycle Event")
REPORT = Code(LIFECYCLE, "report", "Report (Output) Record Lifecycle Event")
RESTORE = Code(LIFECYCLE, "restore", "Restore Record Lifecycle Event")
TRANSMIT = Code(LIFECYCLE, "transmit", "Transmit Record Lifecycle Event")
UNHOLD = Code(LIFECYCLE, "unhold", "Remove Legal Hold Record Lifecycle Event")
UNLINK = Code(LIFECYCLE, "unlink", "Unlink Record Lifecycle Event")
VERIFY = Code(LIFECYCLE, "verify", "Verify Record Lifecycle Event")
SEARCH = Code(RESTFUL, "search", "search")
