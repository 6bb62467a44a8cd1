"""Reads a radiology report out of ORU^R01 (HL7 2.5.1 chapter 7; IHE RAD TF-2 RAD-28 and RAD-128)."""

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Final

from scanward.reporting.codes import KIND_OF_CODE, URGENT_CATEGORIES
from scanward.reporting.headings import kind_of, sections_of_text
from scanward.reporting.hl7 import BadMessage, Message, Segment, Wrong, moment
from scanward.reporting.kinds import (
    MOST_DOCUMENT,
    MOST_MARK,
    MOST_TEXT,
    Document,
    Person,
    ReportText,
    Result,
    Section,
    SectionKind,
    Standing,
    in_order,
)
from scanward.reporting.plain import plain
from scanward.reporting.status import NAMES_OF_STUDY, is_cancelled, standing, there

_VERSIONS: Final = re.compile(r"2\.[3-8](\.\d)?")
_UID: Final = re.compile(r"[0-2](?:\.(?:0|[1-9][0-9]*))+")
# Table 0078: critical low, critical high, critically abnormal.
_CRITICAL: Final = frozenset(("LL", "HH", "AA"))
_TEXTS: Final = frozenset(("", "TX", "FT", "ST"))
_CODED: Final = frozenset(("CE", "CWE", "CNE"))
# Suffixes of OBX-3 (HL7 2.5.1, 7.1.3).
_SUFFIXES: Final = {
    "GDT": SectionKind.FINDINGS,
    "IMP": SectionKind.IMPRESSION,
    "REC": SectionKind.RECOMMENDATION,
    "ADT": SectionKind.OTHER,
    "PRC": SectionKind.EXAM,
}
# Table 0203: what may be a number of the patient's record, where the sender does not say whose number it is.
_RECORD_NUMBERS: Final = frozenset(("", "MR", "MRN", "PI", "PT", "PN"))
# Where the accession number stands, the most certain place first (IHE RAD TF-2 4.2).
_ACCESSIONS: Final = (("IPC", 1), ("OBR", 18), ("OBR", 3), ("OBR", 2))


@dataclass(slots=True)
class _Group:
    """One order with its observations."""

    # ORC, where there is one; it stands before OBR.
    control: Segment | None
    order: Segment
    lines: list[Segment] = field(default_factory=list)


def results(message: Message, *, zone: tzinfo) -> list[Result]:
    """Return the reports of a message, one for each order that has one; times without a zone are in `zone`.

    Raises: BadMessage, and nothing else.
    """
    _check(message)
    who = message.first("PID")
    if who is None:
        raise BadMessage(Wrong.SEQUENCE, "PID", "The message names no patient.")
    person = _person(who, zone)
    groups = [group for group in _groups(message) if group.lines or is_cancelled(group.control, group.order)]
    if not groups:
        raise BadMessage(Wrong.SEQUENCE, "OBX", "The message has no order with a report.")
    return [
        Result(
            person,
            _study_uid(message, group),
            tuple(dict.fromkeys(_accessions(message, group, alone=len(groups) == 1))),
            plain(group.order.get(4, 2) or group.order.get(4))[:200],
            _report(group, message, zone),
        )
        for group in groups
    ]


def _check(message: Message) -> None:
    """Look whether it is a report for the record.

    Raises: BadMessage: it is something else.
    """
    head = message.header
    if not _VERSIONS.fullmatch(message.version):
        raise BadMessage(Wrong.VERSION, "MSH-12", "Versions 2.3 to 2.8 are read here.")
    if head.get(9) != "ORU":
        raise BadMessage(Wrong.MESSAGE_TYPE, "MSH-9", "Only reports are taken here: ORU^R01.")
    if head.get(9, 2) not in ("R01", ""):
        raise BadMessage(Wrong.EVENT, "MSH-9", "Only reports are taken here: ORU^R01.")
    if head.get(11) not in ("P", ""):
        raise BadMessage(Wrong.PROCESSING_ID, "MSH-11", "Test and training messages do not go into patients' records.")
    if not head.get(10):
        raise BadMessage(Wrong.MISSING, "MSH-10", "The message has no control id.")


def _groups(message: Message) -> Iterable[_Group]:
    """Cut the message at its orders."""
    found: list[_Group] = []
    control: Segment | None = None
    for segment in message.all("ORC", "OBR", "OBX"):
        if segment.name == "ORC":
            control = segment
        elif segment.name == "OBR":
            found.append(_Group(control, segment))
            control = None
        elif found:
            found[-1].lines.append(segment)
    return found


def _person(who: Segment, zone: tzinfo) -> Person:
    fields = who.repetitions(3) or who.repetitions(2)
    numbers = [
        (who.part(each, 1), who.part(each, 4))
        for each in fields
        if who.part(each, 4) or who.part(each, 5).upper() in _RECORD_NUMBERS
    ]
    born = moment(who.get(7)[:8], zone=zone)
    person = Person(
        tuple(dict.fromkeys((value[:64], issuer[:64]) for value, issuer in numbers if value and value != '""')),
        plain(who.get(5)),
        " ".join(plain(f"{who.get(5, 2)} {who.get(5, 3)}").split()),
        born.date() if born and len(who.get(7)) >= 8 else None,
        who.get(8).upper()[:1],
    )
    if not person.numbers:
        raise BadMessage(Wrong.MISSING, "PID-3", "The message has no patient number.")
    return person


def _study_uid(message: Message, group: _Group) -> str:
    """Return the Study Instance UID (ZDS-1 of IHE, IPC-3, or an observation of DCM 113014 or 110180), or ""."""
    named = [segment.get(1) for segment in message.all("ZDS")] + [segment.get(3) for segment in message.all("IPC")]
    named += [line.get(5) for line in group.lines if line.get(3) in NAMES_OF_STUDY]
    uids = {uid for uid in named if uid}
    if any(len(uid) > 64 or not _UID.fullmatch(uid) for uid in uids) or len(uids) > 1:
        raise BadMessage(Wrong.DATA_TYPE, "ZDS-1", "The study's UID is none, or there are several.")
    return next(iter(uids), "")


def _accessions(message: Message, group: _Group, *, alone: bool) -> Iterable[str]:
    """Yield the numbers that may be the accession number."""
    for name, number in _ACCESSIONS:
        segments = list(message.all("IPC")) if name == "IPC" and alone else [group.order] if name == "OBR" else []
        for segment in segments:
            if value := segment.get(number)[:64]:
                yield value


def _report(group: _Group, message: Message, zone: tzinfo) -> ReportText:
    how, lines = standing(group.control, group.order, group.lines), there(group.lines)
    at = moment(group.order.get(22) or message.header.get(7), zone=zone)
    if how in (Standing.CANCELLED, Standing.WITHDRAWN):
        # Its words may be another person's; the message itself is kept.
        return ReportText((), how, at)
    document = next((found for found in map(_document, lines) if found), None)
    sections = _sections(lines)
    if not sections and document is None:
        raise BadMessage(Wrong.MISSING, "OBX-5", "The order has no text and no document.")
    # Table 0177: how confidential its sender says that the order is.
    mark = plain(group.control.get(28))[:MOST_MARK] if group.control else ""
    return ReportText(sections, how, at, _is_critical(lines), document, mark)


def _sections(lines: Iterable[Segment]) -> tuple[Section, ...]:
    """Put the lines together: coded ones by their code, the rest by the headings in their text.

    Raises: BadMessage: there is more text than any report has.
    """
    lines = list(lines)
    if sum(len(line.raw(5)) for line in lines if line.get(2) in _TEXTS) > MOST_TEXT:
        raise BadMessage(Wrong.DATA_TYPE, "OBX-5", "The report is longer than any report is. Send it as a document.")
    parts: list[tuple[SectionKind | None, str]] = []
    for line in lines:
        if (text := _text(line)).strip():
            parts.append((_kind(line), text))
    coded = [Section(kind, plain(text)) for kind, text in _runs(parts) if kind]
    loose = "\n".join(text for kind, text in parts if kind is None)
    return in_order([*coded, *(sections_of_text(loose) if loose.strip() else ())])


def _runs(parts: list[tuple[SectionKind | None, str]]) -> list[tuple[SectionKind | None, str]]:
    """Join lines of one kind that follow each other."""
    joined: list[tuple[SectionKind | None, list[str]]] = []
    for kind, text in parts:
        if joined and joined[-1][0] is kind:
            joined[-1][1].append(text)
        else:
            joined.append((kind, [text]))
    return [(kind, "\n".join(texts)) for kind, texts in joined]


def _kind(line: Segment) -> SectionKind | None:
    """Return which part a line belongs to, by OBX-3: LOINC or DCM code, suffix, or its words."""
    suffix = line.part(line.raw(3), 1, 2).upper()
    code, words = line.get(3), line.get(3, 2)
    return KIND_OF_CODE.get(code) or _SUFFIXES.get(suffix) or _SUFFIXES.get(code.upper()) or kind_of(words or code)


def _text(line: Segment) -> str:
    """Return what a line says in words; "" for what is not for reading."""
    form = line.get(2)
    if form in _TEXTS:
        return line.text(5)
    if form in _CODED:
        said = [line.part(each, 2) or line.part(each, 1) for each in line.repetitions(5)]
        # Urgency is shown by other means than its code.
        return "" if line.get(5) in URGENT_CATEGORIES else "\n".join(said)
    if form in ("NM", "SN"):
        value = " ".join(filter(None, (line.get(5, part) for part in range(1, 5))))
        return f"{line.get(3, 2)}: {value} {line.get(6)}".strip() if value else ""
    return ""


def _document(line: Segment) -> Document | None:
    """Return the PDF of a line (ED).

    Raises: BadMessage: it is no document that is taken here.
    """
    if line.get(2) != "ED":
        return None
    subtype, encoding, data = line.get(5, 3).upper(), line.get(5, 4).upper(), line.part(line.raw(5), 5)
    if "PDF" not in (subtype, subtype.rpartition("/")[2], line.get(5, 2).upper()) or encoding != "BASE64":
        raise BadMessage(Wrong.DATA_TYPE, "OBX-5", "A document is a PDF in Base64.")
    try:
        found = base64.b64decode(re.sub(r"\s", "", data), validate=True)
    except (binascii.Error, ValueError):
        raise BadMessage(Wrong.DATA_TYPE, "OBX-5", "The document is not in Base64.") from None
    if not found.startswith(b"%PDF-") or len(found) > MOST_DOCUMENT:
        raise BadMessage(Wrong.DATA_TYPE, "OBX-5", "The document is no PDF, or too large.")
    return Document("application/pdf", found)


def _is_critical(lines: Iterable[Segment]) -> bool:
    """Return whether a line is flagged as critical (OBX-8), or names an urgent category of ACR (CID 7035)."""
    return any(
        any(line.part(flag, 1).upper() in _CRITICAL for flag in line.repetitions(8))
        or (line.get(2) in _CODED and line.get(5) in URGENT_CATEGORIES)
        for line in lines
    )
