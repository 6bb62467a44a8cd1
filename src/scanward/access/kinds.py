"""What a decision is made of: facts in, a Grant or a Refusal out. Nothing here reads a database."""

from collections.abc import Container, Mapping
from dataclasses import InitVar, dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from scanward.law.purpose import PurposeOfUse
from scanward.people.kinds import Role


class Action(StrEnum):
    """What somebody wants to do; the value stands in the ledger."""

    # Looking and taking
    FIND_PATIENT = "find_patient"
    VIEW_STUDY = "view_study"
    VIEW_IMAGES = "view_images"
    VIEW_REPORT = "view_report"
    DOWNLOAD = "download"
    # Emergencies
    BREAK_GLASS = "break_glass"
    REVIEW_GLASS = "review_glass"
    # Releases
    CREATE_REQUEST = "create_request"
    CREATE_RESEARCH_REQUEST = "create_research_request"
    VERIFY_IDENTITY = "verify_identity"
    APPROVE_RELEASE = "approve_release"
    QUALITY_CHECK = "quality_check"
    PROPOSE_DENIAL = "propose_denial"
    DENY = "deny"
    REVIEW_DENIAL = "review_denial"
    CREATE_SHARE = "create_share"
    REVOKE_SHARE = "revoke_share"
    SIGN_AUTHORIZATION = "sign_authorization"
    RECORD_AUTHORIZATION = "record_authorization"
    REVOKE_AUTHORIZATION = "revoke_authorization"
    SEE_FEES = "see_fees"
    QUOTE_FEES = "quote_fees"
    SET_FEES = "set_fees"
    EXPORT_RESEARCH = "export_research"
    # What the patient may ask of the house: accounting, amendment, restriction
    ASK_RIGHTS = "ask_rights"
    COMMENT_RIGHTS = "comment_rights"
    ANSWER_RIGHTS = "answer_rights"
    SUSPEND_ACCOUNTING = "suspend_accounting"
    # Records coming in
    IMPORT = "import"
    RESOLVE_CONFLICT = "resolve_conflict"
    LINK_PATIENT = "link_patient"
    MANAGE_REPRESENTATIVE = "manage_representative"
    REFUSE_REPRESENTATIVE = "refuse_representative"
    LABEL_STUDY = "label_study"
    # Who treats the patient; whether she lives, and acts for herself; whether every look is shown to an officer
    MANAGE_CARE = "manage_care"
    CHANGE_PATIENT = "change_patient"
    WATCH_PATIENT = "watch_patient"
    # Who saw what
    VIEW_ACCESS_LOG = "view_access_log"
    READ_LEDGER = "read_ledger"
    VERIFY_LEDGER = "verify_ledger"
    EXPLAIN_ACCESS = "explain_access"
    # The house
    MANAGE_CONTRACTS = "manage_contracts"
    MANAGE_DATA_USE = "manage_data_use"
    MANAGE_INCIDENTS = "manage_incidents"
    PROPOSE_DISPOSAL = "propose_disposal"
    APPROVE_DISPOSAL = "approve_disposal"
    RUN_DISPOSAL = "run_disposal"
    MANAGE_PEOPLE = "manage_people"
    REVIEW_PEOPLE = "review_people"
    MANAGE_SETTINGS = "manage_settings"


class Relation(StrEnum):
    """How the person stands to the record that is asked for."""

    OWN = "own"
    REPRESENTED = "represented"
    # By a share link, or as an app: as far as the patient gave it.
    SHARED = "shared"
    ASSIGNED = "assigned"
    # The glass is broken, and the time is not over.
    EMERGENCY = "emergency"
    # The study belongs to a release request that the person works on.
    REQUEST = "request"
    OTHER = "other"
    # No patient's record at all: people, settings, the ledger, contracts.
    HOUSE = "house"


class Part(StrEnum):
    """A part of what is known about a study."""

    IDENTITY = "identity"
    DATE = "date"
    CODE = "code"
    EXAM = "exam"
    REPORT = "report"
    IMAGES = "images"


class Projection(StrEnum):
    """How much of the record is shown: minimum necessary, 45 CFR 164.502(b)."""

    ALL = "all"
    # Medical records: whose it is and which exam, to find and attach it.
    EXAM = "exam"
    # That a CT happened, its date and its code.
    BILLING = "billing"
    OPERATIONS = "operations"
    # Audit: which record, and nothing of what is in it.
    NOTHING = "nothing"


SHOWS: dict[Projection, frozenset[Part]] = {
    Projection.ALL: frozenset(Part),
    Projection.EXAM: frozenset({Part.IDENTITY, Part.DATE, Part.CODE, Part.EXAM}),
    Projection.BILLING: frozenset({Part.IDENTITY, Part.DATE, Part.CODE}),
    Projection.OPERATIONS: frozenset({Part.DATE, Part.CODE, Part.EXAM}),
    Projection.NOTHING: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Representing:
    """An authority to act for a patient, 45 CFR 164.502(g), from and until a time, as far as it reaches."""

    patient: UUID
    valid_from: datetime
    valid_until: datetime | None
    # Empty: all studies but the hidden ones.
    study_ids: frozenset[UUID] = frozenset()
    # For example care that a minor lawfully consented to alone, 164.502(g)(3)(i)(A).
    hidden_studies: frozenset[UUID] = frozenset()

    def covers(self, record: "RecordFacts", *, now: datetime) -> bool:
        """Return whether the authority holds for this record at this time."""
        in_time = self.valid_from <= now and (self.valid_until is None or now < self.valid_until)
        return self.patient == record.patient and in_time and self.reaches(record.study)

    def reaches(self, study: UUID | None) -> bool:
        """Return whether the authority reaches this study, or the record as a whole (None)."""
        if study is None:
            # An authority over some studies says nothing about the record as a whole.
            return not self.study_ids and not self.hidden_studies
        return (not self.study_ids or study in self.study_ids) and study not in self.hidden_studies


@dataclass(frozen=True, slots=True)
class Sharing:
    """What a patient gave to the holder of a link, or to an app: these studies, these deeds, until then."""

    patient: UUID
    study_ids: frozenset[UUID]
    actions: frozenset[Action]
    valid_from: datetime
    valid_until: datetime

    def covers(self, record: "RecordFacts", *, now: datetime) -> bool:
        """Return whether it holds for this record at this time; it never holds for a record as a whole."""
        in_time = self.valid_from <= now < self.valid_until
        return self.patient == record.patient and in_time and record.study in self.study_ids


@dataclass(frozen=True, slots=True)
class Emergency:
    """A broken glass, 45 CFR 164.312(a)(2)(ii): this patient's record is open until then."""

    patient: UUID
    valid_from: datetime
    valid_until: datetime

    def covers(self, record: "RecordFacts", *, now: datetime) -> bool:
        """Return whether it holds for this record at this time."""
        return self.patient == record.patient and self.valid_from <= now < self.valid_until


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks, with everything about them that a decision may need."""

    id: str
    display: str
    active: bool = True
    roles: frozenset[Role] = frozenset()
    own_patients: frozenset[UUID] = frozenset()
    representing: tuple[Representing, ...] = ()
    # Patients of the worklist: ordering, performing, care team, dated referrals.
    # Only membership is asked; the one who gathers may look it up then.
    assigned_patients: Container[UUID] = frozenset()
    emergencies: tuple[Emergency, ...] = ()
    shares: tuple[Sharing, ...] = ()


@dataclass(frozen=True, slots=True)
class RecordFacts:
    """Which record is asked for: a study, all of a patient's (study is None), or the house's own (patient is None)."""

    patient: UUID | None
    study: UUID | None = None


HOUSE = RecordFacts(None)


@dataclass(frozen=True, slots=True)
class Context:
    """What else bears on the decision. Everything but `requested` only narrows."""

    # Actions that a rule of law holds back now, each with its citation.
    held: Mapping[Action, str] = field(default_factory=dict)
    # Persons who may not do this one thing because of what they did before, each with the reason (separation of duty).
    barred: Mapping[str, str] = field(default_factory=dict)
    # Studies of the release request that the person works on.
    requested: frozenset[UUID] = frozenset()


_SEAL = object()


@dataclass(frozen=True, slots=True)
class Grant:
    """A yes: what may be opened, by whom, on what basis, until when. Only `decide` makes one."""

    actor: Actor
    action: Action
    record: RecordFacts
    purpose: PurposeOfUse
    relation: Relation
    projection: Projection
    rule: str
    reason: str
    granted_at: datetime
    expires_at: datetime
    # Not kept, so that no changed copy of a grant can be made either.
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        """Refuse a grant that somebody made by hand."""
        if seal is not _SEAL:
            raise TypeError("Only access.decide makes a Grant.")

    def shows(self, part: Part) -> bool:
        """Return whether the grant's projection lets this part be seen."""
        return part in SHOWS[self.projection]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A no, with the rule that said it and the reason in one sentence."""

    actor: Actor
    action: Action
    record: RecordFacts
    purpose: PurposeOfUse
    rule: str
    reason: str
    refused_at: datetime
