"""The 128 bytes that DICOM leaves to anyone: what they are, and what is released instead (fault B8)."""

from enum import StrEnum
from typing import Final

from scanward.dicom.walk import Buffer

LENGTH: Final = 128


class PreambleKind(StrEnum):
    """What a preamble would be taken for by a program that knows nothing of DICOM."""

    ABSENT = "absent"
    EMPTY = "empty"
    TIFF = "tiff"  # PS3.10 7.1 means this one; it is still a second face of the file
    EXECUTABLE = "executable"
    HTML = "html"
    ZIP = "zip"
    PDF = "pdf"
    OTHER = "other"

    @property
    def alarming(self) -> bool:
        """True when the file is a polyglot made on purpose: alert, and keep the original's hash."""
        return self in (self.EXECUTABLE, self.HTML, self.ZIP, self.PDF)


_STARTS: Final[tuple[tuple[bytes, PreambleKind], ...]] = (
    (b"II*\0", PreambleKind.TIFF),
    (b"MM\0*", PreambleKind.TIFF),
    (b"II+\0", PreambleKind.TIFF),  # BigTIFF
    (b"MM\0+", PreambleKind.TIFF),
    (b"MZ", PreambleKind.EXECUTABLE),  # DOS, Windows
    (b"\x7fELF", PreambleKind.EXECUTABLE),
    (b"\xfe\xed\xfa\xce", PreambleKind.EXECUTABLE),  # Mach-O, both widths, both byte orders
    (b"\xfe\xed\xfa\xcf", PreambleKind.EXECUTABLE),
    (b"\xce\xfa\xed\xfe", PreambleKind.EXECUTABLE),
    (b"\xcf\xfa\xed\xfe", PreambleKind.EXECUTABLE),
    (b"\xca\xfe\xba\xbe", PreambleKind.EXECUTABLE),  # universal Mach-O, Java class
    (b"#!", PreambleKind.EXECUTABLE),
    (b"PK\x03\x04", PreambleKind.ZIP),
    (b"PK\x05\x06", PreambleKind.ZIP),
)
# These are honoured anywhere near the beginning by browsers and PDF viewers.
_HTML: Final = (
    b"<html",
    b"<!doctype",
    b"<script",
    b"<svg",
    b"<?xml",
    b"<body",
    b"<iframe",
    b"<head",
    b"<!--",
)


def classify(data: Buffer) -> PreambleKind:
    """What the first 128 bytes of a DICOM file are."""
    if bytes(data[LENGTH : LENGTH + 4]) != b"DICM":
        return PreambleKind.ABSENT
    preamble = bytes(data[:LENGTH])
    if not preamble.strip(b"\0"):
        return PreambleKind.EMPTY
    for start, kind in _STARTS:
        if preamble.startswith(start):
            return kind
    if b"%PDF-" in preamble:
        return PreambleKind.PDF
    if b"PK\x03\x04" in preamble:
        return PreambleKind.ZIP
    lower = preamble.lower()
    return PreambleKind.HTML if any(mark in lower for mark in _HTML) else PreambleKind.OTHER


def neutral_preamble(data: Buffer) -> bytes:
    """What is released in the place of the file's preamble: 128 zeros, or nothing where it has none."""
    return b"" if classify(data) is PreambleKind.ABSENT else bytes(LENGTH)
