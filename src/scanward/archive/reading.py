"""The one way out: bytes leave only against a grant that `access` has made for exactly this record."""

from datetime import datetime
from typing import BinaryIO, cast

from scanward.access.kinds import Action, Grant, Projection
from scanward.archive.damage import Watched, about, about_instance, about_report
from scanward.archive.identities import instance_identity, report_identity
from scanward.archive.models import Instance, Report, Study
from scanward.archive.place import vault
from scanward.audit.event import SubjectRef

OPENS_IMAGES = frozenset({Action.VIEW_IMAGES, Action.DOWNLOAD})
OPENS_REPORTS = frozenset({Action.VIEW_REPORT, Action.DOWNLOAD})


class GrantError(Exception):
    """The grant does not open this object, or not any more."""


def open(grant: Grant, wanted: Instance | Report, *, now: datetime) -> BinaryIO:
    """Return a seekable reader of the object's bytes, each segment verified as it is read.

    Raises:
        GrantError: the grant is for another record or action, or has ended.
        Damaged: here or while it is read; or its study was erased. VaultError: the disk does not answer.
    """
    study = wanted.series.study if isinstance(wanted, Instance) else wanted.study
    check(grant, study, OPENS_IMAGES if isinstance(wanted, Instance) else OPENS_REPORTS, now=now)
    subject = _subject(wanted, study)
    with about(subject):
        stream = vault().open(wanted.locator, study.key_id, _identity(wanted, study))
    return cast("BinaryIO", Watched(stream, subject))


def _subject(wanted: Instance | Report, study: Study) -> SubjectRef:
    """Name the object in the ledger."""
    patient = study.patient_id
    return about_instance(wanted, patient) if isinstance(wanted, Instance) else about_report(wanted, patient)


def _identity(wanted: Instance | Report, study: Study) -> str:
    """Return what the vault bound the object's bytes to."""
    return instance_identity(wanted, study) if isinstance(wanted, Instance) else report_identity(wanted)


def check(grant: Grant, study: Study, actions: frozenset[Action], *, now: datetime) -> None:
    """Raise unless the grant covers the study, one of the actions, and this moment.

    Raises:
        GrantError: it does not.
    """
    if not isinstance(grant, Grant):
        raise GrantError("Only a grant of access.decide opens a record.")
    if grant.record.patient != study.patient_id or grant.record.study != study.id:
        raise GrantError("The grant is for another record.")
    if grant.action not in actions or grant.projection is not Projection.ALL:
        raise GrantError("The grant does not allow this to be opened.")
    if not grant.granted_at <= now < grant.expires_at:
        raise GrantError("The grant has ended.")


def is_here(study: Study) -> bool:
    """Whether what belongs to a study can still be read, or its key was destroyed."""
    return not vault().is_erased(study.key_id)
