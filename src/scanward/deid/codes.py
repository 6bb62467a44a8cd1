"""Codes: which values may be codes of which scheme. What no scheme explains could be anybody's number."""

import re
from typing import Final

UNITS: Final = frozenset(
    [
        "1",
        "%",
        "mm",
        "cm",
        "m",
        "mm2",
        "cm2",
        "mm3",
        "cm3",
        "ml",
        "l",
        "g",
        "kg",
        "mg",
        "ug",
        "s",
        "ms",
        "us",
        "min",
        "h",
        "d",
        "wk",
        "mo",
        "a",
        "deg",
        "rad",
        "kV",
        "mA",
        "mAs",
        "uA.s",
        "mGy",
        "Gy",
        "mGy.cm",
        "Gy.m2",
        "dGy.cm2",
        "Hz",
        "MHz",
        "{ratio}",
        "{counts}",
        "{propcounts}",
        "{SUVbw}g/ml",
        "g/ml",
        "Bq",
        "Bq/ml",
        "MBq",
        "mm/s",
        "mm2/s",
        "[hnsf'U]",
        "no",
        "units",
        "cm2/ml",
        "/cm",
        "mmHg",
        "mm[Hg]",
        "[degF]",
        "Cel",
        "mL/min",
        "{ROI}",
        "{slices}",
        "{frames}",
        "eV",
        "keV",
    ]
)
SCHEMES: Final = frozenset(
    [
        "DCM",
        "SCT",
        "SRT",
        "SNM3",
        "SNM",
        "LN",
        "UCUM",
        "RADLEX",
        "FMA",
        "UMLS",
        "NCIt",
        "NCIT",
        "UBERON",
        "RADELEMENT",
        "IBSI",
        "I9C",
        "I10",
        "I10P",
        "ICD10",
        "C4",
        "CPT4",
        "MSH",
        "BI",
        "ITIS_TSN",
        "PUBCHEM_CID",
        "ISO639_1",
        "ISO639_2",
        "ISO3166_1",
        "RFC3066",
        "IEEE10101",
        "MDC",
        "NDC",
        "RXNORM",
        "LOINC",
        "99SDM",
    ]
)
VERSION: Final = re.compile(r"\d{1,2}(?:\.\d{1,2}){0,2}|(?:19|20)\d\d(?:\d{4}|_?\d\d)?")
_ANY: Final = re.compile(
    r"\d{3,5}|1[0-3]\d{4}|[A-Z]\d?-[0-9A-F]{4,5}|\d{1,7}-\d|RID\d{1,6}|RDE\d{1,5}|[A-Z]{1,4}\d{0,3}|[A-Z0-9]{4}"
)
# Of the schemes that scanners write most, what their codes look like; those of the others look like one of `_ANY`.
_OF_SCHEME: Final = {
    "DCM": re.compile(r"1[0-3]\d{4}|[A-Z]{1,4}"),
    "SCT": re.compile(r"\d{6,18}"),
    "SRT": re.compile(r"[A-Z]\d?-[0-9A-F]{4,5}"),
    "LN": re.compile(r"\d{1,7}-\d"),
    "RADLEX": re.compile(r"RID\d{1,6}|RDE\d{1,5}"),
}


def may_be(value: str) -> bool:
    """May this be a short value of a code, whatever its scheme?"""
    return value in UNITS or (_ANY.fullmatch(value) is not None and ("-" not in value[-2:] or _is_checked(value)))


def fits(value: str, scheme: str) -> bool:
    """May this be the value of a code of this scheme? Nothing is, where nobody knows the scheme."""
    shape = _OF_SCHEME.get(scheme)
    return scheme in SCHEMES and (shape is None or shape.fullmatch(value) is not None)


def _is_checked(text: str) -> bool:
    """LOINC's check digit (Luhn's): other numbers with a hyphen go."""
    total = 0
    for place, digit in enumerate(reversed(text[:-2])):
        twice = int(digit) * (2 - place % 2)
        total += twice // 10 + twice % 10
    return (total + int(text[-1])) % 10 == 0


def is_snomed(text: str) -> bool:
    """A SNOMED CT identifier of a concept, by its partition and its check digit (Verhoeff's): other long numbers go.

    Those of partition 10 name the extension that they are of in seven digits.
    """
    shortest = {"00": 6, "10": 11}.get(text[-3:-1], 19)
    if not (shortest <= len(text) <= 18 and text.isascii() and text.isdigit()):
        return False
    check = 0
    for place, digit in enumerate(reversed(text)):
        value = int(digit)
        for _ in range(place % 8):
            value = _PERMUTED[value]
        check = _sum_of_turns(check, value)
    return check == 0


_PERMUTED: Final = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)


def _sum_of_turns(one: int, other: int) -> int:
    """The sum of two digits in the group of a pentagon's turns (0 to 4) and reflections (5 to 9)."""
    if one < 5:
        return (one + other) % 5 + (5 if other >= 5 else 0)
    return (one - other) % 5 + (0 if other >= 5 else 5)
