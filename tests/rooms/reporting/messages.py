"""HL7 messages as interface engines send them."""

import base64
from datetime import date

from cast import ALICE, chest_of

TEXT = "EXAM: CT chest\nFINDINGS: A nodule of 6 mm.\nIMPRESSION:\n1. Small nodule.\nRECOMMENDATION: CT in 12 months."


def oru(
    text: str = TEXT,
    *,
    status: str = "F",
    control: str = "1",
    accession: str | None = None,
    number: str = ALICE.patient_id,
    issuer: str = ALICE.issuer,
    name: str = "Rivera^Alice",
    born: date = ALICE.birth_date,
    lines: list[str] | None = None,
    extra: str = "",
    header: dict[int, str] | None = None,
) -> bytes:
    """An ORU^R01 about Alice's chest CT."""
    msh = ["MSH", "^~\\&", "RIS", "RADIOLOGY", "SCANWARD", "LAKESIDE", "20260312101500", "", "ORU^R01^ORU_R01"]
    msh += [control, "P", "2.5.1", "", "", "", "", "", "UNICODE UTF-8"]
    for at, value in (header or {}).items():
        msh[at - 1] = value
    number_of_exam = chest_of(ALICE).accession_number if accession is None else accession
    found = (
        lines
        if lines is not None
        else [f"OBX|{n}|TX|||{line}||||||{status}" for n, line in enumerate(text.split("\n"), 1)]
    )
    obr = ["OBR", "1", "", "F77", "CTCHEST^CT chest", *[""] * 21]
    obr[18], obr[22], obr[25] = number_of_exam, "20260312120000-0600", status
    segments = [
        "|".join(msh),
        f"PID|1||{number}^^^{issuer}^MR||{name}||{born:%Y%m%d}|F",
        "|".join(obr),
        *found,
        *([extra] if extra else []),
    ]
    return ("\r".join(segments) + "\r").encode()


def pdf_line(document: bytes) -> str:
    return f"OBX|1|ED|PDF^Report||^application^PDF^Base64^{base64.b64encode(document).decode()}||||||F"
