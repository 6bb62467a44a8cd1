"""Radiology reports that agree with the images."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from scanward.dicom.synthetic.model import (
    ReportSection,
    SectionKind,
    SyntheticFinding,
    SyntheticPatient,
    SyntheticReport,
)
from scanward.dicom.synthetic.scanner import Kind

TITLES = {
    Kind.HEAD: "CT head without contrast",
    Kind.CHEST: "CT chest without contrast",
    Kind.ABDOMEN: "CT abdomen with contrast",
}
_HEADINGS = {
    SectionKind.EXAM: "Exam",
    SectionKind.TECHNIQUE: "Technique",
    SectionKind.COMPARISON: "Comparison",
    SectionKind.FINDINGS: "Findings",
    SectionKind.IMPRESSION: "Impression",
    SectionKind.RECOMMENDATION: "Recommendation",
}
_AUTHORS = {
    Kind.HEAD: "Castellanos^Irene^^Dr.",
    Kind.CHEST: "Brandt^Jonas^^Dr.",
    Kind.ABDOMEN: "Mensah^Abena^^Dr.",
}


Written = tuple[str, str, str]
"""Findings, impression, recommendation."""


@dataclass(frozen=True)
class Prior:
    """What an earlier study of the same person showed."""

    performed: datetime
    diameter_mm: float


def report(
    kind: Kind,
    patient: SyntheticPatient,
    performed: datetime,
    finding: SyntheticFinding,
    *,
    thickness: float,
    prior: Prior | None = None,
) -> SyntheticReport:
    """The report of a study; `thickness` is that of the axial slices in mm."""
    years, sex = patient.age(performed.date()), {"F": "female", "M": "male"}.get(patient.sex, "patient")
    exam = f"{TITLES[kind]}, {performed:%Y-%m-%d}. {years}-year-old {sex}. {_REASONS[kind]}"
    technique = (
        f"{_TECHNIQUES[kind]} Axial images of {thickness:.1f} mm, with coronal reformats. One scout in two planes."
    )
    comparison = f"{TITLES[kind]} of {prior.performed:%Y-%m-%d}." if prior else "None available."
    findings, impression, recommendation = _WRITERS[kind](finding, prior, performed)
    texts = (exam, technique, comparison, findings, impression, recommendation)
    sections = tuple(ReportSection(k, _HEADINGS[k], t) for k, t in zip(SectionKind, texts, strict=True))
    return SyntheticReport(TITLES[kind], sections, _AUTHORS[kind], performed + timedelta(hours=3, minutes=12))


_REASONS = {
    Kind.HEAD: "Headache for two weeks.",
    Kind.CHEST: "Cough; former smoker.",
    Kind.ABDOMEN: "Pain in the right upper quadrant.",
}
_TECHNIQUES = {
    Kind.HEAD: "Helical CT of the head and upper neck without contrast, in soft-tissue and bone kernels.",
    Kind.CHEST: "Helical CT of the chest in full inspiration without contrast, in soft-tissue and lung kernels.",
    Kind.ABDOMEN: "Helical CT of the abdomen, portal venous phase after 100 mL of iodinated contrast, "
    "in soft-tissue and bone kernels.",
}


def doubling_days(before_mm: float, after_mm: float, days: int) -> int:
    """Volume doubling time of a ball that grew from one diameter to another."""
    return round(days * math.log(2) / (3 * math.log(after_mm / before_mm)))


def _image(finding: SyntheticFinding) -> str:
    return f"(series {finding.series_number}, image {finding.instance_number})"


def _size(finding: SyntheticFinding) -> str:
    return f"{finding.diameter_mm:g} mm"


def _chest(finding: SyntheticFinding, prior: Prior | None, performed: datetime) -> Written:
    grew = prior is not None and finding.diameter_mm > prior.diameter_mm
    findings = (
        f"Lungs: Solid nodule of {_size(finding)} with slightly spiculated margins in the right upper lobe "
        f"{_image(finding)}{_change(finding, prior, performed)} No consolidation. No pleural effusion or "
        "pneumothorax. The airways are patent to the subsegmental level.\n"
        "Mediastinum: Heart size is normal. Mild calcification of the left anterior descending coronary artery "
        "and of the aortic arch. No enlarged mediastinal or hilar lymph nodes.\n"
        "Upper abdomen: The visible liver, spleen and stomach are unremarkable.\n"
        "Bones and soft tissues: No aggressive osseous lesion."
    )
    grown = ", which has grown since the prior study" if grew else ""
    impression = f"1. Solid right upper lobe nodule of {_size(finding)}{grown}.\n2. Mild coronary calcification."
    return findings, impression, _advice(finding.diameter_mm, grew)


def _change(finding: SyntheticFinding, prior: Prior | None, performed: datetime) -> str:
    if prior is None:
        return "."
    before = f", {prior.diameter_mm:g} mm on {prior.performed:%Y-%m-%d}"
    if finding.diameter_mm <= prior.diameter_mm:
        return f"{before}: no growth."
    days = (performed - prior.performed).days
    doubling = doubling_days(prior.diameter_mm, finding.diameter_mm, days)
    return f"{before}: growth, volume doubling time about {doubling} days."


def _advice(diameter_mm: float, grew: bool) -> str:
    """Solid single nodule, high risk: Fleischner Society 2017."""
    if grew:
        return "Referral to the lung nodule clinic: PET/CT or tissue sampling, as growth makes malignancy likely."
    if diameter_mm < 6:
        return "Optional chest CT in 12 months (Fleischner Society 2017, solid nodule under 6 mm)."
    if diameter_mm <= 8:
        return "Chest CT in 6 to 12 months (Fleischner Society 2017, solid nodule of 6 to 8 mm)."
    return "Chest CT in 3 months, PET/CT or tissue sampling (Fleischner Society 2017, solid nodule over 8 mm)."


def _head(finding: SyntheticFinding, prior: Prior | None, _: datetime) -> Written:
    seen = ", unchanged" if prior else ""
    findings = (
        "Brain: No intracranial haemorrhage, mass effect or midline shift. Grey-white differentiation is "
        f"preserved. Small chronic lacune of {_size(finding)} in the left caudate region {_image(finding)}{seen}. "
        "Ventricles and sulci are normal for age. Physiological calcification of the pineal gland and the "
        "choroid plexuses.\n"
        "Skull and sinuses: No fracture. Retention cyst of 18 mm in the right maxillary sinus. "
        "Mastoid air cells are clear.\n"
        "Orbits: Unremarkable."
    )
    impression = (
        "1. No acute intracranial abnormality.\n"
        "2. Small chronic left lacunar infarct.\n"
        "3. Right maxillary retention cyst."
    )
    return findings, impression, "No imaging follow-up is needed. Control of vascular risk factors."


def _abdomen(finding: SyntheticFinding, prior: Prior | None, _: datetime) -> Written:
    before = f", {prior.diameter_mm:g} mm on {prior.performed:%Y-%m-%d}" if prior else ""
    findings = (
        f"Liver: Simple cyst of {_size(finding)} in the right lobe {_image(finding)}{before}. No solid lesion. "
        "The portal vein is patent.\n"
        "Gallbladder and bile ducts: No calcified stone, no wall thickening, no dilated ducts.\n"
        "Spleen, pancreas, adrenals: Unremarkable.\n"
        "Kidneys: Symmetric enhancement, no hydronephrosis.\n"
        "Bowel: No obstruction. Stool and gas in the colon.\n"
        "Vessels: Mild calcification of the abdominal aorta without aneurysm.\n"
        "Bones: No aggressive osseous lesion."
    )
    impression = f"1. No acute abdominal abnormality.\n2. Simple hepatic cyst of {_size(finding)}."
    return findings, impression, "None; the cyst is benign and needs no follow-up."


_WRITERS = {Kind.HEAD: _head, Kind.CHEST: _chest, Kind.ABDOMEN: _abdomen}
