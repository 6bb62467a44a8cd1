"""Reports that come without images, over HL7: attached to their examination, or kept apart until it is certain.

A report that comes before its images waits as a case, and goes to its examination by itself when that arrives.
"""

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import DatabaseError, transaction

from scanward.archive import damage, notes, versions
from scanward.archive.arrivals import Result, Sender
from scanward.archive.identities import held_identity
from scanward.archive.models import HeldForm, HeldObject, HeldReason, Report, Study, deflate
from scanward.archive.place import vault
from scanward.archive.placing import Nowhere, place
from scanward.archive.reports import store_once
from scanward.archive.versions import OutOfOrder
from scanward.audit.actions import record
from scanward.audit.event import ActorRef, Place, SubjectRef
from scanward.audit.kinds import Channel, EventKind, Outcome, SubjectKind
from scanward.law.purpose import PurposeOfUse
from scanward.reporting import hl7, oru
from scanward.reporting.kinds import Result as Read
from scanward.vault import NewObject, VaultError

log = logging.getLogger(__name__)
# Where a case can wait for its images: the others need a person in any event.
WAITING = (HeldReason.STUDY_UNKNOWN, HeldReason.PATIENT_UNKNOWN)


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of one report of a message."""

    result: Result
    report: Report | None = None
    held: HeldReason | None = None


def read(data: bytes, *, default_codec: str = "") -> list[Read]:
    """Read the reports of an HL7 message.

    Raises: BadMessage: it can't be read, or is none.
    """
    return oru.results(hl7.read(data, default_codec=default_codec), zone=ZoneInfo(settings.FACILITY_TIME_ZONE))


def take(found: Sequence[Read], data: bytes, *, codec: str = "", sender: Sender, now: datetime) -> list[Taken]:
    """Keep the reports of a message; when this returns they are durable, indexed and in the ledger.

    Raises:
        OutOfOrder: nothing of it was kept. VaultError: not all of it was kept; it may be sent again.
    """
    places = [place(each, issuer=sender.issuer) for each in found]
    for each, where in zip(found, places, strict=True):
        if isinstance(where, Study):
            versions.check_order(where, versions.content_of(each.report, now=now))
    return [
        _attach(each, where, data, sender=sender, now=now)
        if isinstance(where, Study)
        else _hold(number, each, where, data, codec=codec, sender=sender, now=now)
        for number, (each, where) in enumerate(zip(found, places, strict=True))
    ]


def _attach(found: Read, study: Study, data: bytes, *, sender: Sender, now: datetime) -> Taken:
    content = versions.content_of(found.report, now=now, original=data)
    report, made = store_once(study, content, sender=sender, now=now)
    return Taken(Result.KEPT if made else Result.DUPLICATE, report)


def _hold(number: int, found: Read, where: Nowhere, data: bytes, *, codec: str, sender: Sender, now: datetime) -> Taken:
    """Keep a report apart, under a key of its own; the same message that comes again is the same case."""
    sha256 = hashlib.sha256(data).hexdigest()
    uid = _uid(f"{sha256}:{number}")
    known = HeldObject.objects.filter(sop_instance_uid=uid, sha256=sha256).first()
    if known:
        return Taken(Result.DUPLICATE, held=HeldReason(known.reason))
    header = _header(found, issuer=sender.issuer)
    held = HeldObject(
        key_id=vault().new_key(),
        reason=where.reason,
        form=HeldForm.HL7,
        detail=codec,
        sop_instance_uid=uid,
        study_instance_uid=header["0020000D"]["Value"][0],
        dicom_json_deflated=deflate(header),
        near_patient=where.near,
        received_at=now,
    )
    with transaction.atomic():
        note = notes.held_note(held)
        [stored] = vault().put([NewObject(held.key_id, held_identity(held), [data], note)])
        held.locator, held.size, held.sha256, held.crc32 = stored.locator, stored.size, stored.sha256, stored.crc32
        held.save(force_insert=True)
        _tell(EventKind.CONFLICT_OPENED, held, {"reason": held.reason}, sender=sender, now=now)
    return Taken(Result.HELD, held=where.reason)


def _header(found: Read, *, issuer: str) -> dict[str, Any]:
    """Return what a case shows and is found by, in the form of DICOM JSON."""
    person = found.person
    # "" where there is no number at all: then there is no case by patient either.
    number, issued_by = person.numbers[0]
    born = f"{person.birth_date:%Y%m%d}" if person.birth_date else ""
    values = {
        "00080050": ("SH", list(found.accessions)),
        "00081030": ("LO", [found.exam]),
        "00100010": ("PN", [{"Alphabetic": f"{person.family_name}^{person.given_name}"}]),
        "00100020": ("LO", [number]),
        "00100021": ("LO", [issued_by or issuer]),
        "00100030": ("DA", [born] if born else []),
        "00100040": ("CS", [person.sex] if person.sex else []),
        # Reports of one examination are one case: without a UID the accession number stands for it.
        "0020000D": ("UI", [found.study_uid or stand_in(found.accessions[0] if found.accessions else "")]),
    }
    return {tag: {"vr": vr, **({"Value": value} if value else {})} for tag, (vr, value) in values.items()}


def stand_in(accession: str) -> str:
    """Return the UID that a case has whose message names an accession number only."""
    return _uid(f"accession:{accession}")


def _uid(text: str) -> str:
    """Return a UID made of a hash (PS3.5 B.2: 2.25 and a number of 128 bits)."""
    return f"2.25.{int.from_bytes(hashlib.sha256(text.encode()).digest()[:16])}"


def attach_report(held: HeldObject, study: Study, *, sender: Sender, now: datetime) -> Report:
    """Give a held report to an examination, as a person decided or as its images showed, and close the case.

    Raises:
        OutOfOrder: the study has a later state of the report; this one stays held.
        Damaged: it can't be read any more. VaultError: nothing was changed.
    """
    found, data = _opened(held)
    content = versions.content_of(found.report, now=held.received_at, original=data)
    with transaction.atomic():
        report, _made = store_once(study, content, sender=sender, now=now)
        HeldObject.objects.filter(pk=held.pk).delete()
        detail: dict[str, str | int] = {"decision": "attached", "reason": held.reason}
        _tell(EventKind.CONFLICT_RESOLVED, held, detail, sender=sender, now=now, patient=str(study.patient_id))
    vault().erase(held.key_id)
    return report


def _opened(held: HeldObject) -> tuple[Read, bytes]:
    """Read a held report again."""
    with damage.about(damage.about_case(held)), vault().open(held.locator, held.key_id, held_identity(held)) as stream:
        data = stream.read()
    sha256 = hashlib.sha256(data).hexdigest()
    for number, found in enumerate(read(data, default_codec=held.detail)):
        if _uid(f"{sha256}:{number}") == held.sop_instance_uid:
            return found, data
    raise LookupError("a held message lacks its report")


def attach_waiting(studies: Sequence[Study] | None, *, now: datetime) -> int:
    """Give the reports that waited for these examinations (or for any) to them; return how many.

    What fails stays a case; a failure here never holds up the images.
    """
    rows = HeldObject.objects.filter(form=HeldForm.HL7, reason__in=WAITING).order_by("received_at", "id")
    if studies is not None:
        uids = [uid for study in studies for uid in (study.study_instance_uid, stand_in(study.accession_number))]
        rows = rows.filter(study_instance_uid__in=uids)
    return sum(_try(held, now=now) for held in rows)


def _try(held: HeldObject, *, now: datetime) -> bool:
    """Attach one waiting report if it is certain now where it belongs."""
    sender = Sender(ActorRef.system("archive"), Place("", channel=Channel.HL7), settings.FACILITY_ISSUER)
    try:
        found, _data = _opened(held)
        # Whose numbers were meant was settled when it came.
        where = place(found, issuer=_issuer(held))
        if not isinstance(where, Study):
            return False
        attach_report(held, where, sender=sender, now=now)
    except (OutOfOrder, VaultError, DatabaseError) as error:
        log.warning("a waiting report was not attached: %s", type(error).__name__)
        return False
    return True


def _issuer(held: HeldObject) -> str:
    return str(held.dicom_json["00100021"]["Value"][0])


def _tell(
    kind: EventKind,
    held: HeldObject,
    detail: dict[str, str | int],
    *,
    sender: Sender,
    now: datetime,
    patient: str = "",
) -> None:
    record(
        kind,
        actor=sender.actor,
        subject=SubjectRef(SubjectKind.CASE, str(held.id), patient or str(held.near_patient_id or "")),
        purpose=PurposeOfUse.RECORDS,
        outcome=Outcome.SUCCESS,
        at=now,
        place=sender.place,
        detail=detail,
    )
