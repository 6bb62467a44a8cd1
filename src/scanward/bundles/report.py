"""The radiology report as a PDF for people: its sections, its status, its times, page numbers; tagged for
screen readers.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from scanward.bundles.language import Language
from scanward.bundles.typeset import typeset

_TAG = re.compile(r"[a-z]{2,3}")


class Section(StrEnum):
    """The sections of a report, in the order in which they are printed (ACR practice parameter; LOINC
    18748-4).
    """

    EXAM = "exam"
    INDICATION = "indication"
    TECHNIQUE = "technique"
    COMPARISON = "comparison"
    FINDINGS = "findings"
    IMPRESSION = "impression"
    RECOMMENDATION = "recommendation"
    OTHER = "other"


class Status(StrEnum):
    """How final a report is (FHIR DiagnosticReport.status)."""

    PRELIMINARY = "preliminary"
    FINAL = "final"
    AMENDED = "amended"


class Moment(StrEnum):
    """What happened to an exam and its report, in this order."""

    EXAMINED = "examined"
    DICTATED = "dictated"
    FINALIZED = "finalized"
    AMENDED = "amended"


@dataclass(frozen=True, slots=True)
class ReportPage:
    """What stands in the PDF. Texts are printed as they are; sections without text are left out."""

    facility: str
    patient: str
    exam: str
    status: Status
    sections: Mapping[Section, str]
    born: date | None = None
    patient_number: str = ""
    radiologist: str = ""
    times: Mapping[Moment, datetime] = field(default_factory=dict)
    text_language: str = "en"
    """In which the radiologist wrote: BCP 47, two or three letters; a screen reader pronounces by it."""


def report_pdf(page: ReportPage, *, language: Language, made_on: date, large_print: bool = False) -> bytes:
    """Make the PDF: PDF/UA-1, same page and day, same bytes. The headings are in `language`, the text stays
    as written.

    Raises: NotTypeset, TextRefused.
    """
    values = {
        "facility": page.facility,
        "patient": page.patient,
        "patient_number": page.patient_number,
        "born": page.born,
        "exam": page.exam,
        "radiologist": page.radiologist,
        "status": page.status.value,
        "times": [{"what": what.value, "when": page.times[what]} for what in Moment if what in page.times],
        "sections": [
            {"name": name.value, "paragraphs": paragraphs(page.sections[name])}
            for name in Section
            if page.sections.get(name, "").strip()
        ],
        "text_language": page.text_language if _TAG.fullmatch(page.text_language) else "en",
        "made_on": made_on,
    }
    return typeset("report", values, language=language, large_print=large_print, on=made_on)


def paragraphs(text: str) -> list[list[str]]:
    """Split at empty lines into paragraphs, and those into lines: radiologists number their findings line
    by line.
    """
    paragraphs: list[list[str]] = [[]]
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        if line.strip():
            paragraphs[-1].append(line.strip())
        elif paragraphs[-1]:
            paragraphs.append([])
    return [lines for lines in paragraphs if lines]
