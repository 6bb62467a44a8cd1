"""Synthetic CT: people who do not exist, scanned. The same seed gives the same bytes.

>>> made = study("chest", seed=7, matrix=64, slices=6)
>>> made.report.section("impression").startswith("1. Solid right upper lobe nodule of 8 mm")
True
"""

from scanward.dicom.synthetic.model import (
    ReportSection,
    SectionKind,
    SeriesKind,
    SyntheticFile,
    SyntheticFinding,
    SyntheticPatient,
    SyntheticReport,
    SyntheticStudy,
    TransferSyntax,
)
from scanward.dicom.synthetic.scanner import Kind, default_spacing, intracranial, volume
from scanward.dicom.synthetic.study import PERFORMED, scan_of, study, timeline

__all__ = [
    "PERFORMED",
    "Kind",
    "ReportSection",
    "SectionKind",
    "SeriesKind",
    "SyntheticFile",
    "SyntheticFinding",
    "SyntheticPatient",
    "SyntheticReport",
    "SyntheticStudy",
    "TransferSyntax",
    "default_spacing",
    "intracranial",
    "scan_of",
    "study",
    "timeline",
    "volume",
]
