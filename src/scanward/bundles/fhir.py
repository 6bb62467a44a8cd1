"""A study and its report as a FHIR R4 Bundle: Patient, ImagingStudy, DiagnosticReport, DocumentReference."""

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha1
from typing import Any
from uuid import UUID

Resource = dict[str, Any]
_LOINC, _DCM, _UID = "http://loinc.org", "http://dicom.nema.org/resources/ontology/DCM", "urn:dicom:uid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Whose record it is."""

    id: UUID
    family: str
    given: Sequence[str]
    birth_date: date | None = None
    # male, female or other; empty where it is not known.
    gender: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Images:
    """One series."""

    uid: str
    modality: str
    number: int | None
    description: str
    # SOP Class and SOP Instance UID of each.
    instances: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One finished report: its words by section, and the PDF for people."""

    id: UUID
    status: str
    issued: datetime | None
    sections: Mapping[str, str]
    pdf: bytes
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Exam:
    """One study with what may be shown of it."""

    id: UUID
    uid: str
    description: str
    performed_at: datetime | None
    series: Sequence[Images] = ()
    report: Document | None = None


def bundle(person: Person, exams: Sequence[Exam], *, sender: str, made_at: datetime, images_at: str = "") -> bytes:
    """Return the Bundle as JSON. `images_at` is where the images can be looked at; empty: nowhere from here."""
    found = [_patient(person)]
    if images_at:
        found.append(_endpoint(images_at))
    for exam in exams:
        if exam.series:
            found.append(_study(exam, person, images_at=images_at))
        if exam.report:
            found += [_report(exam, exam.report, person, sender), _document(exam, exam.report, person, sender)]
    entries = [{"fullUrl": f"urn:uuid:{resource['id']}", "resource": resource} for resource in found]
    whole = {"resourceType": "Bundle", "type": "collection", "timestamp": _time(made_at), "entry": entries}
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode()


def _patient(person: Person) -> Resource:
    name = {"family": person.family, "given": [part for part in person.given if part]}
    made: Resource = {
        "resourceType": "Patient",
        "id": str(person.id),
        "name": [{key: value for key, value in name.items() if value}],
    }
    made |= {"birthDate": person.birth_date.isoformat()} if person.birth_date else {}
    return made | ({"gender": person.gender} if person.gender else {})


def _study(exam: Exam, person: Person, *, images_at: str) -> Resource:
    modalities = sorted({series.modality for series in exam.series if series.modality})
    made: Resource = {
        "resourceType": "ImagingStudy",
        "id": str(exam.id),
        "identifier": [{"system": _UID, "value": f"urn:oid:{exam.uid}"}],
        "status": "available",
        "modality": [{"system": _DCM, "code": code} for code in modalities],
        "subject": _to(person.id),
        "numberOfSeries": len(exam.series),
        "numberOfInstances": sum(len(series.instances) for series in exam.series),
        "series": [_series(series) for series in exam.series],
    }
    made |= {"started": _time(exam.performed_at)} if exam.performed_at else {}
    made |= {"description": exam.description} if exam.description else {}
    return made | ({"endpoint": [_to(_endpoint_id(images_at))]} if images_at else {})


def _series(series: Images) -> Resource:
    instances = [
        {"uid": uid, "sopClass": {"system": "urn:ietf:rfc:3986", "code": f"urn:oid:{sop_class}"}}
        for sop_class, uid in series.instances
    ]
    made: Resource = {
        "uid": series.uid,
        "modality": {"system": _DCM, "code": series.modality or "CT"},
        "numberOfInstances": len(instances),
        "instance": instances,
    }
    made |= {"number": series.number} if series.number is not None and series.number >= 0 else {}
    return made | ({"description": series.description} if series.description else {})


def _report(exam: Exam, report: Document, person: Person, sender: str) -> Resource:
    made: Resource = {
        "resourceType": "DiagnosticReport",
        "id": str(report.id),
        "status": report.status,
        "category": [_coded("http://terminology.hl7.org/CodeSystem/v2-0074", "RAD", "Radiology")],
        "code": _coded(_LOINC, "18748-4", "Diagnostic imaging study"),
        "subject": _to(person.id),
        "performer": [{"display": sender}],
        "presentedForm": [_pdf(report)],
    }
    made |= {"imagingStudy": [_to(exam.id)]} if exam.series else {}
    made |= {"effectiveDateTime": _time(exam.performed_at)} if exam.performed_at else {}
    made |= {"issued": _time(report.issued)} if report.issued else {}
    return made | ({"conclusion": report.sections["impression"]} if report.sections.get("impression") else {})


def _document(exam: Exam, report: Document, person: Person, sender: str) -> Resource:
    """The same PDF where apps that know documents only look for it."""
    return {
        "resourceType": "DocumentReference",
        "id": str(_derived(report.id, "document")),
        "status": "current",
        "docStatus": "amended" if report.status == "amended" else report.status,
        "type": _coded(_LOINC, "18748-4", "Diagnostic imaging study"),
        "subject": _to(person.id),
        "author": [{"display": sender}],
        "description": exam.description or "CT",
        "content": [{"attachment": _pdf(report)}],
        "context": {"related": [_to(report.id)]},
    }


def _endpoint(address: str) -> Resource:
    """Where the images can be looked at (the specification's "interactive experience")."""
    return {
        "resourceType": "Endpoint",
        "id": str(_endpoint_id(address)),
        "status": "active",
        "connectionType": {
            "system": "https://smarthealthit.org",
            "code": "shl-interactive-experience",
        },
        "name": "The images, in the browser",
        "payloadType": [{"text": "DICOM images"}],
        "address": address,
    }


def _pdf(report: Document) -> Resource:
    # FHIR R4: the hash of an attachment is SHA-1.
    digest = sha1(report.pdf, usedforsecurity=False).digest()
    return {
        "contentType": "application/pdf",
        "language": report.language,
        "title": "CT report",
        "data": b64encode(report.pdf).decode(),
        "size": len(report.pdf),
        "hash": b64encode(digest).decode(),
    }


def _coded(system: str, code: str, display: str) -> Resource:
    return {"coding": [{"system": system, "code": code, "display": display}]}


def _to(target: UUID) -> Resource:
    return {"reference": f"urn:uuid:{target}"}


def _endpoint_id(address: str) -> UUID:
    return _derived(UUID(int=0), address)


def _derived(whose: UUID, what: str) -> UUID:
    """An id that is the same each time for the same thing."""
    return UUID(bytes=sha1(whose.bytes + what.encode(), usedforsecurity=False).digest()[:16], version=5)


def _time(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")
