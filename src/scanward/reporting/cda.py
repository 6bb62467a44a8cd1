"""Reads the narrative of a CDA document (HL7 CDA R2; DICOM PS3.20), without DTD, entities or anything from outside."""

from datetime import tzinfo
from typing import Any, Final

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from scanward.reporting.codes import KIND_OF_CODE, URGENT_CATEGORIES
from scanward.reporting.headings import kind_of
from scanward.reporting.hl7 import moment
from scanward.reporting.kinds import MOST_MARK, MOST_TEXT, ReportText, Section, SectionKind, Standing, in_order
from scanward.reporting.plain import plain

MOST_BYTES: Final = 2 << 20
MOST_MARKS: Final = 50_000
_V3: Final = "{urn:hl7-org:v3}"
_BLOCKS: Final = frozenset(("paragraph", "br", "item", "list", "tr", "table", "caption"))


class BadDocument(Exception):
    """It is no CDA that is read here; the sentence says why."""


def read(data: bytes, *, zone: tzinfo) -> ReportText | None:
    """Return the report of a document; None if it has no text. Times without an offset are in `zone`.

    Raises: BadDocument: a DTD, entities, too much of it, or not XML at all (fault B18).
    """
    root = _parsed(data)
    parts = []
    for section in root.iter(f"{_V3}section"):
        code, title = section.find(f"{_V3}code"), section.findtext(f"{_V3}title") or ""
        by_code = KIND_OF_CODE.get(code.get("code", "")) if code is not None else None
        text = _text(section.find(f"{_V3}text"))
        kind = by_code or kind_of(title) or SectionKind.OTHER
        shown = f"{title.strip()}\n{text}" if kind is SectionKind.OTHER and title.strip() and text else text
        parts.append(Section(kind, shown))
    sections = in_order(parts)
    if not sections or sum(len(section.text) for section in sections) > 2 * MOST_TEXT:
        return None
    signer = root.find(f"{_V3}legalAuthenticator")
    time = signer.find(f"{_V3}time") if signer is not None else None
    at = moment(time.get("value", ""), zone=zone) if time is not None else None
    how = Standing.PRELIMINARY if signer is None else _standing(root)
    return ReportText(sections, how, at, _is_urgent(root), mark=_mark(root))


def _mark(root: Any) -> str:
    """Return how confidential the document says that it is; each says something, most of them N."""
    code = root.find(f"{_V3}confidentialityCode")
    return plain(code.get("code", ""))[:MOST_MARK] if code is not None else ""


def _parsed(data: bytes) -> Any:
    if len(data) > MOST_BYTES or data.count(b"<") + data.count(b"=") > MOST_MARKS:
        raise BadDocument("it is larger than any report is")
    try:
        return fromstring(data, forbid_dtd=True)
    except DefusedXmlException:
        raise BadDocument("its XML has a DTD or entities") from None
    except (ParseError, ValueError, LookupError):
        raise BadDocument("it is no well-formed XML") from None


def _text(element: Any) -> str:
    """Return the words of a narrative block, its paragraphs and rows on lines of their own."""
    if element is None:
        return ""
    for each in element.iter():
        name = each.tag.rpartition("}")[2] if isinstance(each.tag, str) else ""
        if name in _BLOCKS:
            each.text, each.tail = f"\n{(each.text or '').strip()}", f"\n{(each.tail or '').strip()}"
        elif name in ("td", "th"):
            each.tail = " "
    lines = "".join(element.itertext()).split("\n")
    return plain("\n".join(" ".join(line.split()) for line in lines if line.strip()))


def _standing(root: Any) -> Standing:
    """Return whether it takes another document's place."""
    related = [each.get("typeCode") for each in root.iter(f"{_V3}relatedDocument")]
    return Standing.AMENDED if {"RPLC", "APND"} & set(related) else Standing.FINAL


def _is_urgent(root: Any) -> bool:
    """Return whether a coded entry names an urgent category of ACR (CID 7035)."""
    return any(
        each.get("code") in URGENT_CATEGORIES for name in ("code", "value") for each in root.iter(f"{_V3}{name}")
    )
