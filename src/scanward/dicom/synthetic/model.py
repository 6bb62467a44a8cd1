"""What the generator hands out: a patient, a study with its files, and the report that goes with them."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path

from scanward.dicom.synthetic.shapes import Point
from scanward.dicom.synthetic.texture import Dice


class SeriesKind(StrEnum):
    """The series of a study."""

    SCOUT = "scout"
    SOFT = "soft"
    SHARP = "sharp"
    CORONAL = "coronal"
    DOSE_SCREEN = "dose_screen"
    DOSE_REPORT = "dose_report"


class TransferSyntax(StrEnum):
    """How the pixels are written."""

    EXPLICIT = "1.2.840.10008.1.2.1"
    IMPLICIT = "1.2.840.10008.1.2"
    DEFLATED = "1.2.840.10008.1.2.1.99"
    RLE = "1.2.840.10008.1.2.5"
    JPEG_LS = "1.2.840.10008.1.2.4.80"
    JPEG_2000 = "1.2.840.10008.1.2.4.90"


class SectionKind(StrEnum):
    """Sections of a radiology report."""

    EXAM = "exam"
    TECHNIQUE = "technique"
    COMPARISON = "comparison"
    FINDINGS = "findings"
    IMPRESSION = "impression"
    RECOMMENDATION = "recommendation"


@dataclass(frozen=True)
class SyntheticPatient:
    """Somebody who does not exist; the name in DICOM PN form (family^given)."""

    name: str
    patient_id: str
    birth_date: date
    sex: str
    issuer: str = "SYNTHETIC HOSPITAL"
    weight_kg: int = 72

    @classmethod
    def of(cls, seed: int) -> "SyntheticPatient":
        """The patient of a seed."""
        dice = Dice("patient", seed)
        family = ("Rivera", "Okafor", "Lindqvist", "Tanaka", "Moreau", "Haddad", "Novak", "Whitfield")[dice.whole(0, 7)]
        female = dice.whole(0, 1) == 1
        given = (("Alice", "Maria", "Ingrid", "Yuki"), ("Daniel", "Samuel", "Erik", "Omar"))[0 if female else 1]
        born = date(dice.whole(1942, 1988), dice.whole(1, 12), dice.whole(1, 28))
        name = f"{family}^{given[dice.whole(0, 3)]}"
        number = f"SYN{dice.whole(100000, 999999)}"
        return cls(name, number, born, "F" if female else "M", weight_kg=dice.whole(52, 98))

    def age(self, on: date) -> int:
        """Whole years on a day."""
        return on.year - self.birth_date.year - ((on.month, on.day) < (self.birth_date.month, self.birth_date.day))


@dataclass(frozen=True)
class ReportSection:
    """One section with its heading."""

    kind: SectionKind
    heading: str
    text: str


@dataclass(frozen=True)
class SyntheticReport:
    """A final radiology report in English."""

    title: str
    sections: tuple[ReportSection, ...]
    author: str
    reported: datetime
    status: str = "final"

    @property
    def text(self) -> str:
        """The whole report as plain text."""
        return "\n\n".join(f"{s.heading.upper()}\n{s.text}" for s in self.sections) + "\n"

    def section(self, kind: SectionKind | str) -> str:
        """The text of one section."""
        return next(s.text for s in self.sections if s.kind == kind)


@dataclass(frozen=True)
class SyntheticFinding:
    """Something that the report names and the images show: where (LPS, mm) and how wide."""

    name: str
    centre: Point
    diameter_mm: float
    series_number: int
    instance_number: int


@dataclass(frozen=True)
class SyntheticFile:
    """One DICOM file."""

    name: str
    data: bytes
    kind: SeriesKind
    series_description: str
    series_number: int
    instance_number: int
    sop_class_uid: str
    sop_instance_uid: str
    series_instance_uid: str
    burned_in: tuple[str, ...] = ()


@dataclass(frozen=True)
class SyntheticStudy:
    """A study as a scanner would send it, with its report."""

    kind: str
    patient: SyntheticPatient
    study_instance_uid: str
    accession_number: str
    description: str
    performed: datetime
    files: tuple[SyntheticFile, ...]
    report: SyntheticReport
    findings: tuple[SyntheticFinding, ...]

    def of(self, kind: SeriesKind | str) -> tuple[SyntheticFile, ...]:
        """The files of one kind of series, in order."""
        return tuple(f for f in self.files if f.kind == kind)

    def write(self, folder: Path) -> list[Path]:
        """Write all files and the report below a folder."""
        paths = []
        for file in self.files:
            path = folder / file.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(file.data)
            paths.append(path)
        report = folder / "report.txt"
        report.write_text(self.report.text, encoding="utf-8")
        return [*paths, report]


def uid(purpose: Iterable[object]) -> str:
    """A UID below 2.25 that follows from its purpose alone."""
    digest = hashlib.sha256("|".join(str(p) for p in purpose).encode()).digest()
    return f"2.25.{int.from_bytes(digest[:16], 'big')}"
