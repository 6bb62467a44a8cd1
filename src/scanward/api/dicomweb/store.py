"""STOW-RS (PS3.18 10.5): objects in, one by one as they come, and what became of each."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from scanward.api.dicomweb.keyed import keyed_sender
from scanward.archive import damage
from scanward.archive.errors import VaultError
from scanward.archive.store import Arrival, Sender
from scanward.dicom.errors import Refused
from scanward.dicom.json_model import Memo
from scanward.dicom.limits import DEFAULT
from scanward.dicom.uids import is_uid
from scanward.intake.dimse.incoming import Incoming, TooLarge
from scanward.intake.receive import Item, Outcome, Received, read, settle
from scanward.web.multipart import BadMultipart, Part, boundary_of, parts

DICOM: Final = "application/dicom"
BATCH: Final = 32
BATCH_BYTES: Final = 16 * 1024 * 1024
# Failure Reason (0008,1197), PS3.18 table I.2-2.
OUT_OF_RESOURCES: Final = 0xA700
MISMATCH: Final = 0xA900
CANNOT_UNDERSTAND: Final = 0xC000
REFERENCED: Final = "00081199"
FAILED: Final = "00081198"
OTHER_FAILURES: Final = "0008119A"


@dataclass(slots=True)
class Told:
    """What became of the objects: the lists of the answer."""

    kept: list[dict[str, Any]] = field(default_factory=list)
    failed: list[dict[str, Any]] = field(default_factory=list)
    # Those that could not even be read have no name to be told by.
    unread: list[dict[str, Any]] = field(default_factory=list)
    full: bool = False
    # What the earlier objects of the body had.
    memo: Memo = field(default_factory=Memo)

    def response(self) -> HttpResponse:
        """Return the answer: 200 all kept, 202 some, 409 none, 507 none because there is no room."""
        lists = {REFERENCED: self.kept, FAILED: self.failed, OTHER_FAILURES: self.unread}
        body = {tag: {"vr": "SQ", "Value": rows} for tag, rows in sorted(lists.items()) if rows}
        lost = bool(self.failed or self.unread)
        status = 200 if not lost else 202 if self.kept else 507 if self.full else 409
        return JsonResponse(body, status=status, content_type="application/dicom+json")


@csrf_exempt
@require_http_methods(["POST"])
def studies(request: HttpRequest, study_uid: str = "") -> HttpResponse:
    """Take in the objects of a multipart/related body; with a study in the address, only that study's."""
    now = timezone.now()
    sender = keyed_sender(request, now=now)
    if isinstance(sender, HttpResponse):
        return sender
    objection = _objection(request, study_uid)
    if objection:
        return objection
    _media_type, _kind, boundary = boundary_of(request.headers["Content-Type"])
    told = Told()
    try:
        for batch in _batches(parts(request.read, boundary)):
            _take(batch, told, study_uid=study_uid, sender=sender, now=now)
    except BadMultipart as error:
        # What was answered for stays; the rest has to come again.
        if not told.kept and not told.failed:
            return _plain(400, str(error))
        told.unread.append(_row(CANNOT_UNDERSTAND))
    return told.response()


def _objection(request: HttpRequest, study_uid: str) -> HttpResponse | None:
    """Return why the body is not even begun to be read."""
    if study_uid and not is_uid(study_uid):
        return _plain(400, "The study in the address is not a UID.")
    if request.headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
        return _plain(415, "Send the objects without Content-Encoding.")
    media_type, kind, boundary = boundary_of(request.headers.get("Content-Type", ""))
    if media_type != "multipart/related" or kind not in ("", DICOM) or not boundary:
        return _plain(415, 'Send multipart/related; type="application/dicom" with a boundary.')
    length = request.META.get("CONTENT_LENGTH") or ""
    if not length.isdigit():
        return _plain(411, "Say the length of the body.")
    if int(length) > settings.UPLOAD_MAX_BYTES:
        return _plain(413, "The body is larger than is taken at once. Send it in parts.")
    return None


def _batches(found: Iterator[Part]) -> Iterator[list[Incoming | None]]:
    """Collect the parts, a few at a time; None for a part that is not taken."""
    batch: list[Incoming | None] = []
    size = 0
    for part in found:
        incoming = _collect(part)
        batch.append(incoming)
        size += incoming.size if incoming else 0
        if len(batch) >= BATCH or size >= BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _collect(part: Part) -> Incoming | None:
    """Collect one part, in memory or in a nameless file."""
    if part.media_type not in (DICOM, "text/plain") or part.encoding not in ("", "identity"):
        return None
    incoming = Incoming(DEFAULT.max_file, settings.DATA / "spool")
    try:
        for chunk in part.chunks:
            incoming.write(memoryview(chunk))
    except TooLarge:
        incoming.close()
        return None
    return incoming


def _take(batch: list[Incoming | None], told: Told, *, study_uid: str, sender: Sender, now: datetime) -> None:
    """Take a batch in, and say what became of each."""
    found: list[tuple[Item, Arrival | Refused]] = []
    for incoming in batch:
        if incoming is None:
            told.unread.append(_row(CANNOT_UNDERSTAND))
            continue
        item = Item("", incoming.bytes(), incoming.digest())
        seen = read(item, told.memo)
        if isinstance(seen, Arrival) and study_uid and seen.inspected.study_instance_uid != study_uid:
            told.failed.append(_row(MISMATCH, seen))
            continue
        found.append((item, seen))
    try:
        answers: list[Received | None] = list(settle(found, sender=sender, now=now))
    except (VaultError, DatabaseError) as error:
        told.full = not isinstance(error, damage.Damaged)
        if isinstance(error, damage.Damaged):
            # What is damaged is what was here before; the new copy of it can't be compared, so it is not taken.
            damage.tell(error, actor=sender.actor, place=sender.place, now=now)
        answers = [None] * len(found)
    for (_item, seen), answer in zip(found, answers, strict=True):
        _tell(told, seen, answer)
    for incoming in batch:
        if incoming:
            incoming.close()


def _tell(told: Told, seen: Arrival | Refused, answer: Received | None) -> None:
    """Put one object into its list. What is held apart for a decision is safe here, and counts as stored."""
    if isinstance(seen, Refused):
        told.unread.append(_row(CANNOT_UNDERSTAND))
    elif answer is None or answer.outcome is Outcome.REFUSED:
        told.failed.append(_row(OUT_OF_RESOURCES, seen))
    else:
        told.kept.append(_row(0, seen))


def _row(reason: int, seen: Arrival | None = None) -> dict[str, Any]:
    """Describe one object in DICOM JSON (PS3.18 annex F)."""
    row: dict[str, Any] = {}
    if seen:
        row["00081150"] = {"vr": "UI", "Value": [seen.inspected.sop_class_uid]}
        row["00081155"] = {"vr": "UI", "Value": [seen.inspected.sop_instance_uid]}
    if reason:
        row["00081197"] = {"vr": "US", "Value": [reason]}
    return row


def _plain(status: int, sentence: str) -> HttpResponse:
    return HttpResponse(sentence + "\n", status=status, content_type="text/plain; charset=utf-8")
