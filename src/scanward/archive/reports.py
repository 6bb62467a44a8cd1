"""The radiologist's report: kept in the vault like the images, each version beside the ones before."""

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from django.db import transaction

from scanward.access.kinds import Grant
from scanward.archive import notes, reading, versions
from scanward.archive.arrivals import Sender
from scanward.archive.damage import about, about_report
from scanward.archive.identities import report_identity
from scanward.archive.models import SIGNED, TAKEN_BACK, Report, ReportStatus, Study
from scanward.archive.place import vault
from scanward.archive.versions import ReportContent
from scanward.audit.actions import record
from scanward.audit.event import SubjectRef
from scanward.audit.kinds import EventKind, Outcome, SubjectKind
from scanward.law.purpose import PurposeOfUse
from scanward.reporting.kinds import Document, Section, SectionKind

__all__ = [
    "Section",
    "SectionKind",
    "current",
    "read_document",
    "read_report",
    "store_content",
    "store_once",
    "store_report",
]

# What a status that is sent again may have become beside earlier versions (see `versions.in_line`).
_MEANT: Final = {ReportStatus.FINAL: SIGNED, ReportStatus.CANCELLED: TAKEN_BACK}


def current(study: Study) -> Report | None:
    """Return the report that people may go by: the latest version, or None where that takes it back."""
    latest = study.reports.first()
    return None if latest is None or latest.status in TAKEN_BACK else latest


def store_report(
    study: Study,
    sections: Sequence[Section],
    *,
    status: ReportStatus,
    finalized_at: datetime | None,
    sender: Sender,
    now: datetime,
) -> Report:
    """Keep a version of the report; when this returns it is durable, indexed and in the ledger.

    Raises:
        VaultError: nothing was kept.
    """
    return store_content(study, ReportContent(tuple(sections), status, finalized_at), sender=sender, now=now)


def store_content(study: Study, content: ReportContent, *, sender: Sender, now: datetime) -> Report:
    """Keep a version of the report as it arrived.

    Raises:
        VaultError: nothing was kept.
    """
    with transaction.atomic():
        report = versions.new_version(study, content, now=now)
        about = notes.study_note(study, patient=notes.patient_note(study.patient))
        [stored] = vault().put([versions.new_object(report, content, study=about)])
        report.locator, report.size = stored.locator, stored.size
        report.sha256, report.crc32 = stored.sha256, stored.crc32
        report.save(force_insert=True)
        versions.tell(report, sender=sender, now=now)
    return report


def store_once(study: Study, content: ReportContent, *, sender: Sender, now: datetime) -> tuple[Report, bool]:
    """Keep a version of the report, unless it is here already; return it, and whether it was made now.

    Raises:
        OutOfOrder: a later state of it is here. VaultError: nothing was kept.
        Damaged: the version to compare with can't be read.
    """
    with transaction.atomic():
        # One at a time: two connections may bring the same message at the same moment.
        Study.objects.select_for_update().get(pk=study.pk)
        known = _known(study, content)
        if known:
            _tell_duplicate(known, sender=sender, now=now)
            return known, False
        versions.check_order(study, content)
        return store_content(study, versions.in_line(study, content), sender=sender, now=now), True


def _known(study: Study, content: ReportContent) -> Report | None:
    """Return the version that came in this very message, or the latest one if the message says nothing new."""
    sha256 = hashlib.sha256(b"".join(versions.written(content))).hexdigest()
    latest = study.reports.first()
    if latest is None or (same := study.reports.filter(sha256=sha256).first()):
        return same if latest else None
    return latest if says_the_same(latest, content) else None


def says_the_same(report: Report, content: ReportContent) -> bool:
    """Return whether a version has the same text, document, urgency, mark and finality."""
    # A wire that has no marks takes none away.
    if report.critical != content.critical or content.mark not in ("", report.mark):
        return False
    if report.status not in _MEANT.get(content.status, (content.status,)):
        return False
    study, identity = report.study, report_identity(report)
    with about(about_report(report, study.patient_id)), vault().open(report.locator, study.key_id, identity) as stream:
        kept = stream.read()
    same_words = _words(versions.sections_of(kept)) == _words(content.sections)
    return same_words and versions.document_of(kept) == content.document


def _words(sections: Iterable[Section]) -> list[str]:
    """Return all words in their order: the same report on another wire has other line ends and headings."""
    return " ".join(section.text for section in sections).casefold().split()


def _tell_duplicate(report: Report, *, sender: Sender, now: datetime) -> None:
    record(
        EventKind.OBJECT_DUPLICATE,
        actor=sender.actor,
        subject=SubjectRef(SubjectKind.STUDY, str(report.study_id), str(report.study.patient_id)),
        purpose=PurposeOfUse.RECORDS,
        outcome=Outcome.SUCCESS,
        at=now,
        place=sender.place,
        detail={"version": report.version},
    )


def read_report(grant: Grant, report: Report, *, now: datetime) -> list[Section]:
    """Return the report's sections.

    Raises:
        GrantError: the grant is not for this report.
        VaultError: the report is damaged, or its study was erased.
    """
    with reading.open(grant, report, now=now) as stream:
        return versions.sections_of(stream.read())


def read_document(grant: Grant, report: Report, *, now: datetime) -> Document | None:
    """Return the document of the version, or None.

    Raises:
        GrantError: the grant is not for this report.
        VaultError: the report is damaged, or its study was erased.
    """
    with reading.open(grant, report, now=now) as stream:
        return versions.document_of(stream.read())
