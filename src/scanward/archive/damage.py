"""Damage that is met while somebody reads: what it is about, and its entry in the ledger."""

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import BinaryIO, Final

from django.db import transaction

from scanward.archive.errors import VaultError
from scanward.archive.models import HeldObject, Instance, Report
from scanward.audit.actions import record
from scanward.audit.event import ActorRef, Place, SubjectRef
from scanward.audit.kinds import EventKind, Outcome, SubjectKind
from scanward.law.purpose import PurposeOfUse
from scanward.vault import Reason

# What stays wrong however often one tries. A disk that does not answer is not damage.
LASTING: Final = frozenset({Reason.DAMAGED, Reason.NOT_FOUND, Reason.ERASED, Reason.KEY, Reason.LOCATOR})
INDEX: Final[Mapping[SubjectKind, type[Instance] | type[Report] | type[HeldObject]]] = {
    SubjectKind.INSTANCE: Instance,
    SubjectKind.REPORT: Report,
    SubjectKind.CASE: HeldObject,
}


class Damaged(VaultError):
    """What the index names is damaged or missing in the vault; `subject` says what it is."""

    def __init__(self, error: VaultError, subject: SubjectRef) -> None:
        super().__init__(error.reason, str(error))
        self.subject = subject

    def gone(self) -> bool:
        """Return whether it was taken away while somebody read: its key was erased, or the index names it no more."""
        return self.reason is Reason.ERASED or not INDEX[self.subject.kind].objects.filter(pk=self.subject.id).exists()


class Watched(io.BufferedIOBase):
    """A reader that says about what it is when it meets damage."""

    def __init__(self, stream: BinaryIO, subject: SubjectRef) -> None:
        super().__init__()
        self._stream, self._subject = stream, subject

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def tell(self) -> int:
        """Return the position."""
        return self._stream.tell()

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Move; nothing is read yet."""
        return self._stream.seek(offset, whence)

    def read(self, size: int | None = -1, /) -> bytes:
        """Read up to `size` bytes. Raises: Damaged."""
        with about(self._subject):
            return self._stream.read(-1 if size is None else size)

    def close(self) -> None:
        """Close what is read."""
        self._stream.close()
        super().close()


@contextmanager
def about(subject: SubjectRef) -> Iterator[None]:
    """Say about what the damage is that a block meets. Raises: Damaged."""
    try:
        yield
    except VaultError as error:
        if error.reason not in LASTING or isinstance(error, Damaged):
            raise
        raise Damaged(error, subject) from error


def about_instance(instance: Instance, patient_id: object) -> SubjectRef:
    """Name an image."""
    return SubjectRef(SubjectKind.INSTANCE, str(instance.pk), str(patient_id))


def about_report(report: Report, patient_id: object) -> SubjectRef:
    """Name a version of a report."""
    return SubjectRef(SubjectKind.REPORT, str(report.pk), str(patient_id))


def about_case(held: HeldObject) -> SubjectRef:
    """Name an object that waits for a decision."""
    return SubjectRef(SubjectKind.CASE, str(held.pk), str(held.near_patient_id or ""))


def tell(damage: Damaged, *, actor: ActorRef, place: Place, now: datetime) -> None:
    """Write the damage down, outside of the deed's transaction, which has failed."""
    write(damage.subject, {"reason": damage.reason.value}, actor=actor, place=place, now=now)


def write(
    subject: SubjectRef, detail: Mapping[str, str | int], *, actor: ActorRef, place: Place, now: datetime
) -> None:
    """Write one entry of damage, in a transaction of its own."""
    with transaction.atomic():
        record(
            EventKind.DAMAGE_FOUND,
            actor=actor,
            subject=subject,
            purpose=PurposeOfUse.SYSTEM,
            outcome=Outcome.SERIOUS_FAILURE,
            at=now,
            place=place,
            detail=detail,
        )
