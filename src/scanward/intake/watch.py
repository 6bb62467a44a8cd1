"""A folder that is watched: what is put there comes in, and goes from there only when it is safe here.

Nothing is remembered between two looks. Whoever is killed in between finds the same files again, and what was kept
already is known by its UID and its bytes.
"""

import fcntl
import os
import stat
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Final

from django.conf import settings
from django.db import transaction

from scanward.archive.store import Sender
from scanward.audit.actions import record_many
from scanward.audit.event import Event, SubjectRef
from scanward.audit.kinds import EventKind
from scanward.audit.kinds import Outcome as AuditOutcome
from scanward.dicom.errors import RefusalReason
from scanward.dicom.limits import DEFAULT
from scanward.intake import containers, watched
from scanward.intake.bring import Summary, take
from scanward.intake.receive import BATCH, BATCH_BYTES, Item, Outcome, Received, note_refused, read, settle
from scanward.law.purpose import PurposeOfUse

REFUSED: Final = "refused"
REASON: Final = ".reason.txt"
# What programs call a file that they have not written to its end; they give it its name when it is whole.
UNFINISHED: Final = (".part", ".tmp", ".filepart", ".crdownload")
# Files of one look: a folder of a million is worked through in many.
MOST_FILES: Final = 2000


@dataclass(frozen=True, slots=True)
class Found:
    """A file, and what tells whether it is still the same."""

    path: Path
    info: os.stat_result

    def is_same(self, other: os.stat_result) -> bool:
        """Return whether nobody has written to it or put another in its place since."""
        mine, theirs = (
            (info.st_dev, info.st_ino, info.st_size, info.st_mtime_ns, info.st_ctime_ns) for info in (self.info, other)
        )
        return mine == theirs


def look(folder: Path, *, sender: Sender, now: datetime, clock: float) -> Summary:
    """Take in what is whole; `clock` is the time by the file system's clock, in seconds.

    Raises:
        VaultError: the vault could not keep more; what was not kept is still in the folder.
        DatabaseError: likewise.
        OSError: the folder can't be read or written.
    """
    summary = Summary()
    try:
        for batch in _batches(islice(_whole(folder, clock), MOST_FILES)):
            _take(batch, folder, summary, sender=sender, now=now)
    finally:
        with transaction.atomic():
            watched.note(summary, now=now)
            if summary.counts:
                _tell(summary, sender=sender, now=now)
    return summary


def _whole(folder: Path, clock: float) -> Iterator[Found]:
    """Yield what is below the folder and has been quiet, whatever it is; links are not followed."""
    for here, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not (Path(here) == folder and name == REFUSED)]
        links = [name for name in folders if (Path(here) / name).is_symlink()]
        for name in (*names, *links):
            if name.startswith(".") or name.lower().endswith(UNFINISHED):
                continue
            path = Path(here) / name
            try:
                found = Found(path, path.lstat())
            except FileNotFoundError:
                continue
            if clock - max(found.info.st_mtime, found.info.st_ctime) >= settings.WATCH_QUIET_SECONDS:
                yield found


def _batches(found: Iterator[Found]) -> Iterator[list[Found]]:
    """Cut the files into batches, by number and by bytes: one sync for each."""
    batch: list[Found] = []
    size = 0
    for one in found:
        batch.append(one)
        size += one.info.st_size
        if len(batch) >= BATCH or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _take(batch: list[Found], folder: Path, summary: Summary, *, sender: Sender, now: datetime) -> None:
    """Take in a batch; a file goes from the folder when all that it holds has its durable answer."""
    plain: list[tuple[Found, Item]] = []
    for one in batch:
        name = str(one.path.relative_to(folder))
        try:
            with _opened(one) as file:
                packed = containers.opened(file, name)
                if packed is None:
                    file.seek(0)
                    plain.append((one, Item(name, file.read())))
                else:
                    _take_packed(one, packed, folder, summary, sender=sender, now=now)
        except NotYetError:
            continue
        except UnfitError as unfit:
            note_refused([unfit.code], sender=sender, now=now)
            _answered(one, [Received(name, Outcome.REFUSED, str(unfit), unfit.code)], folder, summary)
    whole = [(one, item) for one, item in plain if len(item.data) == one.info.st_size]
    answers = settle([(item, read(item)) for _one, item in whole], sender=sender, now=now)
    for (one, _item), answer in zip(whole, answers, strict=True):
        _answered(one, [answer], folder, summary)


def _take_packed(
    one: Found,
    packed: Iterator[Item | Received],
    folder: Path,
    summary: Summary,
    *,
    sender: Sender,
    now: datetime,
) -> None:
    """Take in what a ZIP or a disc image holds, without holding it all in memory."""
    inside = Summary()
    take(packed, inside, sender=sender, now=now)
    summary.studies |= inside.studies
    _answered(one, inside.left_out, folder, summary)
    summary.counts += inside.counts - Counter(found.outcome for found in inside.left_out)


class NotYetError(Exception):
    """Somebody has it open to write, or it is not what it was a moment ago."""


class UnfitError(Exception):
    """It can't be read at all."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code


def _opened(one: Found) -> BinaryIO:
    """Open what stands there now: no link is followed, and no pipe is waited for.

    Raises:
        NotYetError, UnfitError.
    """
    if not stat.S_ISREG(one.info.st_mode):
        raise UnfitError("not-a-file", "This is not a regular file.")
    if one.info.st_size > DEFAULT.max_file:
        raise UnfitError(RefusalReason.TOO_LARGE, "It is larger than we take at once.")
    try:
        number = os.open(one.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        raise NotYetError from None
    except OSError:
        raise UnfitError("unreadable", "The file can't be read. Check who owns it.") from None
    if not one.is_same(os.fstat(number)) or _is_being_written(number):
        os.close(number)
        raise NotYetError
    return os.fdopen(number, "rb")


def _is_being_written(number: int) -> bool:
    """Return whether somebody has the file open to write: a lease on it is refused then (fcntl(2), F_SETLEASE)."""
    try:
        fcntl.fcntl(number, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except BlockingIOError:
        return True
    except OSError:
        # Not our file, or a file system without leases: that it has been quiet has to do.
        return False
    fcntl.fcntl(number, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    return False


def _answered(one: Found, answers: list[Received], folder: Path, summary: Summary) -> None:
    """Count, and let the file go from the folder: it is safe here, or stands among the refused with the reason."""
    if any(answer.code == RefusalReason.NOT_SCANNED for answer in answers):
        return
    for answer in answers:
        summary.add(answer)
    try:
        if not one.is_same(one.path.lstat()):
            return
        refused = [answer.reason for answer in answers if answer.outcome is Outcome.REFUSED]
        if refused:
            _put_by(one.path, folder / REFUSED, refused)
        else:
            one.path.unlink()
    except FileNotFoundError:
        return


def _put_by(path: Path, there: Path, reasons: list[str]) -> None:
    """Move a refused file, the reason first: whoever is killed in between finds the file again."""
    there.mkdir(exist_ok=True)
    name, number = path.name, 1
    while os.path.lexists(there / name):
        number += 1
        name = f"{path.stem}-{number}{path.suffix}"
    lines = [f"{count} x {reason}" if count > 1 else reason for reason, count in Counter(reasons).items()]
    (there / f"{name}{REASON}").write_text("\n".join(lines) + "\n", "utf-8")
    path.rename(there / name)


def _tell(summary: Summary, *, sender: Sender, now: datetime) -> None:
    """Put the summary of one look into the ledger."""
    failed = summary.counts[Outcome.REFUSED]
    told = Event(
        kind=EventKind.IMPORT_FINISHED,
        actor=sender.actor,
        subject=SubjectRef.nothing(),
        purpose=PurposeOfUse.RECORDS,
        outcome=AuditOutcome.MINOR_FAILURE if failed else AuditOutcome.SUCCESS,
        at=now,
        place=sender.place,
        detail={"from": "watched folder", **{outcome.value: summary.counts[outcome] for outcome in Outcome}},
    )
    record_many([told])
