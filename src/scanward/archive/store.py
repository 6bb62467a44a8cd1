"""The one way in: what `intake` has read is attached to a patient, written to the vault, indexed and put in the ledger.

The vault is first: when `put` returns, the bytes and the note beside them survive a power loss. The index and the
ledger follow in one transaction. If the machine dies between the two, `rebuild.recover` takes in what the index does
not know, so nothing acknowledged is lost, and nothing is half there.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from django.db import IntegrityError, transaction

from scanward.archive import entries, notes, results, versions
from scanward.archive.arrivals import Arrival, Batch, Plan, Result, Sender, Settled
from scanward.archive.identities import held_identity, instance_identity
from scanward.archive.models import HeldObject, HeldReason, Instance, Report, Study
from scanward.archive.place import vault
from scanward.archive.planning import look_up, plan_for
from scanward.vault import Digest, NewObject
from scanward.vault import Stored as VaultStored

__all__ = ["Arrival", "Digest", "Result", "Running", "Sender", "Settled", "store"]

CHUNK = 1024 * 1024
ATTEMPTS = 3


def store(arrivals: Sequence[Arrival], *, sender: Sender, now: datetime) -> list[Settled]:
    """Keep the arrivals; when this returns they are durable, indexed and in the ledger.

    Raises:
        VaultError: nothing of the batch was acknowledged; it may be sent again.
    """
    for attempt in range(ATTEMPTS):
        try:
            return _store(arrivals, sender=sender, now=now)
        except IntegrityError:
            # Another sender brought the same object at the same moment: the second look finds a duplicate.
            if attempt == ATTEMPTS - 1:
                raise
    raise AssertionError("unreachable")


def _store(arrivals: Sequence[Arrival], *, sender: Sender, now: datetime) -> list[Settled]:
    """Plan, write, index and tell."""
    running = Running(sender=sender, now=now)
    settled = running.add(arrivals)
    running.finish()
    return settled


class Running:
    """A batch that stays open for a moment, so that many arrivals share one look-up, one transaction and one entry.

    What `add` returned is durable: the vault has it, with the note from which `rebuild.recover` makes its rows if the
    machine dies before `finish`. It is seen by nobody before `finish` has indexed it and told the ledger.
    """

    def __init__(self, *, sender: Sender, now: datetime) -> None:
        self._batch = Batch(sender, now)

    def __len__(self) -> int:
        return len(self._batch.plans)

    def add(self, arrivals: Sequence[Arrival]) -> list[Settled]:
        """Plan and write the arrivals; when this returns they survive a power loss.

        Raises:
            VaultError: none of these arrivals was acknowledged; the earlier ones stand.
        """
        look_up(arrivals, self._batch)
        plans: list[Plan] = []
        try:
            for arrival in arrivals:
                plans.append(plan_for(arrival, self._batch))
            _write(plans, self._batch)
        except BaseException:
            self._forget(plans)
            raise
        for plan in plans:
            plan.arrival = Arrival(plan.arrival.inspected, b"", plan.arrival.report)  # its bytes are in the vault
        self._batch.plans += plans
        return [_settled(plan) for plan in plans]

    def _forget(self, plans: Sequence[Plan]) -> None:
        """Take plans back that could not be carried out, so that the same objects may come again."""
        for plan in plans:
            if self._batch.first.get(plan.arrival.inspected.sop_instance_uid) is plan:
                del self._batch.first[plan.arrival.inspected.sop_instance_uid]
            if plan.held:
                del self._batch.opened[plan.held.sop_instance_uid, plan.held.sha256]

    def finish(self) -> None:
        """Index what was added and tell the ledger, in one transaction; after an error it may be called again.

        Raises:
            IntegrityError: another sender brought one of the objects at the same moment; see `settle_apart`.
        """
        with transaction.atomic():
            _index(self._batch)
            entries.tell(self._batch)
        if self._batch.new_studies:
            results.attach_waiting(self._batch.new_studies, now=self._batch.now)

    def settle_apart(self, *, now: datetime) -> None:
        """Store each new object of the batch once more by itself, from the vault: what `finish` could not index."""
        for plan in self._batch.plans:
            if plan.result is Result.KEPT and plan.stored and plan.study and plan.instance:
                identity = instance_identity(plan.instance, plan.study)
                with vault().open(plan.stored.locator, plan.study.key_id, identity) as copy:
                    store([replace(plan.arrival, data=copy.read())], sender=self._batch.sender, now=now)
            elif plan.held and plan.stored:
                with vault().open(plan.stored.locator, plan.held.key_id, held_identity(plan.held)) as copy:
                    store([replace(plan.arrival, data=copy.read())], sender=self._batch.sender, now=now)


def _write(plans: Sequence[Plan], batch: Batch) -> None:
    """Write everything that is new to the vault, with one sync."""
    fresh = [plan for plan in plans if plan.held or (plan.result is Result.KEPT)]
    reports = [plan for plan in fresh if plan.report]
    objects = [_new_object(plan, batch) for plan in fresh] + [_report_object(plan, batch) for plan in reports]
    kept = vault().put(objects) if objects else []
    for plan, stored in zip(fresh, kept, strict=False):
        plan.stored = stored
    for plan, stored in zip(reports, kept[len(fresh) :], strict=True):
        assert plan.report
        _place(plan.report, stored)


def _new_object(plan: Plan, batch: Batch) -> NewObject:
    """Describe an object to the vault."""
    arrival, chunks = plan.arrival, _chunks(plan.arrival.data)
    if plan.held:
        note = notes.held_note(plan.held)
        return NewObject(plan.held.key_id, held_identity(plan.held), chunks, note, arrival.digest)
    assert plan.study
    assert plan.instance
    note = notes.instance_note(plan.instance, study=_study_note(plan.study, batch))
    identity = instance_identity(plan.instance, plan.study)
    return NewObject(plan.study.key_id, identity, chunks, note, arrival.digest)


def _report_object(plan: Plan, batch: Batch) -> NewObject:
    """Describe the report that an object is to the vault."""
    assert plan.study
    assert plan.report
    assert plan.arrival.report
    content = versions.content_of(plan.arrival.report, now=batch.now)
    return versions.new_object(plan.report, content, study=_study_note(plan.study, batch))


def _study_note(study: Study, batch: Batch) -> dict[str, object]:
    """Return what makes the study's row again; the patient's part is made once in a batch."""
    who = batch.patient_notes.get(study.patient_id)
    if who is None:
        who = batch.patient_notes[study.patient_id] = notes.patient_note(study.patient)
    return notes.study_note(study, patient=who)


def _place(row: Instance | HeldObject | Report, stored: VaultStored) -> None:
    """Write down where the vault keeps it."""
    row.locator, row.size = stored.locator, stored.size
    row.sha256, row.crc32 = stored.sha256, stored.crc32


def _chunks(data: bytes | memoryview) -> Iterator[memoryview]:
    """Cut the bytes without copying them."""
    view = memoryview(data)
    for start in range(0, len(view), CHUNK):
        yield view[start : start + CHUNK]


def _index(batch: Batch) -> None:
    """Save the rows of what the vault now has."""
    for plan in batch.plans:
        row = plan.held or (plan.instance if plan.result is Result.KEPT else None)
        if row and plan.stored:
            _place(row, plan.stored)
    Instance.objects.bulk_create(
        [plan.instance for plan in batch.plans if plan.instance and plan.result is Result.KEPT]
    )
    HeldObject.objects.bulk_create([plan.held for plan in batch.plans if plan.held])
    Report.objects.bulk_create([plan.report for plan in batch.plans if plan.report])


def _settled(plan: Plan) -> Settled:
    """Say what became of the arrival."""
    if plan.result is Result.HELD:
        case = plan.held or plan.known_case
        return Settled(Result.HELD, held=HeldReason(case.reason) if case else None)
    assert plan.study
    assert plan.instance
    return Settled(plan.result, plan.study.id, plan.instance.id)
