"""Makes the index again from the vault: all of it after a loss, or the end of it after a crash."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from scanward.archive import facts, notes, results, versions
from scanward.archive.arrivals import Sender
from scanward.archive.models import HeldForm, HeldObject, Instance, Report, Series, Study, VaultPosition, deflate
from scanward.archive.place import vault
from scanward.audit.actions import record
from scanward.audit.event import ActorRef, Place, SubjectRef
from scanward.audit.kinds import Channel, EventKind, Outcome
from scanward.law.purpose import PurposeOfUse
from scanward.people.models import Patient, PatientIdentifier
from scanward.vault import Finding, Note

BATCH = 500
HERE = ActorRef.system("archive")
COMMAND = Place("", channel=Channel.COMMAND)


@dataclass(slots=True)
class Rebuilt:
    """How many rows were missing and are there again, and what could not be read."""

    instances: int = 0
    reports: int = 0
    held: int = 0
    known: int = 0
    damaged: list[Finding] = field(default_factory=list)
    urgent: list[Report] = field(default_factory=list)

    @property
    def rows(self) -> int:
        """The number of rows that were made."""
        return self.instances + self.reports + self.held


def _silent(_seen: int) -> None:
    """Show no progress."""


def recover(*, now: datetime, whole: bool = False, progress: Callable[[int], None] = _silent) -> Rebuilt:
    """Index what the vault has and the index lacks: since the last position, or from the beginning.

    What is damaged is named in the result and left out; nothing is changed in the vault.
    """
    vault().sweep()
    rebuilt = Rebuilt()
    stand = VaultPosition.objects.first()
    after = None if whole or stand is None else stand.position
    batch: list[Note] = []
    seen = 0
    for note in vault().notes(after=after, on_damage=rebuilt.damaged.append):
        batch.append(note)
        seen += 1
        if len(batch) == BATCH:
            _take_in(batch, rebuilt, now=now, whole=whole)
            progress(seen)
            batch = []
    _take_in(batch, rebuilt, now=now, whole=whole)
    progress(seen)
    results.attach_waiting(None, now=now)
    return rebuilt


def _take_in(batch: list[Note], rebuilt: Rebuilt, *, now: datetime, whole: bool) -> None:
    """Make the rows of a batch that are missing, move the position, and tell the ledger, in one transaction."""
    if not batch:
        return
    with transaction.atomic():
        before = rebuilt.rows
        known = _known(batch)
        for note in batch:
            if note.stored.locator in known:
                rebuilt.known += 1
            else:
                _adopt(note, notes.unpack(note.note), rebuilt)
        VaultPosition.objects.update_or_create(pk=1, defaults={"position": batch[-1].position})
        if rebuilt.rows > before:
            _tell(rebuilt.rows - before, now=now)
        # After a crash nobody was told yet; after a loss of the index everybody was, long ago.
        for report in [] if whole else rebuilt.urgent:
            versions.tell(report, sender=Sender(HERE, COMMAND, ""), now=now)
        rebuilt.urgent.clear()


def _known(batch: list[Note]) -> set[str]:
    """Return which of the notes' objects the index has."""
    locators = [note.stored.locator for note in batch]
    found: set[str] = set()
    for model in (Instance, Report, HeldObject):
        found.update(model.objects.filter(locator__in=locators).values_list("locator", flat=True))
    return found


def _adopt(note: Note, content: dict[str, Any], rebuilt: Rebuilt) -> None:
    """Make one object's row."""
    kind = content["kind"]
    if kind == "held":
        rebuilt.held += _adopt_held(note, content)
    elif kind == "report":
        rebuilt.reports += _adopt_report(note, content, rebuilt)
    else:
        rebuilt.instances += _adopt_instance(note, content)


def _adopt_instance(note: Note, content: dict[str, Any]) -> bool:
    """Make an instance's row, and those above it; False if the same object is here from another sender."""
    header = content["header"]
    uid = facts.text(header, "00080018", 64)
    if Instance.objects.filter(sop_instance_uid=uid).exists():
        return False
    study = _study(content["study"], header, datetime.fromisoformat(content["at"]))
    about = facts.series_facts(header)
    series, _made = Series.objects.get_or_create(
        study=study,
        series_instance_uid=about.series_instance_uid,
        defaults={
            "id": UUID(content["series"]),
            "modality": about.modality,
            "number": about.number,
            "description": about.description,
        },
    )
    Instance.objects.create(
        id=UUID(content["id"]),
        series=series,
        sop_instance_uid=uid,
        sop_class_uid=facts.text(header, "00080016", 64),
        transfer_syntax_uid=content["syntax"],
        number=facts.whole_number(header, "00200013"),
        frames=content["frames"],
        preamble=content["preamble"],
        dicom_json_deflated=deflate(header),
        received_at=datetime.fromisoformat(content["at"]),
        **_stored(note),
    )
    return True


def _adopt_report(note: Note, content: dict[str, Any], rebuilt: Rebuilt) -> bool:
    """Make a report's row."""
    at = datetime.fromisoformat(content["at"])
    study = _study(content["study"], {}, at)
    if Report.objects.filter(study=study, version=content["version"]).exists():
        return False
    finalized = content["finalized"]
    report = Report.objects.create(
        id=UUID(content["id"]),
        study=study,
        version=content["version"],
        status=content["status"],
        finalized_at=datetime.fromisoformat(finalized) if finalized else None,
        critical=content.get("critical", False),
        mark=content.get("mark", ""),
        source=Instance.objects.filter(pk=content["source"]).first() if content.get("source") else None,
        received_at=at,
        **_stored(note),
    )
    if report.critical:
        rebuilt.urgent.append(report)
    return True


def _adopt_held(note: Note, content: dict[str, Any]) -> bool:
    """Make the row of an object that waits for a decision."""
    header = content["header"]
    uid = content.get("uid") or facts.text(header, "00080018", 64)
    if HeldObject.objects.filter(sop_instance_uid=uid, sha256=note.stored.sha256).exists():
        return False
    HeldObject.objects.create(
        id=UUID(content["id"]),
        key_id=content["key"],
        reason=content["reason"],
        form=content.get("form", HeldForm.DICOM),
        detail=content.get("detail", ""),
        sop_instance_uid=uid,
        study_instance_uid=facts.text(header, "0020000D", 64) or uid,
        dicom_json_deflated=deflate(header),
        near_patient=Patient.objects.filter(pk=content["near_patient"]).first(),
        near_instance=Instance.objects.filter(pk=content["near_instance"]).first(),
        received_at=datetime.fromisoformat(content["at"]),
        **_stored(note),
    )
    return True


def _study(content: dict[str, Any], header: facts.Header, at: datetime) -> Study:
    """Return the study's row, made again if need be; a report may come before the first image."""
    about = facts.study_facts(header, zone=settings.FACILITY_TIME_ZONE)
    described = {
        "accession_number": about.accession_number,
        "description": about.description,
        "body_part": about.body_part,
        "performed_at": about.performed_at,
    }
    study, made = Study.objects.get_or_create(
        study_instance_uid=content["uid"],
        defaults={
            "id": UUID(content["id"]),
            "patient": _patient(content["patient"]),
            "key_id": content["key"],
            "received_at": at,
            **described,
        },
    )
    if not made and header and not study.performed_at and not study.description:
        Study.objects.filter(pk=study.pk).update(**described)
    return study


def _patient(content: dict[str, Any]) -> Patient:
    """Return the patient's row, made again if need be."""
    born = content["born"]
    patient, _made = Patient.objects.get_or_create(
        id=UUID(content["id"]),
        defaults={
            "family_name": content["family"],
            "given_name": content["given"],
            "dicom_name": content["name"],
            "birth_date": date.fromisoformat(born) if born else None,
            "sex": content["sex"],
        },
    )
    for value, issuer in content["identifiers"]:
        PatientIdentifier.objects.get_or_create(value=value, issuer=issuer, defaults={"patient": patient})
    return patient


def _stored(note: Note) -> dict[str, Any]:
    """Return what the vault says of an object."""
    stored = note.stored
    return {"locator": stored.locator, "size": stored.size, "sha256": stored.sha256, "crc32": stored.crc32}


def _tell(rows: int, *, now: datetime) -> None:
    """Write down that rows were made again."""
    record(
        EventKind.BACKUP_RESTORED,
        actor=ActorRef.system("archive"),
        subject=SubjectRef.nothing(),
        purpose=PurposeOfUse.SYSTEM,
        outcome=Outcome.SUCCESS,
        at=now,
        place=Place("", channel=Channel.COMMAND),
        detail={"rows": rows, "source": "vault"},
    )
