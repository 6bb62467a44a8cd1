"""What people bring by hand over the web: it waits encrypted, is looked at file by file, and gets one summary."""

import logging
import shutil
import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone, translation
from django_tasks import task

from scanward.access.actions import AccessRefused, authorize
from scanward.access.actors import actor_of, reference
from scanward.access.kinds import Action, RecordFacts
from scanward.access.purposes import usual_purpose
from scanward.archive import spool
from scanward.archive.errors import VaultError
from scanward.archive.store import Sender
from scanward.audit.event import Place
from scanward.intake import later
from scanward.intake.bring import Summary, take
from scanward.intake.collecting import NoRoom, harmless
from scanward.intake.containers import items
from scanward.intake.models import Upload, UploadState
from scanward.intake.receive import Item, Outcome, Received
from scanward.people.models import Account, Patient

PART = "files"
# Whatever is larger is looked at by the worker, and the page says so.
AT_ONCE_BYTES = 64 * 1024 * 1024
# An upload or a part of the work that did not move for so long has broken off.
STILL_AFTER = timedelta(hours=6)
FULL, STOPPED, NOT_ALLOWED = "full", "stopped", "not-allowed"
NAMED = 500
EVERY = 50
log = logging.getLogger(__name__)


def has_room(size: int) -> bool:
    """Return whether the disk has room for what is about to come."""
    return shutil.disk_usage(settings.DATA).free > size


def keep(files: Iterable[tuple[str, Iterable[bytes]]], upload: Upload) -> None:
    """Keep the files as they come, encrypted, and then the upload's row; if it breaks off, nothing of it remains.

    Raises:
        VaultError: the disk is full or fails.
    """
    try:
        with spool.Part(upload.id, PART) as part:
            for name, chunks in files:
                upload.size += part.add(harmless(name), chunks)
                upload.files += 1
        if upload.files:
            upload.parts = [PART]
            upload.save()
    except BaseException:
        spool.discard(upload.id)
        raise
    if not upload.files:
        spool.discard(upload.id)


def new(account: Account, patient: Patient, *, by_staff: bool, place: Place, now: datetime) -> Upload:
    """Return the row of an upload that is about to come; `keep` saves it."""
    return Upload(
        account=account,
        patient=patient,
        by_staff=by_staff,
        state=UploadState.WAITING,
        started_at=now,
        touched_at=now,
        place=later.noted(place),
    )


def start(upload: Upload) -> None:
    """Look at it now if it is small, and let the worker do it if not."""
    if upload.size <= AT_ONCE_BYTES:
        work(upload, now=timezone.now())
    else:
        work_later.enqueue(str(upload.id))


@task()
def work_later(upload: str) -> None:
    """Look at an upload that waits, in the language of whoever sent it."""
    waits = Upload.objects.filter(pk=uuid.UUID(upload)).first()
    if waits:
        with translation.override(waits.place["language"]):
            work(waits, now=timezone.now())


def work(upload: Upload, *, now: datetime) -> None:
    """Take in what an upload holds, once; whatever comes of it, the copies that waited are destroyed."""
    taken = Upload.objects.filter(pk=upload.pk, state=UploadState.WAITING)
    if not taken.update(state=UploadState.WORKING, touched_at=now):
        return
    upload.refresh_from_db()
    summary = Summary()
    problem = _take(upload, summary, now=now)
    _tell(upload, summary)
    upload.problem = problem
    upload.state = UploadState.ENDED if problem else UploadState.DONE
    upload.touched_at = timezone.now()
    upload.save()
    spool.discard(upload.id)


def sweep(*, now: datetime) -> None:
    """End what has broken off, and destroy what was sent and belongs to nothing any more."""
    broken = Upload.objects.filter(
        state__in=(UploadState.WAITING, UploadState.WORKING), touched_at__lt=now - STILL_AFTER
    )
    broken.update(state=UploadState.ENDED, problem=STOPPED, touched_at=now)
    going = set(
        Upload.objects.filter(state__in=(UploadState.WAITING, UploadState.WORKING)).values_list("pk", flat=True)
    )
    for found in spool.waiting():
        if found not in going and spool.still_since(found) < now - STILL_AFTER:
            spool.discard(found)


def _take(upload: Upload, summary: Summary, *, now: datetime) -> str:
    """Take in the files; return why it broke off, or nothing. What was counted before is safe."""
    try:
        sender = _sender(upload, now=now)
        with spool.Part(upload.id, PART) as part:
            take(_found(part, upload), summary, sender=sender, now=now)
    except AccessRefused:
        return NOT_ALLOWED
    except NoRoom:
        return FULL
    except VaultError as error:
        log.error("An upload was not taken in to its end (%s).", error.reason)
        return str(error.reason)[:16]
    except DatabaseError as error:
        log.error("An upload was not taken in to its end (%s).", type(error).__name__)
        return STOPPED
    return ""


def _sender(upload: Upload, *, now: datetime) -> Sender:
    """Decide once more whether this person may bring it: hours may have passed.

    Raises:
        AccessRefused: not any more.
    """
    actor = actor_of(upload.account, now=now)
    place = later.place_of(upload.place)
    wanted = RecordFacts(upload.patient_id)
    purpose = usual_purpose(actor, wanted, now=now)
    authorize(actor, Action.IMPORT, wanted, purpose, now=now, place=place, told=True)
    issuer = settings.FACILITY_ISSUER
    return Sender(reference(actor), place, issuer, claimed=upload.patient, witnessed=upload.by_staff)


def _found(part: spool.Part, upload: Upload) -> Iterator[Item | Received]:
    """Yield what the files hold, and note now and then how far it is."""
    rows = Upload.objects.filter(pk=upload.pk)
    count = 0
    for waits in part.files():
        with part.open(waits) as file:
            for one in items(file, waits.name):
                yield one
                count += 1
                if count % EVERY == 0:
                    rows.update(touched_at=timezone.now(), done=upload.done)
        upload.done += 1


def _tell(upload: Upload, summary: Summary) -> None:
    """Write the summary down. A patient is not told why something waits: the reason may be about somebody else."""
    upload.counts = {outcome.value: summary.counts[outcome] for outcome in Outcome}
    upload.studies = len(summary.studies)
    upload.left_out = [
        [one.name, one.outcome.value, "" if one.outcome is Outcome.CONFLICT and not upload.by_staff else one.reason]
        for one in summary.left_out[:NAMED]
    ]
