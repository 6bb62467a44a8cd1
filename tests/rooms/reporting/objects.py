"""DICOM objects that are reports, as a workstation makes them."""

from io import BytesIO

import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from cast import ALICE, chest_of
from scanward.dicom.synthetic import SyntheticStudy

STORAGE = "1.2.840.10008.5.1.4.1.1."
FINDINGS, IMPRESSION, RECOMMENDATION = ("121070", "Findings"), ("121072", "Impressions"), ("121074", "Recommendations")


def code(value: str, meaning: str, scheme: str = "DCM") -> Dataset:
    found = Dataset()
    found.CodeValue, found.CodingSchemeDesignator, found.CodeMeaning = value, scheme, meaning
    return found


def item(form: str, name: tuple[str, str], text: str = "", children: list[Dataset] | None = None) -> Dataset:
    found = Dataset()
    found.RelationshipType, found.ValueType = "CONTAINS", form
    found.ConceptNameCodeSequence = [code(*name)]
    if form == "TEXT":
        found.TextValue = text
    elif form == "CODE":
        found.ConceptCodeSequence = [code(text, "Category", "RADLEX")]
    elif form == "CONTAINER":
        found.ContinuityOfContent = "SEPARATE"
    if children:
        found.ContentSequence = children
    return found


def section(name: tuple[str, str], *children: Dataset) -> Dataset:
    return item("CONTAINER", name, children=list(children))


def words(text: str, name: tuple[str, str] = ("121071", "Finding")) -> Dataset:
    return item("TEXT", name, text)


TID_2000 = (
    section(FINDINGS, words("A nodule of <b>6 mm</b>."), words("No effusion.")),
    section(IMPRESSION, words("1. Small nodule.", ("121073", "Impression"))),
    section(RECOMMENDATION, words("CT in 12 months.", ("121075", "Recommendation"))),
)


def sr(
    *content: Dataset,
    kind: str = "88.33",
    verified: str = "VERIFIED",
    of: SyntheticStudy | None = None,
    **more: object,
) -> bytes:
    """An SR document of Alice's chest CT, or of another examination."""
    found = _base(f"{STORAGE}{kind}", "SR", of)
    found.ValueType, found.ContinuityOfContent = "CONTAINER", "SEPARATE"
    found.ConceptNameCodeSequence = [code("18747-6", "CT Report", "LN")]
    found.CompletionFlag, found.VerificationFlag = "COMPLETE", verified
    found.ContentDate, found.ContentTime = "20260312", "101500"
    found.ContentSequence = list(content or TID_2000)
    for name, value in more.items():
        setattr(found, name, value)
    return _file(found)


def encapsulated(document: bytes, *, kind: str = "104.1", title: str = "Radiology report") -> bytes:
    """An encapsulated PDF or CDA of Alice's chest CT."""
    found = _base(f"{STORAGE}{kind}", "DOC")
    found.DocumentTitle = title
    found.MIMETypeOfEncapsulatedDocument = "application/pdf" if kind == "104.1" else "text/XML"
    found.EncapsulatedDocumentLength = len(document)
    found.EncapsulatedDocument = document + b"\0" * (len(document) % 2)
    return _file(found)


def _base(sop_class: str, modality: str, of: SyntheticStudy | None = None) -> Dataset:
    found, scan = Dataset(), pydicom.dcmread(BytesIO((of or chest_of(ALICE)).files[0].data))
    for name in ("PatientName", "PatientID", "IssuerOfPatientID", "PatientBirthDate", "PatientSex", "StudyInstanceUID"):
        setattr(found, name, getattr(scan, name))
    found.SpecificCharacterSet = "ISO_IR 192"
    found.SOPClassUID, found.SOPInstanceUID, found.SeriesInstanceUID = sop_class, generate_uid(), generate_uid()
    found.Modality, found.AccessionNumber = modality, scan.AccessionNumber
    return found


def _file(found: Dataset) -> bytes:
    found.file_meta = FileMetaDataset()
    found.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    found.file_meta.MediaStorageSOPClassUID = found.SOPClassUID
    found.file_meta.MediaStorageSOPInstanceUID = found.SOPInstanceUID
    out = BytesIO()
    pydicom.dcmwrite(out, found, enforce_file_format=True)
    return out.getvalue()


def cda(body: str, *, head: str = "", signed: bool = True) -> bytes:
    """A CDA document with sections."""
    signer = '<legalAuthenticator><time value="20260312120000-0600"/></legalAuthenticator>' if signed else ""
    return (
        f'<?xml version="1.0"?>{head}<ClinicalDocument xmlns="urn:hl7-org:v3">{signer}<component><structuredBody>'
        f"{body}</structuredBody></component></ClinicalDocument>"
    ).encode()


def cda_section(code_value: str, title: str, text: str) -> str:
    head = f'<code code="{code_value}"/><title>{title}</title>'
    return f"<component><section>{head}<text>{text}</text></section></component>"
