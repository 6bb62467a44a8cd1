"""Decides, and writes the decision down before anything is opened."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import transaction

from scanward.access.actors import reference
from scanward.access.decide import decide
from scanward.access.kinds import Action, Actor, Context, Grant, RecordFacts, Refusal
from scanward.audit.actions import record
from scanward.audit.event import Place, SubjectRef
from scanward.audit.kinds import EventKind, Outcome, SubjectKind
from scanward.law.purpose import PurposeOfUse

# What the ledger calls a deed. Those that are not here change something: the verb that does it writes a fuller entry.
ENTRY = {
    Action.FIND_PATIENT: EventKind.RECORDS_SEARCHED,
    Action.VIEW_STUDY: EventKind.RECORD_OPENED,
    Action.VIEW_IMAGES: EventKind.IMAGES_OPENED,
    Action.VIEW_REPORT: EventKind.REPORT_VIEWED,
    Action.DOWNLOAD: EventKind.DOWNLOADED,
    Action.EXPORT_RESEARCH: EventKind.EXPORTED,
    # The page about the people around a patient, and the one about sensitive scans.
    Action.VERIFY_IDENTITY: EventKind.RECORD_OPENED,
    Action.MANAGE_REPRESENTATIVE: EventKind.RECORD_OPENED,
    Action.REFUSE_REPRESENTATIVE: EventKind.RECORD_OPENED,
    Action.LABEL_STUDY: EventKind.RECORD_OPENED,
    # The page with the accounting of disclosures.
    Action.ANSWER_RIGHTS: EventKind.RECORD_OPENED,
    Action.VIEW_ACCESS_LOG: EventKind.LEDGER_USED,
    Action.READ_LEDGER: EventKind.LEDGER_USED,
    Action.EXPLAIN_ACCESS: EventKind.LEDGER_USED,
    Action.VERIFY_LEDGER: EventKind.LEDGER_VERIFIED,
}


class NothingToTell(Exception):
    """A verb asked for a grant to change something and did not say that it writes its own entry (`told=True`)."""


class AccessRefused(Exception):
    """The decision was no; it is in the ledger already. The reason is for staff, not for a stranger's page."""

    def __init__(self, refusal: Refusal, *, at: datetime, place: Place) -> None:
        super().__init__(refusal.reason)
        self.refusal, self.at, self.place = refusal, at, place

    def write_down(self) -> None:
        """Write its entry into the ledger."""
        with transaction.atomic():
            _record(EventKind.DECISION_REFUSED, self.refusal, Outcome.MINOR_FAILURE, now=self.at, place=self.place)


@contextmanager
def atomic() -> Iterator[None]:
    """A transaction that a refusal undoes, all but its entry in the ledger.

    Raises:
        AccessRefused: as it was raised inside.
    """
    try:
        with transaction.atomic():
            yield
    except AccessRefused as refused:
        refused.write_down()
        raise


def authorize(
    actor: Actor,
    action: Action,
    wanted: RecordFacts,
    purpose: PurposeOfUse,
    *,
    now: datetime,
    place: Place,
    context: Context = Context(),  # noqa: B008  frozen
    told: bool = False,
) -> Grant:
    """Return the grant, with its entry in the ledger; `told` leaves the entry to the caller, who writes a fuller one.

    Raises:
        AccessRefused: no rule allows it; that is in the ledger too.
        NothingToTell: the deed has no entry of its own here, and the caller did not promise one.
        django.db.DatabaseError: the ledger can't be written, so nothing is granted (fault E2).
    """
    decision = decide(actor, action, wanted, purpose, context, now=now)
    if isinstance(decision, Refusal):
        refused = AccessRefused(decision, at=now, place=place)
        refused.write_down()
        raise refused
    if not told:
        if action not in ENTRY:
            raise NothingToTell(action.value)
        with transaction.atomic():
            _record(ENTRY[action], decision, Outcome.SUCCESS, now=now, place=place)
    return decision


def _record(kind: EventKind, decision: Grant | Refusal, outcome: Outcome, *, now: datetime, place: Place) -> None:
    """Write the entry of a decision."""
    record(
        kind,
        actor=reference(decision.actor),
        subject=subject_of(decision.record),
        purpose=decision.purpose,
        outcome=outcome,
        at=now,
        place=place,
        detail={"action": decision.action.value, "rule": decision.rule, "reason": decision.reason},
    )


def subject_of(wanted: RecordFacts) -> SubjectRef:
    """Return how the ledger names what was asked for."""
    if wanted.patient is None:
        return SubjectRef(SubjectKind.SYSTEM, "house")
    if wanted.study is None:
        return SubjectRef(SubjectKind.PATIENT, str(wanted.patient), patient=str(wanted.patient))
    return SubjectRef(SubjectKind.STUDY, str(wanted.study), patient=str(wanted.patient))
