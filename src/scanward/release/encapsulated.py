"""A report as a DICOM object, for another hospital's system: Encapsulated PDF (PS3.3 A.45.1)."""

import uuid
from collections.abc import Callable
from datetime import datetime
from io import BytesIO

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, EncapsulatedPDFStorage, ExplicitVRLittleEndian

from scanward.archive.models import Report, Study
from scanward.release import house
from scanward.release.contents import Permit, Wanted, report_document
from scanward.release.corrections import statement_document
from scanward.release.wires import Item

# Ours alone: the same report of the same package is the same object at each sending.
NAMES = uuid.UUID("6f0c6c1e-3f0a-5d55-9c3e-0c6f2f3f8a41")


def item(report: Report, wanted: Wanted, permit: Permit, *, before: Callable[[], None]) -> Item:
    """Return the object; `before` is called before the report is opened, and may stop it."""
    uid = _uid(f"{wanted.release}:{report.pk}")

    def read() -> bytes:
        before()
        permit.check()
        sections, day = permit.sections(report), house.today(wanted.as_of)
        pdf = report_document(report.study, report, sections, language=wanted.language, day=day)
        return _written(report.study, "Radiology report", report.finalized_at, pdf, uid=uid, release=wanted.release)

    return Item(EncapsulatedPDFStorage, uid, ExplicitVRLittleEndian, read)


def statement(study: Study, wanted: Wanted, permit: Permit, *, before: Callable[[], None]) -> Item | None:
    """Return what goes along about corrections of a study; None where there is nothing (45 CFR 164.526(d)(5))."""
    pdf = statement_document([study], language=wanted.language, day=house.today(wanted.as_of))
    if pdf is None:
        return None
    uid = _uid(f"{wanted.release}:statement:{study.pk}")

    def read() -> bytes:
        before()
        permit.check()
        return _written(study, "About a correction of this record", wanted.as_of, pdf, uid=uid, release=wanted.release)

    return Item(EncapsulatedPDFStorage, uid, ExplicitVRLittleEndian, read)


def _written(study: Study, title: str, when: datetime | None, pdf: bytes, *, uid: str, release: str) -> bytes:
    """Return the file; lengths are even (PS3.5 7.1), and the true one stands beside."""
    patient = study.patient
    number = patient.identifiers.first()
    made = Dataset()
    made.SpecificCharacterSet = "ISO_IR 192"
    made.SOPClassUID, made.SOPInstanceUID = EncapsulatedPDFStorage, uid
    made.StudyInstanceUID, made.SeriesInstanceUID = study.study_instance_uid, _uid(f"{release}:reports")
    made.PatientName = patient.dicom_name or f"{patient.family_name}^{patient.given_name}"
    made.PatientID = number.value if number else ""
    made.IssuerOfPatientID = number.issuer if number else ""
    made.PatientBirthDate = f"{patient.birth_date:%Y%m%d}" if patient.birth_date else ""
    made.PatientSex = patient.sex
    made.StudyDate, made.StudyTime = _moment(study.performed_at)
    made.AccessionNumber, made.StudyID, made.ReferringPhysicianName = "", "", ""
    made.Modality, made.SeriesNumber, made.InstanceNumber = "DOC", None, 1
    made.ConversionType, made.BurnedInAnnotation = "WSD", "YES"
    made.ContentDate, made.ContentTime = _moment(when)
    made.AcquisitionDateTime = ""
    made.DocumentTitle, made.MIMETypeOfEncapsulatedDocument = title, "application/pdf"
    made.ConceptNameCodeSequence = []
    made.EncapsulatedDocument = pdf + b"\0" * (len(pdf) % 2)
    made.EncapsulatedDocumentLength = len(pdf)
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made.file_meta.MediaStorageSOPClassUID = EncapsulatedPDFStorage
    made.file_meta.MediaStorageSOPInstanceUID = UID(uid)
    out = BytesIO()
    made.save_as(out, enforce_file_format=True)
    return out.getvalue()


def _moment(when: datetime | None) -> tuple[str, str]:
    """Return day and time as the scanner beside it writes them (PS3.3 C.12.1.1.8: local, without an offset)."""
    return (f"{house.wall(when):%Y%m%d}", f"{house.wall(when):%H%M%S}") if when else ("", "")


def _uid(name: str) -> str:
    """Return a UID made of a UUID (PS3.5 B.2)."""
    return f"2.25.{uuid.uuid5(NAMES, name).int}"
