"""What goes through the one way in: an arrival, who sends it, what is planned with it, and what became of it."""

import uuid
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from zoneinfo import ZoneInfo

from django.conf import settings

from scanward.archive.models import HeldObject, HeldReason, Instance, Report, Series, Study, deflate
from scanward.audit.event import ActorRef, Place
from scanward.dicom.read import Inspected
from scanward.people.matching import Demographics, Match
from scanward.people.models import Patient
from scanward.reporting.kinds import ReportText
from scanward.reporting.objects import report_of
from scanward.vault import Digest
from scanward.vault import Stored as VaultStored


class Result(StrEnum):
    """What became of an object."""

    KEPT = "kept"
    DUPLICATE = "duplicate"
    HELD = "held"


@dataclass(frozen=True)
class Arrival:
    """An object that passed the guard: its facts, and its bytes as they arrived.

    `digest` is theirs, where it was taken while they came in.
    """

    inspected: Inspected
    data: bytes | memoryview
    # What an SR, PDF or CDA says, where it is a report: kept as a version of the report beside the object.
    report: ReportText | None = None
    digest: Digest | None = None

    @cached_property
    def sha256(self) -> str:
        """The hash of the bytes; made only where there is something to compare with."""
        return (self.digest or Digest(self.data)).sha256.hex()

    @cached_property
    def header(self) -> bytes:
        """The header in the form that the index and the vault's note keep."""
        return deflate(self.inspected.dicom_json, self.inspected.text)


def arrival_of(seen: Inspected, data: bytes | memoryview, *, digest: Digest | None = None) -> Arrival:
    """Return an object that passed the guard as it goes in, with the report that it may be.

    Raises:
        Refused: it is a document that may not be read.
    """
    report = None
    if seen.frames == 0:
        report = report_of(seen, data, zone=ZoneInfo(settings.FACILITY_TIME_ZONE))
    return Arrival(seen, data, report, digest)


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of an arrival, and where it is now."""

    result: Result
    study_id: uuid.UUID | None = None
    instance_id: uuid.UUID | None = None
    held: HeldReason | None = None


@dataclass(frozen=True, slots=True)
class Sender:
    """Who brings the objects, and how they are to be read."""

    actor: ActorRef
    place: Place
    # Whose numbers the patient ids are, where the objects don't say.
    issuer: str
    # A clerk may name the patient; then the objects' own demographics decide nothing.
    patient: Patient | None = None
    # Whose it is, as the person says who brings it by hand: it goes nowhere else, and there only if it is certain.
    claimed: Patient | None = None
    # Records staff have seen whose disc it is, so its numbers may be another house's.
    witnessed: bool = False
    # The case that is being settled: it is no earlier copy of itself.
    case: uuid.UUID | None = None


@dataclass(slots=True)
class Plan:
    """What is to be done with one arrival."""

    arrival: Arrival
    result: Result
    study: Study | None = None
    instance: Instance | None = None
    held: HeldObject | None = None
    known_case: HeldObject | None = None
    stored: VaultStored | None = None
    report: Report | None = None


@dataclass(slots=True)
class Batch:
    """The plans of one call, and what they look up more than once."""

    sender: Sender
    now: datetime
    instances: dict[str, Instance] = field(default_factory=dict)
    waiting: dict[str, list[HeldObject]] = field(default_factory=dict)
    first: dict[str, Plan] = field(default_factory=dict)
    # The cases that this batch opens, by UID and hash: the index doesn't know them yet.
    opened: dict[tuple[str, str], HeldObject] = field(default_factory=dict)
    studies: dict[str, Study | None] = field(default_factory=dict)
    # The studies that this batch made: reports may wait for them.
    new_studies: list[Study] = field(default_factory=list)
    matches: dict[Demographics, Match] = field(default_factory=dict)
    series: dict[tuple[uuid.UUID, str], Series] = field(default_factory=dict)
    patient_notes: dict[uuid.UUID, dict[str, object]] = field(default_factory=dict)
    # How many versions of a study's report this batch has planned.
    versions: Counter[uuid.UUID] = field(default_factory=Counter)
    plans: list[Plan] = field(default_factory=list)
