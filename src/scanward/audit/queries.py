"""Reading the ledger: the patient's own page, one person's deeds, and the privacy officer's search."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from scanward.audit.actions import record
from scanward.audit.catalogue import CATALOGUE
from scanward.audit.event import ActorRef, Place, SubjectRef
from scanward.audit.kinds import EventKind, Outcome, SubjectKind
from scanward.audit.models import Entry
from scanward.law.purpose import PurposeOfUse

MAX_FOUND = 1000
SEEN_BY_PATIENTS = [kind.value for kind, meaning in CATALOGUE.items() if meaning.patient_sees]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What to look for; what is left out does not matter. `since` is included, `until` is not."""

    patient: str | None = None
    actor: str | None = None
    subject: str | None = None
    kinds: tuple[EventKind, ...] = ()
    outcome_at_least: Outcome = Outcome.SUCCESS
    since: datetime | None = None
    until: datetime | None = None
    before_seq: int | None = None

    def query(self) -> QuerySet[Entry]:
        """Return the entries, the newest first."""
        exact = {"patient_id": self.patient, "actor_id": self.actor, "subject_id": self.subject}
        bounds = {"at__gte": self.since, "at__lt": self.until, "seq__lt": self.before_seq}
        given = {name: value for name, value in (exact | bounds).items() if value is not None}
        found = Entry.objects.filter(**given)
        if self.kinds:
            found = found.filter(kind__in=[kind.value for kind in self.kinds])
        if self.outcome_at_least is not Outcome.SUCCESS:
            found = found.filter(outcome__gte=self.outcome_at_least.value)
        return found.order_by("-seq")

    def names(self) -> str:
        """Return which fields were used, without their values."""
        used = (self.patient, self.actor, self.subject, self.kinds or None, self.outcome_at_least or None)
        fields = ("patient", "actor", "subject", "kinds", "outcome")
        times = [name for name in ("since", "until") if getattr(self, name) is not None]
        return " ".join([*(name for name, value in zip(fields, used, strict=True) if value is not None), *times])


def for_patient(patient_id: str) -> QuerySet[Entry]:
    """Return what the patient sees in "Who has seen my scans", the newest first (L5)."""
    if not patient_id:
        return Entry.objects.none()
    return Entry.objects.filter(patient_id=patient_id, kind__in=SEEN_BY_PATIENTS).order_by("-seq")


def by_actor(actor_id: str) -> QuerySet[Entry]:
    """Return what one person did, the newest first."""
    return Entry.objects.filter(actor_id=actor_id).order_by("-seq") if actor_id else Entry.objects.none()


def flagged(patient_id: str) -> QuerySet[Entry]:
    """Return when findings of a patient were marked as urgent, the newest first."""
    return Entry.objects.filter(kind=EventKind.URGENT_FINDING_FLAGGED.value, patient_id=patient_id).order_by("-seq")


def has_read(actor_id: str, patient_id: str, *, since: datetime) -> bool:
    """Return whether this person has opened a report of the patient since then."""
    opened = Entry.objects.filter(kind=EventKind.REPORT_VIEWED.value, actor_id=actor_id, patient_id=patient_id)
    return opened.filter(at__gte=since).exists()


def flags_unread(actor_id: str, *, since: datetime) -> QuerySet[Entry]:
    """Return the urgent findings of patients whose reports this person has not opened since they were marked (H9)."""
    opened = Entry.objects.filter(
        kind=EventKind.REPORT_VIEWED.value, actor_id=actor_id, patient_id=OuterRef("patient_id"), at__gte=OuterRef("at")
    )
    marked = Entry.objects.filter(kind=EventKind.URGENT_FINDING_FLAGGED.value, at__gte=since)
    return marked.exclude(Exists(opened))


def search(
    wanted: Filter, *, reader: ActorRef, purpose: PurposeOfUse, now: datetime, place: Place, limit: int = 100
) -> list[Entry]:
    """Return the newest entries that fit, and record that the ledger was read (fault E5)."""
    with transaction.atomic():
        found = list(wanted.query()[: max(1, min(limit, MAX_FOUND))])
        _record_use(EventKind.LEDGER_USED, wanted, len(found), reader=reader, purpose=purpose, now=now, place=place)
    return found


def export(
    wanted: Filter, *, reader: ActorRef, purpose: PurposeOfUse, now: datetime, place: Place
) -> tuple[int, Iterable[Entry]]:
    """Return how many entries fit and an iterator, the oldest first; the export is recorded before."""
    with transaction.atomic():
        count = wanted.query().count()
        marker = _record_use(
            EventKind.LEDGER_EXPORTED, wanted, count, reader=reader, purpose=purpose, now=now, place=place
        )
    # Only what was there when the export was recorded.
    return count, wanted.query().filter(seq__lt=marker.seq).order_by("seq").iterator(chunk_size=1000)


def _record_use(
    kind: EventKind,
    wanted: Filter,
    count: int,
    *,
    reader: ActorRef,
    purpose: PurposeOfUse,
    now: datetime,
    place: Place,
) -> Entry:
    return record(
        kind,
        actor=reader,
        subject=SubjectRef(SubjectKind.LEDGER, "ledger", patient=wanted.patient or ""),
        purpose=purpose,
        outcome=Outcome.SUCCESS,
        at=now,
        place=place,
        detail={"found": count, "by": wanted.names()},
    )
