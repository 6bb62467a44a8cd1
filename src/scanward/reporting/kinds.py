"""What a report says, whichever wire it came on: its parts, how final it is, whom and which examination it is about."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Final

# Characters that are taken out of one report; real ones have a few thousand.
MOST_TEXT: Final = 1 << 19
# A document (PDF) that is kept beside the parts of a report; a larger one stays in the object that it came in.
MOST_DOCUMENT: Final = 16 << 20
# Of the code by which a sender marks a report; those of the standards have three letters at most.
MOST_MARK: Final = 20


class SectionKind(StrEnum):
    """The parts of a radiology report (H1), in the order in which people read them."""

    EXAM = "exam"
    INDICATION = "indication"
    TECHNIQUE = "technique"
    COMPARISON = "comparison"
    FINDINGS = "findings"
    IMPRESSION = "impression"
    RECOMMENDATION = "recommendation"
    OTHER = "other"


class Standing(StrEnum):
    """How final a report is (FHIR DiagnosticReport.status, as far as it is used here)."""

    PRELIMINARY = "preliminary"
    FINAL = "final"
    AMENDED = "amended"
    # There is none, and there will be none.
    CANCELLED = "cancelled"
    # There was one, and it is not to be used any more.
    WITHDRAWN = "entered-in-error"


@dataclass(frozen=True, slots=True)
class Section:
    """One part of a report, in the radiologist's own words."""

    kind: SectionKind
    text: str


@dataclass(frozen=True, slots=True)
class Document:
    """A document that is, or belongs to, the report; it is never opened here, only handed out as it came."""

    media_type: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ReportText:
    """The report itself."""

    sections: tuple[Section, ...]
    standing: Standing
    # When its author signed it, as the sender says.
    at: datetime | None = None
    critical: bool = False
    document: Document | None = None
    # How its sender marks it (HL7 table 0177 and the like), "" if not; a state's law may ask for that (T8).
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """Whom a report names: numbers with their issuers ("" where the sender names none), name, birth, sex."""

    numbers: tuple[tuple[str, str], ...]
    family_name: str
    given_name: str
    birth_date: date | None
    sex: str


@dataclass(frozen=True, slots=True)
class Result:
    """A report from a wire that has no images: whom and which examination it is about, and what it says."""

    person: Person
    study_uid: str
    # The most certain one first.
    accessions: tuple[str, ...]
    exam: str
    report: ReportText


def in_order(parts: list[Section]) -> tuple[Section, ...]:
    """Return one section of each kind, in the order in which people read them; empty ones are left out."""
    texts: dict[SectionKind, list[str]] = {}
    for part in parts:
        if part.text.strip():
            texts.setdefault(part.kind, []).append(part.text.strip())
    return tuple(Section(kind, "\n\n".join(texts[kind])) for kind in SectionKind if kind in texts)
