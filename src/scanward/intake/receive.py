"""The one way in for everything, whichever wire it came on: guard, archive, and a plain answer for each object."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from scanward.archive import quarantine
from scanward.archive.arrivals import arrival_of
from scanward.archive.models import HeldReason
from scanward.archive.store import Arrival, Digest, Result, Sender, Settled, store
from scanward.audit.actions import record_many
from scanward.audit.event import Event, SubjectRef
from scanward.audit.kinds import EventKind
from scanward.audit.kinds import Outcome as AuditOutcome
from scanward.dicom.errors import RefusalReason, Refused
from scanward.dicom.json_model import Memo
from scanward.dicom.read import inspect
from scanward.intake import malware
from scanward.law.purpose import PurposeOfUse

BATCH = 64
BATCH_BYTES = 64 * 1024 * 1024

HELD_BECAUSE = {
    HeldReason.PATIENT_UNKNOWN: _("It does not say whose it is. Somebody must choose the patient."),
    HeldReason.PATIENT_DIFFERS: _("Its patient number is known here, but name, date of birth or sex differ."),
    HeldReason.PATIENT_MAYBE_DOUBLE: _(
        "Somebody of the same name and date of birth is known here under another number."
    ),
    HeldReason.STUDY_OF_OTHER_PATIENT: _("Its study belongs to another patient here."),
    HeldReason.NOT_CERTAIN: _(
        "It was brought for the patient shown here, but what it says does not prove that it is theirs."
    ),
    HeldReason.STUDY_UNKNOWN: _(
        "It is not certain to which examination this report belongs. If the images come later, it goes there by itself."
    ),
    HeldReason.CONTENT_DIFFERS: _("An image with the same UID is here already, and its content differs."),
    HeldReason.UNREADABLE: _("It looks like a scan, but it can't be read safely."),
    HeldReason.MALWARE: _("The malware scanner knows it as malware."),
}
# What was brought by hand and is no scan at all, or may simply be brought again, is not put aside.
NOT_KEPT = frozenset(
    {
        RefusalReason.EMPTY,
        RefusalReason.NOT_DICOM,
        RefusalReason.DICOMDIR,
        RefusalReason.TOO_LARGE,
        RefusalReason.NOT_SCANNED,
    }
)
PUT_ASIDE = _("It was put aside; the records staff will look at it.")


class Outcome(StrEnum):
    """What became of an item."""

    KEPT = "kept"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    REFUSED = "refused"


OUTCOME_NAMES = {
    Outcome.KEPT: _("kept"),
    Outcome.DUPLICATE: _("here already"),
    Outcome.CONFLICT: _("waiting for a person to look at it"),
    Outcome.REFUSED: _("not taken"),
}


@dataclass(frozen=True, slots=True)
class Item:
    """One object to take in; the name is only for the answer."""

    name: str
    data: bytes | memoryview
    digest: Digest | None = None


@dataclass(frozen=True, slots=True)
class Received:
    """The answer for one item."""

    name: str
    outcome: Outcome
    reason: str = ""
    # For refusals: the machine's word for the reason.
    code: str = ""
    study_id: UUID | None = None
    instance_id: UUID | None = None


def receive(items: Iterable[Item], *, sender: Sender, now: datetime) -> Iterator[Received]:
    """Take the items in, batch by batch; an answer that was given is durable.

    Raises:
        VaultError: the batch under way was not kept; answers given before stand.
    """
    memo = Memo()
    for batch in _batches(items):
        yield from receive_batch(batch, sender=sender, now=now, memo=memo)


def receive_batch(items: Sequence[Item], *, sender: Sender, now: datetime, memo: Memo | None = None) -> list[Received]:
    """Take one batch in, with one sync; the answers are in the items' order. What can't be read is put aside.

    Raises:
        VaultError: nothing of the batch was kept.
    """
    found = [(item, read(item, memo)) for item in items]
    answers = settle(found, sender=sender, now=now)
    return [
        _put_aside(item, seen, answer, sender=sender, now=now) if isinstance(seen, Refused) else answer
        for (item, seen), answer in zip(found, answers, strict=True)
    ]


def _put_aside(item: Item, refused: Refused, answer: Received, *, sender: Sender, now: datetime) -> Received:
    """Keep what may be somebody's only copy of a scan, where nobody can open it, and say so."""
    if refused.reason in NOT_KEPT:
        return answer
    malicious = refused.reason is RefusalReason.MALWARE
    reason = HeldReason.MALWARE if malicious else HeldReason.UNREADABLE
    detail = refused.detail if malicious else refused.reason.value
    if not quarantine.put_aside(item.data, reason, detail, sender=sender, now=now):
        return answer
    return replace(answer, reason=f"{answer.reason} {PUT_ASIDE}")


def settle(read: Sequence[tuple[Item, Arrival | Refused]], *, sender: Sender, now: datetime) -> list[Received]:
    """Take in what was read already.

    Raises:
        VaultError: nothing of the batch was kept.
    """
    arrivals = [found for _item, found in read if isinstance(found, Arrival)]
    settled = iter(store(arrivals, sender=sender, now=now) if arrivals else [])
    note_refused([found.reason.value for _item, found in read if isinstance(found, Refused)], sender=sender, now=now)
    return [
        _answer(item, next(settled)) if isinstance(found, Arrival) else _refusal(item, found) for item, found in read
    ]


def note_refused(reasons: Sequence[str], *, sender: Sender, now: datetime) -> None:
    """Put refusals into the ledger: one entry for each reason, with the count; a disc may hold thousands of files."""
    if not reasons:
        return
    entries = [
        Event(
            kind=EventKind.OBJECT_REFUSED,
            actor=sender.actor,
            subject=SubjectRef.nothing(),
            purpose=PurposeOfUse.RECORDS,
            outcome=AuditOutcome.MINOR_FAILURE,
            at=now,
            place=sender.place,
            detail={"reason": reason, "files": count},
        )
        for reason, count in sorted(Counter(reasons).items())
    ]
    with transaction.atomic():
        record_many(entries)


def read(item: Item, memo: Memo | None = None) -> Arrival | Refused:
    """Read one item behind the guard, and have it checked for malware where a site does that."""
    try:
        seen = inspect(item.data, memo=memo)
        malware.check(item.data)
        return arrival_of(seen, item.data, digest=item.digest)
    except Refused as refused:
        return refused


def _answer(item: Item, settled: Settled) -> Received:
    """Say what the archive did."""
    if settled.result is Result.HELD:
        reason = str(HELD_BECAUSE[settled.held]) if settled.held else ""
        return Received(item.name, Outcome.CONFLICT, reason, settled.held or "")
    return Received(item.name, Outcome(settled.result.value), "", "", settled.study_id, settled.instance_id)


def _refusal(item: Item, refused: Refused) -> Received:
    """Say why it was refused: the element, never its value."""
    return Received(item.name, Outcome.REFUSED, refused.said(gettext), refused.reason.value)


def _batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    """Cut the items into batches, by number and by bytes."""
    batch: list[Item] = []
    size = 0
    for item in items:
        batch.append(item)
        size += len(item.data)
        if len(batch) >= BATCH or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
