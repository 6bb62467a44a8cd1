"""The ledger's entries about what arrived: few, each with its count, in the transaction that indexes it."""

from collections.abc import Mapping, Sequence
from itertools import groupby

from scanward.archive import versions
from scanward.archive.arrivals import Batch, Plan, Result
from scanward.archive.models import HeldObject, Study
from scanward.audit.actions import record
from scanward.audit.event import SubjectRef
from scanward.audit.kinds import EventKind, Outcome, SubjectKind
from scanward.law.purpose import PurposeOfUse
from scanward.vault import Stored


def tell(batch: Batch) -> None:
    """Write the ledger's entries: one for each study and result, with the count."""
    attached = sorted((plan for plan in batch.plans if plan.study), key=lambda plan: (str(plan.study), plan.result))
    for _key, group in groupby(attached, key=lambda plan: (str(plan.study), plan.result)):
        plans = list(group)
        assert plans[0].study
        kind = EventKind.OBJECTS_STORED if plans[0].result is Result.KEPT else EventKind.OBJECT_DUPLICATE
        about_study(kind, batch, plans[0].study, _counts(plans))
    for plan in batch.plans:
        if plan.held:
            _about_case(plan.held, batch)
        if plan.stored and plan.arrival.inspected.preamble.alarming:
            _alarm(plan, plan.stored, batch)
        if plan.report:
            versions.tell(plan.report, sender=batch.sender, now=batch.now)


def _counts(plans: Sequence[Plan]) -> dict[str, str | int]:
    """Count instances and bytes."""
    return {"instances": len(plans), "bytes": sum(plan.arrival.inspected.size for plan in plans)}


def about_study(kind: EventKind, batch: Batch, study: Study, detail: dict[str, str | int]) -> None:
    """Write one entry about a study."""
    write(kind, batch, SubjectRef(SubjectKind.STUDY, str(study.id), str(study.patient_id)), detail)


def _about_case(held: HeldObject, batch: Batch) -> None:
    """Write one entry about an object that waits for a decision."""
    subject = SubjectRef(SubjectKind.CASE, str(held.id), str(held.near_patient_id or ""))
    write(EventKind.CONFLICT_OPENED, batch, subject, {"reason": held.reason})


def _alarm(plan: Plan, stored: Stored, batch: Batch) -> None:
    """Write one entry about an object that would also run as something else, with the hash of what came (fault B8)."""
    detail = {"preamble": plan.arrival.inspected.preamble.value, "sha256": stored.sha256}
    write(EventKind.SECURITY_ALERT, batch, _subject(plan), detail, Outcome.MINOR_FAILURE)


def write(
    kind: EventKind,
    batch: Batch,
    subject: SubjectRef,
    detail: Mapping[str, str | int] | None = None,
    outcome: Outcome = Outcome.SUCCESS,
) -> None:
    """Write one entry in the name of who sends the batch."""
    record(
        kind,
        actor=batch.sender.actor,
        subject=subject,
        purpose=PurposeOfUse.RECORDS,
        outcome=outcome,
        at=batch.now,
        place=batch.sender.place,
        detail=detail,
    )


def _subject(plan: Plan) -> SubjectRef:
    """Name the instance or the case that an arrival became."""
    if plan.held:
        return SubjectRef(SubjectKind.CASE, str(plan.held.id), str(plan.held.near_patient_id or ""))
    assert plan.instance
    assert plan.study
    return SubjectRef(SubjectKind.INSTANCE, str(plan.instance.id), str(plan.study.patient_id))
