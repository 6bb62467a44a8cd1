"""What the vault keeps beside each object, so that the index can be made again from the vault alone.

A note is its version, the length of its facts, the facts (JSON), and the header (deflated DICOM JSON) as the index has
it too. Notes of version 1 were one deflated JSON with the header inside. The vault encrypts them.
"""

import json
import struct
import zlib
from datetime import datetime
from typing import Any
from uuid import UUID

from scanward.archive.models import HeldObject, Instance, Report, Study, inflate
from scanward.people.models import Patient

VERSION = 2
_FRONT = struct.Struct(">BI")


def pack(facts: dict[str, Any], header: bytes = b"") -> bytes:
    """Return a note as the vault takes it."""
    written = _WRITER.encode(facts).encode()
    return _FRONT.pack(VERSION, len(written)) + written + header


def unpack(note: bytes) -> dict[str, Any]:
    """Return the facts of a note, and its header, where it has one, as `header`."""
    if note[0] != VERSION:
        first: dict[str, Any] = json.loads(zlib.decompress(note))
        return first
    end = _FRONT.size + _FRONT.unpack_from(note)[1]
    found: dict[str, Any] = json.loads(note[_FRONT.size : end])
    if note[end:]:
        found["header"] = inflate(note[end:])
    return found


def patient_note(patient: Patient) -> dict[str, Any]:
    """Return what makes the patient's row again."""
    return {
        "id": patient.id,
        "family": patient.family_name,
        "given": patient.given_name,
        "name": patient.dicom_name,
        "born": patient.birth_date and patient.birth_date.isoformat(),
        "sex": patient.sex,
        "identifiers": sorted(patient.identifiers.values_list("value", "issuer")),
    }


def study_note(study: Study, *, patient: dict[str, Any]) -> dict[str, Any]:
    """Return what makes the study's row again, its patient's included."""
    return {"patient": patient, "id": study.id, "uid": study.study_instance_uid, "key": study.key_id}


def instance_note(instance: Instance, *, study: dict[str, Any]) -> bytes:
    """Return the note of an instance."""
    return pack(
        {
            "kind": "instance",
            "at": instance.received_at,
            "study": study,
            "series": instance.series_id,
            "id": instance.id,
            "syntax": instance.transfer_syntax_uid,
            "frames": instance.frames,
            "preamble": instance.preamble,
        },
        bytes(instance.dicom_json_deflated),
    )


def report_note(report: Report, *, study: dict[str, Any]) -> bytes:
    """Return the note of a report."""
    return pack(
        {
            "kind": "report",
            "at": report.received_at,
            "study": study,
            "id": report.id,
            "version": report.version,
            "status": report.status,
            "finalized": report.finalized_at,
            "critical": report.critical,
            "mark": report.mark,
            "source": report.source_id,
        }
    )


def held_note(held: HeldObject) -> bytes:
    """Return the note of an object that waits for a decision."""
    return pack(
        {
            "kind": "held",
            "at": held.received_at,
            "id": held.id,
            "key": held.key_id,
            "reason": held.reason,
            "form": held.form,
            "detail": held.detail,
            "near_patient": held.near_patient_id,
            "near_instance": held.near_instance_id,
            "uid": held.sop_instance_uid,
        },
        bytes(held.dicom_json_deflated),
    )


def _plain(value: object) -> str:
    """Write ids and times as text."""
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"a note holds no {type(value).__name__}")


_WRITER = json.JSONEncoder(separators=(",", ":"), default=_plain)
