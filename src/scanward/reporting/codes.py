"""The codes by which report sections and urgent findings are known: DICOM PS3.16 CID 7001, 7002 and 7035, and LOINC."""

from typing import Final

from scanward.reporting.kinds import SectionKind

KIND_OF_CODE: Final = {
    # DCM: headings (CID 7001) and elements (CID 7002)
    "121062": SectionKind.INDICATION,
    "121109": SectionKind.INDICATION,
    "121060": SectionKind.INDICATION,
    "121110": SectionKind.INDICATION,
    "121064": SectionKind.EXAM,
    "121065": SectionKind.EXAM,
    "121066": SectionKind.COMPARISON,
    "121068": SectionKind.COMPARISON,
    "121069": SectionKind.COMPARISON,
    "121070": SectionKind.FINDINGS,
    "121071": SectionKind.FINDINGS,
    "121072": SectionKind.IMPRESSION,
    "121073": SectionKind.IMPRESSION,
    "121076": SectionKind.IMPRESSION,
    "121077": SectionKind.IMPRESSION,
    "121111": SectionKind.IMPRESSION,
    "121074": SectionKind.RECOMMENDATION,
    "121075": SectionKind.RECOMMENDATION,
    "121078": SectionKind.OTHER,
    "121113": SectionKind.OTHER,
    # LOINC
    "55111-9": SectionKind.EXAM,
    "55115-0": SectionKind.INDICATION,
    "55108-5": SectionKind.INDICATION,
    "59768-2": SectionKind.INDICATION,
    "18785-6": SectionKind.INDICATION,
    "11329-0": SectionKind.INDICATION,
    "29299-5": SectionKind.INDICATION,
    "73569-6": SectionKind.TECHNIQUE,
    "55109-3": SectionKind.OTHER,
    "55114-3": SectionKind.COMPARISON,
    "18834-2": SectionKind.COMPARISON,
    "18782-3": SectionKind.FINDINGS,
    "59776-5": SectionKind.FINDINGS,
    "19005-8": SectionKind.IMPRESSION,
    "55110-1": SectionKind.IMPRESSION,
    "55112-7": SectionKind.IMPRESSION,
    "18783-1": SectionKind.RECOMMENDATION,
    "55107-7": SectionKind.OTHER,
    "73568-8": SectionKind.OTHER,
}
# RadLex in CID 7035: ACR category 1 (to be told in minutes) and 2 (in hours). Category 3 may take days.
URGENT_CATEGORIES: Final = frozenset(("RID49480", "RID49481"))
# LOINC titles of radiology reports (CID 7000), as encapsulated documents have them.
REPORT_TITLES: Final = frozenset(
    (
        "11528-7",
        "18748-4",
        "18747-6",
        "18726-0",
        "18782-3",
        "24627-2",
        "24725-4",
        "30799-1",
        "68604-8",
    )
)
