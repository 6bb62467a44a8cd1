"""Fetches a study from a PACS: by the worker, as often as it takes, and done only when nothing of it is missing."""

import contextlib
import logging
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.db import DatabaseError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django_tasks import task

from scanward.access.actions import AccessRefused, authorize
from scanward.access.actors import actor_of, reference
from scanward.access.kinds import Action, Actor, RecordFacts
from scanward.archive.errors import VaultError
from scanward.archive.models import HeldObject, Instance
from scanward.archive.store import Arrival, Sender
from scanward.audit.actions import record
from scanward.audit.event import Place, SubjectRef
from scanward.audit.kinds import EventKind, Outcome, SubjectKind
from scanward.dicom.errors import RefusalReason
from scanward.dicom.uids import is_uid
from scanward.intake import later, receive
from scanward.intake.models import Retrieval, RetrievalState
from scanward.intake.pull import pacs as configured
from scanward.intake.pull.finding import look, opened
from scanward.intake.pull.pacs import Pacs, Taken, Unreached, Wire
from scanward.law.purpose import PurposeOfUse
from scanward.people.actions import NotAllowed
from scanward.people.models import Account, Patient

MOST_TRIES: Final = 6
FIRST_PAUSE: Final = timedelta(seconds=20)
# A fetch that did not move for so long has lost its worker.
STILL_AFTER: Final = timedelta(minutes=10)
# How often a fetch says how far it is while objects of one question come.
SHOWN_EVERY: Final = 2.0
# Objects that are asked for at once.
AT_ONCE: Final = 64
GOING: Final = (RetrievalState.WAITING, RetrievalState.WORKING)
UNREACHED, MISSING, STOPPED = "unreached", "missing", "stopped"
UNREADABLE, NOT_ALLOWED, GONE = "unreadable", "not-allowed", "no-pacs"
log = logging.getLogger(__name__)


def start(pacs: Pacs, patient: Patient, study_uid: str, *, by: Account, place: Place, now: datetime) -> Retrieval:
    """Begin to fetch a study; the PACS is asked once more whose it is, whatever a form says. Going already: that one.

    Raises:
        AccessRefused: this person may not bring records in. NotAllowed: it is not this patient's, or can't be asked.
    """
    none = NotAllowed(_("The PACS has no such study of this patient."))
    if not is_uid(study_uid):
        raise none
    found = look(pacs, patient, actor=actor_of(by, now=now), place=place, now=now, study_uid=study_uid)
    if not found.studies:
        raise none
    offered = found.studies[0]
    with transaction.atomic():
        going = Retrieval.objects.select_for_update().filter(study_instance_uid=study_uid, state__in=GOING).first()
        if going:
            return going
        row = Retrieval.objects.create(
            account=by,
            patient=patient,
            pacs=pacs.name,
            study_instance_uid=study_uid,
            description=offered.description,
            performed_at=offered.performed_at,
            expected=offered.objects,
            started_at=now,
            touched_at=now,
            place=later.noted(place),
        )
        _tell(row, EventKind.IMPORT_STARTED, now=now)
        work_later.enqueue(str(row.id))
    return row


@task()
def work_later(retrieval: str) -> None:
    """Fetch what is missing of a study."""
    row = Retrieval.objects.filter(pk=uuid.UUID(retrieval)).first()
    if row:
        work(row, now=timezone.now())


def work(row: Retrieval, *, now: datetime) -> None:
    """Try once; what is still missing then is tried again after a pause that grows, and at last by a person."""
    taken = Retrieval.objects.filter(pk=row.pk, state=RetrievalState.WAITING)
    if not taken.update(state=RetrievalState.WORKING, touched_at=now, tries=row.tries + 1):
        return
    row.refresh_from_db()
    problem = _try(row, now=now)
    again = problem in (UNREACHED, MISSING, STOPPED) and row.tries < MOST_TRIES
    row.problem = problem
    row.state = RetrievalState.WAITING if again else RetrievalState.ENDED if problem else RetrievalState.DONE
    row.touched_at = timezone.now()
    with transaction.atomic():
        row.save()
        if again:
            pause = FIRST_PAUSE * 2 ** (row.tries - 1)
            work_later.using(run_after=timezone.now() + pause).enqueue(str(row.id))
        else:
            _tell(row, EventKind.IMPORT_FINISHED, now=now)


def sweep(*, now: datetime) -> None:
    """Take up again what a worker has left behind when it was killed."""
    for row in Retrieval.objects.filter(state__in=GOING, touched_at__lt=now - STILL_AFTER):
        with transaction.atomic():
            left = Retrieval.objects.filter(pk=row.pk, state__in=GOING, touched_at=row.touched_at)
            if left.update(state=RetrievalState.WAITING, touched_at=now):
                work_later.enqueue(str(row.id))


def _try(row: Retrieval, *, now: datetime) -> str:
    """Ask what there is, fetch what is not here, and look again; return why it is not whole, or nothing."""
    pacs = configured.find(row.pacs)
    if pacs is None:
        return GONE
    try:
        sender = _sender(row, pacs, now=now)
        with opened(pacs) as wire:
            return _fetch(row, wire, sender)
    except AccessRefused:
        return NOT_ALLOWED
    except Unreached as error:
        log.warning("A study was not fetched to its end: %s", error)
        return UNREACHED
    except (VaultError, DatabaseError, OSError) as error:
        log.error("A study was not fetched to its end (%s).", type(error).__name__)
        return STOPPED


def _fetch(row: Retrieval, wire: Wire, sender: Sender) -> str:
    """Fetch what is missing over an open wire."""
    listed = wire.instances(row.study_instance_uid)
    row.expected = max(row.expected, len(listed))
    taking = _Taking(row, sender, refused=set(row.refused))
    for series, uids in _batches(_look_around(row, listed)):
        _bring(row, wire, series, uids, taking)
        row.refused = sorted(taking.refused)
        _look_around(row, listed)
    if row.here + len(row.refused) < row.expected:
        return MISSING
    return UNREADABLE if row.refused else ""


def _bring(row: Retrieval, wire: Wire, series: str, uids: list[str], taking: "_Taking") -> None:
    """Have some objects sent.

    Raises:
        Unreached: the PACS did not send them. VaultError, DatabaseError: they could not be kept.
    """
    try:
        wire.bring(row.study_instance_uid, series, uids, taking.take)
    except Unreached:
        # A PACS of which nothing was taken says that it failed; but then the reason is here.
        if not (taking.stopped or taking.refused > set(row.refused)):
            raise
    if taking.stopped:
        raise taking.stopped


def _look_around(row: Retrieval, listed: Mapping[str, str]) -> dict[str, str]:
    """Compare what the PACS has with what is here, show how far it is, and return what is missing."""
    missing = _missing(row, listed)
    row.missing, row.touched_at = sorted(missing), timezone.now()
    row.here = len(listed) - len(missing) - len(set(row.refused) & set(listed))
    row.save(update_fields=["expected", "here", "missing", "refused", "touched_at"])
    return missing


def _batches(missing: Mapping[str, str]) -> Iterator[tuple[str, list[str]]]:
    """Cut what is missing into parts of one series each; their UIDs are a list in one element of the question."""
    by_series: dict[str, list[str]] = {}
    for uid, series in sorted(missing.items()):
        by_series.setdefault(series, []).append(uid)
    for series, uids in sorted(by_series.items()):
        for first in range(0, len(uids), AT_ONCE):
            yield series, uids[first : first + AT_ONCE]


@dataclass
class _Taking:
    """Keeps what comes, one by one, and remembers what can't be kept at all."""

    row: Retrieval
    sender: Sender
    refused: set[str]
    stopped: VaultError | DatabaseError | None = None
    shown: float = field(default_factory=time.monotonic)

    def take(self, uid: str, data: bytes) -> Taken:
        """Take one object in, and say what became of it."""
        if self.stopped:
            return Taken.NOT_NOW
        try:
            seen = receive.read(receive.Item("", data))
            if isinstance(seen, Arrival) and seen.inspected.study_instance_uid != self.row.study_instance_uid:
                return Taken.MISMATCH
            answer = receive.settle([(receive.Item("", data), seen)], sender=self.sender, now=timezone.now())[0]
        except (VaultError, DatabaseError) as error:
            self.stopped = error
            return Taken.NOT_NOW
        if answer.outcome is not receive.Outcome.REFUSED:
            self._show(uid)
            return Taken.SAFE
        if answer.code == RefusalReason.NOT_SCANNED:
            return Taken.NOT_NOW
        self.refused.add(uid)
        return Taken.MISMATCH if answer.code == RefusalReason.META_MISMATCH else Taken.UNREADABLE

    def _show(self, uid: str) -> None:
        """Count what came, and show it now and then; after each question it is compared with what is really here."""
        if uid not in self.row.missing:
            return
        self.row.missing.remove(uid)
        self.row.here += 1
        if time.monotonic() - self.shown >= SHOWN_EVERY:
            self.shown, self.row.touched_at = time.monotonic(), timezone.now()
            with contextlib.suppress(DatabaseError):
                self.row.save(update_fields=["here", "missing", "touched_at"])


def _missing(row: Retrieval, listed: Mapping[str, str]) -> dict[str, str]:
    """Return what the PACS has and is not here: neither kept, nor waiting for a decision, nor refused before."""
    study = row.study_instance_uid
    kept = Instance.objects.filter(series__study__study_instance_uid=study, series__study__patient=row.patient)
    held = HeldObject.objects.filter(study_instance_uid=study)
    here = set(row.refused)
    here |= set(kept.values_list("sop_instance_uid", flat=True)) | set(held.values_list("sop_instance_uid", flat=True))
    return {uid: series for uid, series in listed.items() if uid not in here}


def _sender(row: Retrieval, pacs: Pacs, *, now: datetime) -> Sender:
    """Decide once more whether this person may bring it: time may have passed.

    Raises:
        AccessRefused: not any more.
    """
    actor: Actor = actor_of(row.account, now=now)
    place, wanted = later.place_of(row.place), RecordFacts(row.patient_id)
    authorize(actor, Action.IMPORT, wanted, PurposeOfUse.RECORDS, now=now, place=place, told=True)
    return Sender(reference(actor), place, pacs.issued_by)


def _tell(row: Retrieval, kind: EventKind, *, now: datetime) -> None:
    """Write down that a study is fetched, or what came of it."""
    detail: dict[str, str | int] = {"pacs": row.pacs, "expected": row.expected, "here": row.here}
    if row.problem:
        detail |= {"problem": row.problem, "refused": len(row.refused), "missing": len(row.missing)}
    record(
        kind,
        actor=reference(actor_of(row.account, now=now)),
        subject=SubjectRef(SubjectKind.PATIENT, str(row.patient_id), str(row.patient_id)),
        purpose=PurposeOfUse.RECORDS,
        outcome=Outcome.SERIOUS_FAILURE if row.problem else Outcome.SUCCESS,
        at=now,
        place=later.place_of(row.place),
        detail=detail,
    )
