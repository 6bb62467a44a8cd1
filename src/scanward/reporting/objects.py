"""Reads the report of a DICOM object that is one: SR, encapsulated PDF, encapsulated CDA."""

import re
from datetime import tzinfo
from typing import Any, Final

from scanward.dicom import source, tags, walk
from scanward.dicom.errors import RefusalReason, Refused
from scanward.dicom.limits import DEFAULT
from scanward.dicom.read import Inspected
from scanward.reporting import cda, sr
from scanward.reporting.codes import REPORT_TITLES
from scanward.reporting.hl7 import moment
from scanward.reporting.kinds import MOST_DOCUMENT, Document, ReportText, Standing

_STORAGE: Final = "1.2.840.10008.5.1.4.1.1."
BASIC_TEXT: Final = f"{_STORAGE}88.11"
STRUCTURED: Final = frozenset((BASIC_TEXT, f"{_STORAGE}88.22", f"{_STORAGE}88.33", f"{_STORAGE}88.34"))
PDF: Final = f"{_STORAGE}104.1"
CDA: Final = f"{_STORAGE}104.2"
_DOCUMENT: Final = 0x00420011
# Of other documents beside an examination (dose sheets, consents, orders) none is the report.
_TITLE: Final = re.compile(r"\b(report|radiology|findings|impression|informe|hallazgos|resultado)", re.IGNORECASE)
_NO_TITLE: Final = re.compile(r"\b(dose|dosis|consent|consentimiento|order|protocol|protocolo)\b", re.IGNORECASE)


def report_of(seen: Inspected, data: walk.Buffer, *, zone: tzinfo) -> ReportText | None:
    """Return the report that an object is, or None; times without an offset are in `zone`.

    Raises: Refused: it is a CDA that may not be read (fault B18).
    """
    if seen.sop_class_uid in STRUCTURED:
        return sr.read(seen.dicom_json, any_text=seen.sop_class_uid == BASIC_TEXT, zone=zone)
    if seen.sop_class_uid == CDA:
        return _of_cda(seen, data, zone)
    return _of_pdf(seen, data, zone) if seen.sop_class_uid == PDF else None


def _of_cda(seen: Inspected, data: walk.Buffer, zone: tzinfo) -> ReportText | None:
    try:
        return cda.read(_document(seen, data).rstrip(b"\0 \r\n"), zone=zone)
    except cda.BadDocument as bad:
        raise Refused(RefusalReason.BAD_VALUE, tags.label(_DOCUMENT), str(bad)) from None


def _of_pdf(seen: Inspected, data: walk.Buffer, zone: tzinfo) -> ReportText | None:
    """Return a PDF as the report's document; it is never opened here (fault B17)."""
    header = seen.dicom_json
    title, code = _first(header, "00420010"), _first(next(iter(_items(header, "0040A043")), {}), "00080100")
    if code not in REPORT_TITLES and (not _TITLE.search(title) or _NO_TITLE.search(title)):
        return None
    document = _document(seen, data)
    if len(document) > MOST_DOCUMENT or b"%PDF-" not in document[:1024]:
        return None
    verified = _first(header, "0040A493") != "UNVERIFIED"
    at = moment(_first(header, "00080023") + _first(header, "00080033"), zone=zone)
    standing = Standing.FINAL if verified else Standing.PRELIMINARY
    return ReportText((), standing, at, document=Document("application/pdf", document))


def _document(seen: Inspected, data: walk.Buffer) -> bytes:
    """Return the encapsulated document, without the byte that makes its length even."""
    content: walk.Buffer = data
    start = seen.dataset_offset
    if seen.deflated:
        with memoryview(data) as whole, whole[start:] as rest:
            start, content = 0, walk.inflate(rest, DEFAULT)
    encoding = source.head(data, DEFAULT).encoding
    for element in walk.level(content, start, len(content), encoding):
        if element.tag == _DOCUMENT:
            found = bytes(content[element.value : element.end])
            length = _first(seen.dicom_json, "00420015")
            return found[: int(length)] if length.isdigit() and int(length) <= len(found) else found.rstrip(b"\0")
    return b""


def _items(header: dict[str, Any], tag: str) -> list[dict[str, Any]]:
    return [item for item in header.get(tag, {}).get("Value", []) if isinstance(item, dict)]


def _first(header: dict[str, Any], tag: str) -> str:
    value = next(iter(header.get(tag, {}).get("Value", [])), "")
    return "" if value is None or isinstance(value, dict) else str(value)
