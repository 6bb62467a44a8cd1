"""The one way into the ledger.

An entry is written in the transaction of the deed it tells of: both become durable in the same commit, or
neither. The head row is locked from the first entry until that commit, which is what makes the numbers
gap-free; many entries in one transaction share one lock, one write of the head and one sync.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.backends.utils import CursorWrapper

from scanward.audit.event import ActorRef, Event, Place, SubjectRef, body_of, leaf_of
from scanward.audit.kinds import EventKind, Outcome
from scanward.audit.merkle import CompactRange
from scanward.audit.models import Entry
from scanward.law.purpose import PurposeOfUse

# Below SQLite's bound on parameters in one statement.
ROWS_PER_STATEMENT = 200
COLUMNS = (
    "seq",
    "leaf",
    "at",
    "kind",
    "outcome",
    "actor_id",
    "patient_id",
    "subject_kind",
    "subject_id",
    "body",
)


class NotInTransaction(RuntimeError):
    """A deed and its entry belong in one transaction, and there is none."""


class LedgerDamaged(RuntimeError):
    """The head of the ledger is missing or wrong: nothing may be recorded, so nothing may be done."""


def record(
    kind: EventKind,
    *,
    actor: ActorRef,
    subject: SubjectRef,
    purpose: PurposeOfUse | None,
    outcome: Outcome,
    at: datetime,
    place: Place,
    detail: Mapping[str, str | int] | None = None,
) -> Entry:
    """Write one entry; it counts when the surrounding transaction commits.

    Raises:
        NotInTransaction: there is no `transaction.atomic` around the deed. NotAnEvent: an id, the time or
        the detail can't stand in the ledger. LedgerDamaged: the head is missing or wrong.
        django.db.DatabaseError: the ledger is locked, gone or full. The deed must not happen then (fault
        E2): let it rise.
    """
    event = Event(
        kind=kind,
        actor=actor,
        subject=subject,
        purpose=purpose,
        outcome=outcome,
        at=at,
        place=place,
        detail=detail or {},
    )
    return record_many([event])[0]


def record_many(events: Sequence[Event]) -> list[Entry]:
    """Write the events in their order, with one lock of the head; raises as `record` does."""
    if not connection.in_atomic_block:
        raise NotInTransaction("Record inside transaction.atomic, together with the deed.")
    bodies = [body_of(event) for event in events]
    if not bodies:
        return []
    with connection.cursor() as cursor:
        head = _lock_head(cursor)
        entries = [
            _entry(head.size + i, event, body) for i, (event, body) in enumerate(zip(events, bodies, strict=True))
        ]
        head.extend(bytes(entry.leaf) for entry in entries)
        for start in range(0, len(entries), ROWS_PER_STATEMENT):
            _insert(cursor, entries[start : start + ROWS_PER_STATEMENT])
        cursor.execute("UPDATE audit_head SET size = %s, frontier = %s WHERE id = 1", [head.size, head.to_bytes()])
    return entries


def read_head() -> CompactRange:
    """Return the tree's size and compact range as of now.

    Raises:
        LedgerDamaged: the head is missing or wrong.
    """
    with connection.cursor() as cursor:
        frontier = "CAST(frontier AS blob)" if connection.vendor == "sqlite" else "frontier"
        cursor.execute(f"SELECT size, {frontier} FROM audit_head WHERE id = 1")  # noqa: S608  constants
        return _head(cursor.fetchone())


def _lock_head(cursor: CursorWrapper) -> CompactRange:
    """Return the head, locked until the transaction ends."""
    if connection.vendor == "sqlite":
        # An UPDATE, because a SELECT would take no write lock in a deferred transaction.
        cursor.execute("UPDATE audit_head SET size = size WHERE id = 1 RETURNING size, frontier")
    else:
        cursor.execute("SELECT size, frontier FROM audit_head WHERE id = 1 FOR UPDATE")
    return _head(cursor.fetchone())


def _head(row: tuple[Any, Any] | None) -> CompactRange:
    if row is None:
        raise LedgerDamaged("The head of the ledger is missing.")
    try:
        return CompactRange.from_bytes(row[0], bytes(row[1]))
    except (ValueError, TypeError):
        raise LedgerDamaged("The head of the ledger does not fit its size. Run `scanward audit verify`.") from None


def _entry(seq: int, event: Event, body: str) -> Entry:
    return Entry(
        seq=seq,
        leaf=leaf_of(seq, body),
        at=event.at,
        kind=event.kind.value,
        outcome=event.outcome.value,
        actor_id=event.actor.id,
        patient_id=event.subject.patient,
        subject_kind=event.subject.kind.value,
        subject_id=event.subject.id,
        body=body,
    )


def _insert(cursor: CursorWrapper, entries: list[Entry]) -> None:
    row = "(" + ", ".join(["%s"] * len(COLUMNS)) + ")"
    values: list[Any] = []
    for entry in entries:
        at = connection.ops.adapt_datetimefield_value(entry.at)
        values += [entry.seq, entry.leaf, at, entry.kind, entry.outcome, entry.actor_id]
        values += [entry.patient_id, entry.subject_kind, entry.subject_id, entry.body]
    rows = ", ".join([row] * len(entries))
    cursor.execute(f"INSERT INTO audit_entry ({', '.join(COLUMNS)}) VALUES {rows}", values)  # noqa: S608  constants
