"""A version of the radiologist's report: what is in it, how it is written, and what the ledger hears of it."""

import base64
import json
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from django.db.models import Max

from scanward.archive import notes, urgent
from scanward.archive.identities import report_identity
from scanward.archive.models import SIGNED, TAKEN_BACK, Instance, Report, ReportStatus, Study
from scanward.audit.actions import record
from scanward.audit.event import SubjectRef
from scanward.audit.kinds import EventKind, Outcome, SubjectKind
from scanward.law.purpose import PurposeOfUse
from scanward.reporting.kinds import Document, ReportText, Section, SectionKind
from scanward.reporting.plain import plain
from scanward.vault import NewObject

if TYPE_CHECKING:
    from scanward.archive.arrivals import Sender

_KINDS: Final = {
    ReportStatus.AMENDED: EventKind.REPORT_AMENDED,
    ReportStatus.CANCELLED: EventKind.REPORT_TAKEN_BACK,
    ReportStatus.WITHDRAWN: EventKind.REPORT_TAKEN_BACK,
}


class OutOfOrder(Exception):
    """A later state of the report is here already; this one is not taken."""


@dataclass(frozen=True, slots=True)
class ReportContent:
    """A report as it arrived, on whichever wire: its parts, how final it is, and the bytes that it was read from."""

    sections: tuple[Section, ...]
    status: ReportStatus
    finalized_at: datetime | None = None
    critical: bool = False
    # Empty for a report that is a DICOM object: the object itself is kept beside it.
    original: bytes = b""
    # What is handed out as it came: a PDF.
    document: Document | None = None
    mark: str = ""


def content_of(text: ReportText, *, now: datetime, original: bytes = b"") -> ReportContent:
    """Return a report that was read, as a version of it; what names no time was signed, or taken back, when it came."""
    status = ReportStatus(text.standing.value)
    # A clock that is ahead would keep a report back for longer than the law says.
    at = None if status is ReportStatus.PRELIMINARY else min(text.at or now, now)
    return ReportContent(text.sections, status, at, text.critical, original, text.document, text.mark)


def new_version(
    study: Study, content: ReportContent, *, now: datetime, source: Instance | None = None, ahead: int = 0
) -> Report:
    """Make the row of the next version, not yet saved; `ahead` are those that were made and not saved either."""
    latest = Report.objects.filter(study=study).aggregate(Max("version"))["version__max"] or 0
    return Report(
        study=study,
        version=latest + ahead + 1,
        status=content.status,
        finalized_at=content.finalized_at,
        critical=content.critical,
        mark=content.mark,
        source=source,
        received_at=now,
    )


def check_order(study: Study, content: ReportContent) -> None:
    """Look whether the content may follow the versions that are here.

    Raises: OutOfOrder: a preliminary report would follow a final one, or an old report its own withdrawal.
    """
    rows = Report.objects.filter(study=study)
    if content.status == ReportStatus.PRELIMINARY:
        if rows.exclude(status=ReportStatus.PRELIMINARY).exists():
            raise OutOfOrder
    elif content.status not in TAKEN_BACK:
        latest = rows.order_by("-version").first()
        if latest and latest.status in TAKEN_BACK and _not_after(content.finalized_at, latest.finalized_at):
            raise OutOfOrder


def _not_after(signed: datetime | None, taken_back: datetime | None) -> bool:
    return signed is None or taken_back is None or signed <= taken_back


def in_line(study: Study, content: ReportContent) -> ReportContent:
    """Return the content with its status beside the earlier versions.

    A second final report corrects the first; where somebody may have read one, a cancellation takes it back.
    """
    if content.status not in (ReportStatus.FINAL, ReportStatus.CANCELLED):
        return content
    if not Report.objects.filter(study=study, status__in=SIGNED).exists():
        return content
    second = ReportStatus.AMENDED if content.status == ReportStatus.FINAL else ReportStatus.WITHDRAWN
    return replace(content, status=second)


def new_object(report: Report, content: ReportContent, *, study: dict[str, Any]) -> NewObject:
    """Describe the version to the vault; `study` is the study's note."""
    note = notes.report_note(report, study=study)
    return NewObject(report.study.key_id, report_identity(report), written(content), note)


def written(content: ReportContent) -> list[bytes]:
    """Return the bytes that the vault keeps, in pieces: a document is not copied more often than it must."""
    kept = json.dumps({"sections": [asdict(section) for section in content.sections]}, ensure_ascii=False).encode()
    pieces = [kept[:-1]]
    if content.original:
        pieces += [b', "original": "', base64.b64encode(content.original), b'"']
    if content.document:
        media_type = json.dumps(content.document.media_type).encode()
        pieces += [b', "media_type": ', media_type, b', "document": "', base64.b64encode(content.document.data), b'"']
    return [*pieces, b"}"]


def sections_of(kept: bytes) -> list[Section]:
    """Return the sections from what the vault keeps, harmless to show; the first reports were a plain list."""
    found = json.loads(kept)
    rows = found["sections"] if isinstance(found, dict) else found
    return [Section(SectionKind(row["kind"]), plain(row["text"])) for row in rows]


def document_of(kept: bytes) -> Document | None:
    """Return the document that came with the version, or as the version."""
    found = json.loads(kept)
    if not isinstance(found, dict) or "document" not in found:
        return None
    return Document(found["media_type"], base64.b64decode(found["document"]))


def tell(report: Report, *, sender: "Sender", now: datetime) -> None:
    """Write the ledger's entries of a version: that it is there, and that its finding is urgent (H9)."""
    kind = _KINDS.get(ReportStatus(report.status), EventKind.REPORT_STORED)
    urgent_kind = EventKind.URGENT_FINDING_FLAGGED
    told = {"told": urgent.tell(report, now=now)} if report.critical else {}
    marked = {"marked": 1} if report.mark else {}
    for each in [kind, urgent_kind] if report.critical else [kind]:
        record(
            each,
            actor=sender.actor,
            subject=SubjectRef(SubjectKind.STUDY, str(report.study_id), str(report.study.patient_id)),
            purpose=PurposeOfUse.RECORDS,
            outcome=Outcome.SUCCESS,
            at=now,
            place=sender.place,
            detail={"version": report.version, "status": report.status, **(told if each is urgent_kind else marked)},
        )
